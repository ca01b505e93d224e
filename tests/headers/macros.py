#!/usr/bin/env python3
"""Including pqscope defines no macro but PQSCOPE_..., and each of those is documented.

So is each macro the headers look for. Helpers that a header undefines itself are its own affair.

usage: macros.py INCLUDE_FOLDER LIBPQ_INCLUDE_FOLDER MACROS_PAGE COMPILER... -- HEADER...
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support' / 'checks'))
from report import Report, run


def defined_by_us(preprocessed, root):
    """The macros our files define and leave defined, each with the file that does."""
    ours = {}
    current = ''
    for line in preprocessed.splitlines():
        if match := re.match(r'# \d+ "([^"]*)"', line):
            current = match.group(1)
        elif match := re.match(r'#define (\w+)', line):
            if current.startswith(str(root)):
                ours[match.group(1)] = current
        elif match := re.match(r'#undef (\w+)', line):
            ours.pop(match.group(1), None)
    return ours


def main():
    split = sys.argv.index('--')
    include, libpq, page, *compiler = sys.argv[1:split]
    root = pathlib.Path(include)
    documented = pathlib.Path(page).read_text()
    report = Report()

    guards = set()
    for header in sys.argv[split + 1:]:
        guard = re.sub(r'\W', '_', header).upper()
        guards.add(guard)
        text = (root / header).read_text()
        passing = set(re.findall(r'^#\s*undef\s+(\w+)', text, re.M))
        for name in sorted(set(re.findall(r'\bPQSCOPE_[A-Z0-9_]*[A-Z0-9]\b', text)) - passing):
            if not name.endswith('_HPP'):
                report.check(name in documented, f'{header}: {name} is not in {page}')

    source = ''.join(f'#include <{header}>\n' for header in sys.argv[split + 1:])
    result = run(compiler + ['-std=c++20', '-I', include, '-isystem', libpq, '-x', 'c++', '-E', '-dD', '-'],
                 input=source)
    report.check(result.returncode == 0, 'the headers together are preprocessed', result.stderr)
    ours = defined_by_us(result.stdout, root)
    report.check(guards <= set(ours), 'every guard is seen', ' '.join(sorted(guards - set(ours))))
    for name, file in sorted(ours.items()):
        report.check(name in guards or name.startswith('PQSCOPE_'), f'{file} leaves {name} defined')
    report.end()


main()
