#!/usr/bin/env python3
"""What must not compile does not, says why, and has a twin that does.

Each file below this folder is compiled twice. With PQSCOPE_MUST_NOT_COMPILE defined the compiler must
refuse it, and its messages must contain the text of each line `// expect: ...` at the file's top; without
it, the file must compile without a word. So the mistake under test is the only one in the file.

pqscope.hpp is precompiled once, and there before anything else: reading it is most of the work.

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


def main():
    include, libpq, *compiler = sys.argv[1:]
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


def check(command, include, place):
    command = command + precompiled(command, include, place) + ['-fsyntax-only', '-I', include]
    files = sorted(folder.rglob('*.cpp'))
    jobs = [(file, options) for file in files for options in ([], ['-DPQSCOPE_MUST_NOT_COMPILE'])]
    results = side_by_side(lambda job: run(command + job[1] + [str(job[0])]), jobs)

    report = Report()
    for file, good, bad in zip(files, results[0::2], results[1::2]):
        name = file.relative_to(folder).as_posix()
        head = re.match(r'(?://[^\n]*\n)*', file.read_text()).group(0)
        expected = re.findall(r'^// expect: *(.*\S) *$', head, re.M)
        report.check(bool(expected), f'{name} begins with a line `// expect: ...`')
        report.check(good.returncode == 0 and not good.stderr, f'the twin of {name} compiles', good.stderr[:4000])
        report.check(bad.returncode != 0, f'{name} is refused')
        for text in expected:
            report.check(bad.returncode == 0 or text in bad.stderr,
                         f'{name}: the compiler says `{text}`', bad.stderr[:4000])
    report.end()


main()
