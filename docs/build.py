#!/usr/bin/env python3
"""Makes the API documentation; anything public without a description is an error.

Doxygen's own check leaves enumerators and concepts out; they are looked up in its XML. It is not followed
where it asks for a description of defaulted and deleted members, whose declaration says everything.

usage: build.py DOXYGEN DOXYFILE OUTPUT_FOLDER
"""

import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as xml

SAYS_EVERYTHING = re.compile(r'=\s*(default|delete) \(function\) of .* is not documented')


def described(element):
    """Whether an element has a brief or a detailed description."""
    parts = (element.find('briefdescription'), element.find('detaileddescription'))
    return any(part is not None and ''.join(part.itertext()).strip() for part in parts)


def place(element):
    location = element.find('location')
    return f'{location.get("file")}:{location.get("line")}' if location is not None else '?'


def missing(output):
    """What the XML holds without a description, and how much it holds."""
    found = []
    count = 0
    for file in sorted(output.glob('xml/*.xml')):
        tree = xml.parse(file)
        for member in tree.iter('memberdef'):
            if member.get('prot') == 'private':
                continue
            count += 1
            for value in member.iter('enumvalue'):
                count += 1
                if not described(value):
                    found.append(f'{place(member)}: error: Enumerator {member.findtext("name")}::'
                                 f'{value.findtext("name")} is not documented.')
        for compound in tree.iter('compounddef'):
            if compound.get('kind') == 'concept':
                count += 1
                if not described(compound):
                    found.append(f'{place(compound)}: error: Concept {compound.findtext("compoundname")} '
                                 'is not documented.')
    return found, count


def main():
    doxygen, doxyfile, output = sys.argv[1:]
    folder = pathlib.Path(output)
    for part in ('html', 'xml'):
        shutil.rmtree(folder / part, ignore_errors=True)
    result = subprocess.run([doxygen, doxyfile], capture_output=True, text=True)
    warnings = [line for line in result.stderr.splitlines() if line.strip()]
    problems = sorted({line for line in warnings if not SAYS_EVERYTHING.search(line)})
    if result.returncode != 0 and not warnings:
        problems.append(f'doxygen: exit code {result.returncode}')
    undescribed, count = missing(folder)
    problems += undescribed
    for problem in problems:
        print(problem)
    print(f'{count} names in {folder / "html" / "index.html"}')
    print('0 passed, %d failed' % len(problems) if problems else '1 passed, 0 failed')
    sys.exit(1 if problems else 0)


main()
