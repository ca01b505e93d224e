#!/usr/bin/env python3
"""What each header costs whoever includes it, in preprocessed lines, against tests/headers/weights.txt.

Lines are counted without blanks and line markers. The base is libpq-fe.h and the standard headers every
user of a database has. Budgets hold for the standard library they were taken with: one where the base, all
in one file, has the size its line in weights.txt says, give or take a hundredth. With any library
pqscope.hpp must stay below 1.25 times the sum of the base's headers, each counted by itself, and brings
none of the heavy standard headers unless the base does.

usage: weights.py INCLUDE_FOLDER LIBPQ_INCLUDE_FOLDER WEIGHTS_FILE COMPILER... -- HEADER...
       with --update as the first argument: writes the file anew, rounded up to the next 500
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support' / 'checks'))
from report import Report, run, side_by_side

BASE = ['libpq-fe.h', 'string', 'vector', 'optional', 'tuple', 'chrono']
HEAVY = ['format', 'iostream', 'regex', 'future', 'thread', 'ranges']
UMBRELLA = 'pqscope/pqscope.hpp'
TOTAL = 1.25


def main():
    arguments = sys.argv[1:]
    update = arguments[0] == '--update'
    if update:
        arguments.pop(0)
    split = arguments.index('--')
    include, libpq, weights, *compiler = arguments[:split]
    headers = arguments[split + 1:]

    def preprocess(names):
        source = ''.join(f'#include <{name}>\n' for name in names)
        return run(compiler + ['-std=c++20', '-I', include, '-isystem', libpq, '-x', 'c++', '-E', '-'],
                   input=source)

    def lines(result):
        return sum(1 for line in result.stdout.splitlines() if line.strip() and not line.startswith('#'))

    def standard_headers(result):
        files = set(re.findall(r'^# \d+ "([^"]*)"', result.stdout, re.M))
        return {name for name in HEAVY if any(re.search(rf'/c\+\+/(?:[^/]+/)?{name}$', file) for file in files)}

    base = preprocess(BASE)
    results = dict(zip(headers, side_by_side(lambda header: preprocess([header]), headers)))

    if update:
        with open(weights, 'w') as file:
            file.write('# Budgets in preprocessed lines; see weights.py.\n')
            file.write(f'base {lines(base)}\n')
            for header in headers:
                file.write(f'{header} {-(-lines(results[header]) // 500) * 500}\n')
        return

    report = Report()
    budgets = {}
    if pathlib.Path(weights).is_file():
        for line in pathlib.Path(weights).read_text().splitlines():
            if line and not line.startswith('#'):
                name, budget = line.split()
                budgets[name] = int(budget)
    same_library = abs(lines(base) - budgets.get('base', 0)) <= 0.01 * lines(base)
    if not same_library:
        print(f'The base has {lines(base)} lines here: another library than that of the budgets, which are not held')
    hint = 'meson compile -C build update_weights writes the budgets anew'

    for header, result in results.items():
        if result.returncode != 0:
            report.check(False, f'{header} is preprocessed', result.stderr)
        elif header not in budgets:
            report.check(False, f'{header} has no budget', hint)
        else:
            report.check(not same_library or lines(result) <= budgets[header],
                         f'{header}: {lines(result)} lines, its budget is {budgets[header]}')
    for name in sorted(set(budgets) - set(headers) - {'base'}):
        report.check(False, f'{name} has a budget, but is not there', hint)

    if UMBRELLA in results:
        total = lines(results[UMBRELLA])
        allowed = TOTAL * sum(lines(preprocess([name])) for name in BASE)
        report.check(total < allowed, f'{UMBRELLA}: {total} lines, {round(allowed)} are allowed')
        heavy = standard_headers(results[UMBRELLA]) - standard_headers(base)
        report.check(not heavy, f'{UMBRELLA} brings {" ".join(sorted(heavy))}')
        print(f'{UMBRELLA}: {total} of {round(allowed)} lines, {total / lines(base):.2f} times the base in one file')
    report.end()


main()
