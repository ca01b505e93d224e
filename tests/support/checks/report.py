"""What the check scripts share: counting, and running compilers side by side."""

import concurrent.futures
import os
import subprocess
import sys


class Report:
    """Counts checks, prints what fails, ends with the line `N passed, N failed`."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, good, what, detail=''):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f'FAILED: {what}')
            if detail:
                print('    ' + detail.strip().replace('\n', '\n    '))

    def end(self):
        print(f'{self.passed} passed, {self.failed} failed')
        sys.exit(1 if self.failed else 0)


def run(command, **keywords):
    """Runs a program in the C locale; the answer has returncode, stdout and stderr as text."""
    environment = dict(os.environ, LC_ALL='C') | keywords.pop('env', {})
    return subprocess.run(command, capture_output=True, text=True, errors='replace',
                          env=environment, **keywords)


def side_by_side(function, items):
    """The answers of `function` for all items, in their order, computed on all processors."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, items))
