#!/usr/bin/env python3
"""Every test file is compiled: its folder's meson.build names it, and tests/meson.build the folder."""

import pathlib
import re
import sys

tests = pathlib.Path(__file__).resolve().parent.parent
folders = set(re.findall(r"'((?:unit|integration|faults)(?:/\w+)?)'", (tests / 'meson.build').read_text()))

failed = 0
passed = 0
for suite in ('unit', 'integration', 'faults'):
    for source in sorted((tests / suite).rglob('*.cpp')):
        folder = source.parent.relative_to(tests).as_posix()
        listing = source.parent / 'meson.build'
        if folder not in folders:
            problem = f'tests/meson.build does not name the folder {folder}'
        elif not listing.is_file() or f"'{source.name}'" not in listing.read_text():
            problem = f'{folder}/meson.build does not name it'
        else:
            passed += 1
            continue
        failed += 1
        print(f'{source.relative_to(tests)}: {problem}')

print(f'{passed} passed, {failed} failed')
sys.exit(1 if failed else 0)
