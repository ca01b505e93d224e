#!/usr/bin/env python3
"""What must not compile does not, says why, and has a twin that does.

Each file below this folder is compiled twice. With PQSCOPE_MUST_NOT_COMPILE defined the compiler must
refuse it, and its messages must contain the text of each line `// expect: ...` at the file's top; without
it, the file must compile without a word. So the mistake under test is the only one in the file.

pqscope.hpp is precompiled once, and there before anything else. A few files are compiled together, each
in a namespace of its own, since the rest of the work is the library's too; a file that the compiler does
not complain of there as expected is compiled again by itself.

usage: check.py INCLUDE_FOLDER LIBPQ_INCLUDE_FOLDER COMPILER...
"""

import pathlib
import re
import sys
import tempfile

folder = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(folder.parent / 'support' / 'checks'))
from report import Report, run, side_by_side
from unity import share, write

AT_ONCE = 6
REFUSED = ['-DPQSCOPE_MUST_NOT_COMPILE']


def main():
    include, libpq, *compiler = sys.argv[1:]
    if 'clang' not in run(compiler + ['--version']).stdout:
        compiler.append('-Wno-subobject-linkage')  # of coroutines in files that are included
    with tempfile.TemporaryDirectory() as place:
        check(compiler + ['-std=c++20', '-Wall', '-Wextra', '-isystem', libpq], include, pathlib.Path(place))


def precompiled(command, include, place):
    """Options that have pqscope.hpp read from where it was precompiled; none where that does not work."""
    header = pathlib.Path(include) / 'pqscope' / 'pqscope.hpp'
    is_clang = 'clang' in run(command + ['--version']).stdout
    made = place / 'pqscope' / ('pqscope.pch' if is_clang else 'pqscope.hpp.gch')
    made.parent.mkdir()
    (made.parent / header.name).symlink_to(header.resolve())  # found again behind the precompiled one
    done = run(command + ['-I', include, '-x', 'c++-header', str(header), '-o', str(made)])
    if done.returncode != 0:
        return []
    return ['-include-pch', str(made)] if is_clang else ['-I', str(place), '-include', 'pqscope/pqscope.hpp']


def compiles_asio(command):
    """Whether there is an Asio; the asynchronous sessions are left out where there is none."""
    probe = '#include <asio/awaitable.hpp>\n#include <asio/detached.hpp>\n'
    return run(command + ['-x', 'c++', '-'], input=probe).returncode == 0


def check(command, include, place):
    command = command + precompiled(command, include, place) + ['-fsyntax-only', '-I', include]
    files = sorted(folder.rglob('*.cpp'))
    if not compiles_asio(command):
        files = [file for file in files if file.parent.name != 'async']

    def compile(files, options):
        together = place / f'{files[0].parent.name}_{files[0].stem}_{len(options)}.cpp'
        together.write_text(write(files))
        return run(command + options + ['-Wno-return-type', str(together)])  # main() ends without one

    def check_together(files):
        """Each file's name, whether its twin compiles, and what is said of itself."""
        good = compile(files, [])
        said = blocks(compile(files, REFUSED).stderr)
        for file in files:
            alone = good if good.returncode == 0 else run(command + [str(file)])
            messages = [block for block in said if str(file) in block]
            if not messages or any(text not in '\n'.join(messages) for text in expected(file)):
                messages = [run(command + REFUSED + [str(file)]).stderr]
            yield file, alone, '\n'.join(messages)

    report = Report()
    for results in side_by_side(lambda unit: list(check_together(unit)), share(files, AT_ONCE)):
        for file, good, refused in results:
            name = file.relative_to(folder).as_posix()
            report.check(bool(expected(file)), f'{name} begins with a line `// expect: ...`')
            report.check(good.returncode == 0 and not good.stderr, f'the twin of {name} compiles',
                         good.stderr[:4000])
            report.check(' error: ' in refused, f'{name} is refused', refused[:4000])
            for text in expected(file):
                report.check(text in refused, f'{name}: the compiler says `{text}`', refused[:4000])
    report.end()


def expected(file):
    head = re.match(r'(?://[^\n]*\n)*', file.read_text()).group(0)
    return re.findall(r'^// expect: *(.*\S) *$', head, re.M)


def blocks(messages):
    """Each error a compiler reports, with the lines before that say how it came to it and its notes."""
    found = [[]]
    leads = False
    for line in messages.splitlines():
        leading = bool(re.match(r'In file included from |\S+: (In |At )', line))
        error = ' error: ' in line
        if (leading and not leads) or (error and any(' error: ' in each for each in found[-1])):
            found.append([])
        leads = (leads or leading) and not error
        found[-1].append(line)
    return ['\n'.join(block) for block in found if any(' error: ' in line for line in block)]


main()
