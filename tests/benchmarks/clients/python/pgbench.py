"""W8 by pgbench: the rate that others are a share of. It reads nothing of what the server answers."""

import pathlib
import re
import resource
import subprocess
import sys
import tempfile

from client import LINES, main

SELECT = 'SELECT id, name, score, at FROM bench_rows'


def run(rows, each, script):
    """The transactions of a second, after each connection has carried out so many."""
    done = subprocess.run(
        ['pgbench', '--no-vacuum', '--protocol=prepared', f'--client={LINES}', '--jobs=1', f'--define=rows={rows}',
         f'--transactions={each}', f'--file={script}'],
        check=True, capture_output=True, text=True)
    return float(re.search(r'^tps = ([0-9.]+) \(without', done.stdout, re.MULTILINE).group(1))


def w8(task):
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder) / 'select.sql'
        script.write_text(f'\\set id random(1, :rows)\n{SELECT} WHERE id = :id;\n')
        each = -(-task.count // LINES)
        task.start()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        rate = run(task.rows, each, script)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        task.stop()
    task.count = each * LINES
    task.seconds = task.count / rate  # without connecting
    task.cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def version():
    try:
        return subprocess.run(['pgbench', '--version'], check=True, capture_output=True, text=True).stdout.strip()
    except OSError as missing:
        sys.exit(str(missing))


main({'w8': w8}, version() if sys.argv[1] == 'version' else '')
