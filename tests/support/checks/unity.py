#!/usr/bin/env python3
"""Puts test files together, some to a translation unit, so that the library's code is compiled a few
times and not once for each of them.

Each file keeps its names to itself: it is included into a namespace of its own, after everything it
includes was included outside. A file that has to stand at global scope, since it specialises a template
of the library or replaces `operator new`, comes first in its unit; no unit has two of these.

usage: unity.py OUTPUT_FOLDER SUITE AT_ONCE --count SOURCES...        how many units of AT_ONCE files they need
       unity.py OUTPUT_FOLDER SUITE AT_ONCE SOURCES...                writes SUITE_unit_0.cpp and so on
"""

import pathlib
import re
import sys

INCLUDE = re.compile(r'^#include ([<"].*[>"])', re.M)
GLOBAL = re.compile(r'^(template ?<>|namespace [a-z_:]+ \{|extern "C"|\S+ operator (new|delete))', re.M)


def share(sources, at_once):
    """The files of each unit. Neighbours stay together: they use the same parts of the library."""
    outside = [source for source in sources if GLOBAL.search(source.read_text())]
    inside = [source for source in sources if source not in outside]
    count = max(len(outside), -(-len(sources) // at_once))
    units = [outside[i:i + 1] for i in range(count)]
    at = 0
    for number, unit in enumerate(units):
        taken = -(-(len(inside) - at) // (count - number))
        unit += inside[at:at + taken]
        at += taken
    return units


def included(source):
    """Its includes, with those of its own folder spelt so that they are found from anywhere."""
    for name in INCLUDE.findall(source.read_text()):
        own = source.parent / name[1:-1]
        yield f'"{own}"' if name[0] == '"' and own.exists() else name


def write(unit):
    includes = dict.fromkeys(name for source in unit for name in included(source))
    text = ''.join(f'#include {name}\n' for name in includes)
    for number, source in enumerate(unit):
        include = f'#include "{source}"\n'
        text += '\n' + (include if GLOBAL.search(source.read_text())
                        else f'namespace test_file_{number} {{\n{include}}}\n')
    return text


def main():
    folder, suite, at_once, *sources = sys.argv[1:]
    count_only = sources[:1] == ['--count']
    units = share([pathlib.Path(source).resolve() for source in sources[count_only:]], int(at_once))
    if count_only:
        print(len(units))
        return
    for number, unit in enumerate(units):
        (pathlib.Path(folder) / f'{suite}_unit_{number}.cpp').write_text(write(unit))


if __name__ == '__main__':
    main()
