#!/usr/bin/env python3
"""Every header compiles on its own, included twice, silent under the harshest flags.

pqscope.hpp also does so as C++23, without assertions, and with and without optimisation.

Most headers begin with the same others. A few of those are precompiled, and a header that includes one of
them is compiled behind it: as that one compiles on its own, the answer is the same.

usage: alone.py INCLUDE_FOLDER LIBPQ_INCLUDE_FOLDER COMPILER -- HEADER...
"""

import pathlib
import re
import sys
import tempfile

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


PRECOMPILED = 6


def main():
    split = sys.argv.index('--')
    include, libpq, *compiler = sys.argv[1:split]
    headers = sys.argv[split + 1:]
    clang = 'clang' in run(compiler + ['--version']).stdout
    command = compiler + COMMON + (CLANG if clang else GCC) + ['-I', include, '-isystem', libpq]
    usual = ['-std=c++20', '-O1']
    # GCC compares pointers of its own with 0 in coroutines.
    coroutines = [] if clang else ['-Wno-zero-as-null-pointer-constant']

    jobs = [(header, usual) for header in headers]
    if 'pqscope/pqscope.hpp' in headers:
        for options in (['-std=c++2b', '-O0'], ['-std=c++20', '-O2', '-DNDEBUG']):
            jobs.append(('pqscope/pqscope.hpp', options))

    with tempfile.TemporaryDirectory() as place:
        behind = precompile(include, headers, command + usual, clang, pathlib.Path(place))

        def compile(job):
            header, options = job
            if options is usual:
                options = options + behind.get(header, [])
            if header.startswith(('pqscope/async/', 'pqscope/asio.hpp')):
                options = options + coroutines
            return run(command + options + ['-c', '-o', '/dev/null', '-x', 'c++', '-'],
                       input=f'#include <{header}>\n#include <{header}>\n')

        report = Report()
        for (header, options), result in zip(jobs, side_by_side(compile, jobs)):
            report.check(result.returncode == 0 and not result.stderr, f'{header} {" ".join(options)}',
                         result.stdout + result.stderr)
    report.end()


def precompile(include, headers, command, clang, place):
    """For each header that includes one of the chosen ones the options to compile it behind that."""
    reached = {header: reach(pathlib.Path(include), header) for header in headers}
    chosen = choose(reached)

    def make(base):
        source = place / (base.replace('/', '_'))
        source.write_text(f'#include <{base}>\n')
        made = source.with_suffix('.pch' if clang else '.hpp.gch')
        done = run(command + ['-x', 'c++-header', str(source), '-o', str(made)])
        if done.returncode != 0 or done.stderr:
            return None
        return ['-include-pch', str(made)] if clang else ['-include', str(source)]

    options = {base: made for base, made in zip(chosen, side_by_side(make, chosen)) if made}
    return {header: options[best] for header in headers
            if (best := largest(options, reached, header)) is not None}


def reach(include, header):
    """The headers of the library that a header includes, directly or not; itself only in a circle."""
    found = set()
    left = [header]
    while left:
        text = (include / left.pop()).read_text()
        new = set(re.findall(r'^#include <(pqscope/[^>]+)>', text, re.M)) - found
        found |= new
        left += new
    return found


def largest(bases, reached, header):
    """Of the headers a header can be compiled behind the one that reaches most others."""
    fitting = [base for base in bases if base in reached[header] and header not in reached[base]]
    return max(fitting, key=lambda base: len(reached[base]), default=None)


def choose(reached):
    """Headers to precompile: each time the one that spares the others most."""
    chosen = []

    def spared(bases):
        best = [largest(bases, reached, header) for header in reached]
        return sum(1 + len(reached[base]) for base in best if base)

    for _ in range(PRECOMPILED if len(reached) > 10 * PRECOMPILED else 0):
        chosen.append(max(reached, key=lambda header: spared(chosen + [header])))
    return chosen


main()
