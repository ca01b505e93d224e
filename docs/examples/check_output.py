#!/usr/bin/env python3
"""Runs an example on DATABASE_URL = PQSCOPE_TEST_URL and compares what it prints with what it should.

`<*>` in the expected text stands for any text within its line: process numbers, durations.

usage: check_output.py PROGRAM EXPECTED_FILE
"""

import difflib
import os
import pathlib
import re
import subprocess
import sys


def main():
    program, expected_file = sys.argv[1:]
    environment = dict(os.environ, DATABASE_URL=os.environ['PQSCOPE_TEST_URL'])
    result = subprocess.run([program], env=environment, capture_output=True, text=True)
    expected = pathlib.Path(expected_file).read_text().splitlines()
    printed = result.stdout.splitlines()

    def matches(pattern, line):
        return re.fullmatch('.*'.join(map(re.escape, pattern.split('<*>'))), line) is not None

    # A line that matches its pattern is shown as the pattern, so that only the others differ.
    shown = [pattern if matches(pattern, line) else line for pattern, line in zip(expected, printed)]
    shown += printed[len(expected):]
    good = result.returncode == 0 and shown == expected
    if not good:
        print('\n'.join(difflib.unified_diff(expected, shown, 'expected', 'printed', lineterm='')))
        print(result.stderr, end='')
        print(f'exit code {result.returncode}')
    print('1 passed, 0 failed' if good else '0 passed, 1 failed')
    sys.exit(0 if good else 1)


main()
