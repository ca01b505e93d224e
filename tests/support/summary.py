#!/usr/bin/env python3
"""Adds up what the tests of a build folder counted, suite by suite.

Catch2's programs count test cases, the check scripts their checks. A test that ended without saying how
many it ran, or that failed with no failure counted, counts as one failure. The last line is
`N passed, N failed`; the exit code is 0 if nothing failed and something passed.

usage: summary.py BUILD_FOLDER
"""

import json
import pathlib
import re
import sys


def counted(output):
    """What a test's output says it ran as (passed, failed), None where it does not say."""
    if found := re.findall(r'^(\d+) passed, (\d+) failed$', output, re.M):
        return int(found[-1][0]), int(found[-1][1])
    if found := re.findall(r'^All tests passed \(.*?(\d+) test cases?\)', output, re.M):
        return int(found[-1]), 0
    if found := re.findall(r'^test cases:(.*)$', output, re.M):
        numbers = {word: int(number) for number, word in re.findall(r'(\d+) (passed|failed|failed as expected)\b', found[-1])}
        return numbers.get('passed', 0), numbers.get('failed', 0)
    if re.search(r'^No tests ran', output, re.M):
        return 0, 0
    return None


def main():
    log = pathlib.Path(sys.argv[1]) / 'meson-logs' / 'testlog.json'
    suites = {}
    for line in log.read_text().splitlines():
        test = json.loads(line)
        name = test['name'].split(':', 1)[-1]
        suite = name.split(' / ')[0]
        good = test['result'] in ('OK', 'SKIP')
        passed, failed = counted(test.get('stdout') or '') or ((1, 0) if good else (0, 1))
        if not good and failed == 0:
            failed = 1
        before = suites.get(suite, (0, 0))
        suites[suite] = (before[0] + passed, before[1] + failed)

    print()
    for suite, (passed, failed) in suites.items():
        print(f'  {suite:<14}{passed:>6} passed{failed:>6} failed')
    passed = sum(numbers[0] for numbers in suites.values())
    failed = sum(numbers[1] for numbers in suites.values())
    print()
    print(f'{passed} passed, {failed} failed')
    sys.exit(0 if failed == 0 and passed > 0 else 1)


main()
