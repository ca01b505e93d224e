"""The throwaway server that is measured, and where processes run."""

import os
import pathlib
import subprocess
import tempfile
import urllib.parse

from data import ROW_QUERY, TABLES

# Nothing that runs now and then, and all data in memory.
SETTINGS = {
    'shared_buffers': '256MB',
    'autovacuum': 'off',
    'wal_level': 'replica',
    'max_wal_size': '4GB',
    'checkpoint_timeout': '1h',
    'bgwriter_lru_maxpages': '0',
    'max_parallel_workers_per_gather': '0',
    'synchronize_seqscans': 'off',
    'timezone': 'UTC',
}


class Server:
    """The cluster of tests/support/with_cluster.sh."""

    def __init__(self):
        url = urllib.parse.urlsplit(os.environ['PQSCOPE_TEST_URL'])
        host, port = url.netloc.split('@')[-1].rsplit(':', 1)
        for name in [name for name in os.environ if name.startswith('PG')]:
            del os.environ[name]
        self.environment = {'PGHOST': urllib.parse.unquote(host), 'PGPORT': port, 'PGUSER': 'postgres',
                            'PGDATABASE': url.path.lstrip('/')}
        self.folder = pathlib.Path(self.ask('SHOW data_directory'))

    def ask(self, text):
        """The answer to a script, as psql prints it."""
        return subprocess.run(['psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', text], check=True,
                              env=os.environ | self.environment, capture_output=True, text=True).stdout.strip()

    def set_up(self, rows):
        """Sets the server and the tables up; `rows` is the size of the one that is read."""
        for name, value in SETTINGS.items():
            self.ask(f"ALTER SYSTEM SET {name} = '{value}'")
        owner = self.folder.stat()
        as_owner = {} if os.getuid() == owner.st_uid else {
            'user': owner.st_uid, 'group': owner.st_gid, 'extra_groups': []}
        subprocess.run(['pg_ctl', 'restart', '-D', self.folder, '-l', self.folder.parent / 'log', '-w', '-m', 'fast'],
                       check=True, stdout=subprocess.DEVNULL, cwd=self.folder.parent, **as_owner)
        self.ask(TABLES)
        self.ask(f'INSERT INTO bench_rows {ROW_QUERY.format(first=1, last=rows)}')
        self.ask('ALTER TABLE bench_rows ADD PRIMARY KEY (id)')
        self.ask('VACUUM (FREEZE, ANALYZE) bench_rows')
        self.ask('CHECKPOINT')

    def pin(self, cores):
        """Has the server and all processes it starts run on these cores."""
        postmaster = int((self.folder / 'postmaster.pid').read_text().split()[0])
        children = pathlib.Path(f'/proc/{postmaster}/task/{postmaster}/children').read_text().split()
        for process in [postmaster, *map(int, children)]:
            try:
                os.sched_setaffinity(process, cores)
            except ProcessLookupError:
                pass


class Distance:
    """A server that is some time away: a process in between that delays what passes."""

    def __init__(self, program, server, microseconds, cores):
        self.folder = tempfile.TemporaryDirectory(prefix='pqscope.', dir='/tmp')
        port = server.environment['PGPORT']
        self.environment = server.environment | {'PGHOST': self.folder.name}
        self.process = subprocess.Popen(
            [program, self.folder.name, port, str(microseconds)], env=os.environ | server.environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=lambda: os.sched_setaffinity(0, cores))
        self.process.stdout.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate(timeout=10)
        self.folder.cleanup()
