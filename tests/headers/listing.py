#!/usr/bin/env python3
"""The list of headers in include/meson.build is the tree; pqscope.hpp reaches every header but those of the wings,
and what of the floors is there for a wing alone, which its own header reaches.

usage: listing.py INCLUDE_FOLDER HEADER...
       listing.py --update INCLUDE_FOLDER      writes the list anew
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support' / 'checks'))
from report import Report

WINGS = ('pqscope/testing', 'pqscope/asio', 'pqscope/async/', 'pqscope/reflection')


def includes_of(header):
    return re.findall(r'^\s*#\s*include\s+["<](pqscope/[^">]*)[">]', header.read_text(), re.M)


def problems_of(header, listed, tree, reached, reached_by_wings):
    if header not in tree:
        yield 'is in the list of include/meson.build, but not there'
        return
    if header not in listed:
        yield 'is not in the list of include/meson.build; meson compile -C build update_headers writes it anew'
    if listed.count(header) > 1:
        yield 'is listed twice'
    wing = header.startswith(WINGS)
    if wing and header in reached:
        yield 'is reached from pqscope/pqscope.hpp'
    if not wing and header not in reached | reached_by_wings:
        yield 'is not reached from pqscope/pqscope.hpp, nor from the header of a wing'


def update(root, tree):
    file = root / 'meson.build'
    entries = ''.join(f"  '{header}',\n" for header in tree)
    file.write_text(re.sub(r"(public_headers = \[\n).*?(\])", lambda match: match[1] + entries + match[2],
                           file.read_text(), flags=re.S))


def main():
    arguments = sys.argv[1:]
    root = pathlib.Path(arguments[-1] if arguments[0] == '--update' else arguments[0])
    tree = sorted(path.relative_to(root).as_posix() for path in (root / 'pqscope').rglob('*') if path.is_file())
    if arguments[0] == '--update':
        update(root, tree)
        return

    def reach(*headers):
        found = set()
        waiting = list(headers)
        while waiting:
            header = waiting.pop()
            if header not in found and (root / header).is_file():
                found.add(header)
                waiting += includes_of(root / header)
        return found

    listed = arguments[1:]
    reached = reach('pqscope/pqscope.hpp')
    reached_by_wings = reach('pqscope/asio.hpp', 'pqscope/testing.hpp')

    report = Report()
    for header in sorted(set(tree) | set(listed)):
        problems = list(problems_of(header, listed, tree, reached, reached_by_wings))
        report.check(not problems, header, '\n'.join(problems))
    report.check(listed == sorted(listed), 'the list is sorted')
    report.end()


main()
