#!/usr/bin/env python3
"""Every header compiles on its own, included twice, silent under the harshest flags.

pqscope.hpp also does so as C++23, without assertions, and with and without optimisation.

usage: alone.py INCLUDE_FOLDER LIBPQ_INCLUDE_FOLDER COMPILER -- HEADER...
"""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support' / 'checks'))
from report import Report, run, side_by_side

COMMON = '''-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast
    -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wcast-qual -Wformat=2 -Wundef -Wextra-semi
    -Wredundant-decls -Wzero-as-null-pointer-constant -Wdouble-promotion -Wimplicit-fallthrough
    -Wmissing-declarations -Wunused -Wdeprecated -Werror'''.split()
GCC = '''-Wduplicated-cond -Wlogical-op -Wcomma-subscript -Wsuggest-override
    -Wstrict-null-sentinel -Wnoexcept-type -Wctor-dtor-privacy'''.split()
CLANG = '''-Wdocumentation -Wcomma -Wshadow-all -Wunreachable-code-aggressive -Wthread-safety
    -Wnewline-eof -Wheader-hygiene -Wundefined-var-template -Wrange-loop-analysis
    -Wimplicit-int-conversion -Wreserved-identifier -Wmismatched-tags -Wheader-guard'''.split()


def main():
    split = sys.argv.index('--')
    include, libpq, *compiler = sys.argv[1:split]
    headers = sys.argv[split + 1:]
    clang = 'clang' in run(compiler + ['--version']).stdout
    flags = COMMON + (CLANG if clang else GCC)

    jobs = [(header, ['-std=c++20', '-O1']) for header in headers]
    umbrella = [header for header in headers if header == 'pqscope/pqscope.hpp']
    for header in umbrella:
        jobs += [(header, ['-std=c++2b', '-O0']), (header, ['-std=c++20', '-O2', '-DNDEBUG'])]

    def compile(job):
        header, options = job
        return run(compiler + options + flags
                   + ['-I', include, '-isystem', libpq, '-x', 'c++', '-c', '-o', '/dev/null', '-'],
                   input=f'#include <{header}>\n#include <{header}>\n')

    report = Report()
    for (header, options), result in zip(jobs, side_by_side(compile, jobs)):
        report.check(result.returncode == 0 and not result.stderr, f'{header} {" ".join(options)}',
                     result.stdout + result.stderr)
    report.end()


main()
