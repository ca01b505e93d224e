#!/usr/bin/env python3
"""Includes go down, and only libpq/ speaks to libpq.

usage: floors.py INCLUDE_FOLDER
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support' / 'checks'))
from report import Report

# A folder's floor; folders on the same floor do not include each other. Headers at the top level
# (session.hpp, with_session.hpp) are one folder, called '.'.
FLOORS = {
    'libpq': 0,
    'error': 1,
    'sql': 2,
    'types': 3,
    'connection': 4,
    'transaction': 5, 'transfer': 5, 'events': 5,
    'pool': 6,
    'mapping': 7,
    '.': 8,
    'testing': 9, 'async': 9, 'reflection': 9,
}
WINGS = {'testing.hpp': 'testing', 'asio.hpp': 'async', 'reflection.hpp': 'reflection'}
UMBRELLA = 'pqscope.hpp'
# Settings of the whole library; includes nothing of it.
GROUND = {'macros.hpp', 'version.hpp'}

BLOCKING = re.compile(
    r'\b(PQexec|PQexecParams|PQexecPrepared|PQprepare|PQdescribePrepared|PQdescribePortal|'
    r'PQclosePrepared|PQclosePortal|PQconnectdb|PQconnectdbParams|PQsetdb|PQsetdbLogin|PQreset|'
    r'PQping|PQpingParams|PQfn|PQgetline|PQendcopy|PQcancelBlocking)\s*\('
    r'|\bPQgetCopyData\s*\([^;]*,\s*(0|false)\s*\)')


def without_comments(text):
    """The code with comments and the inside of literals blanked, lines kept."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.S)

    def blank(match):
        found = match.group(0)
        return found if found.endswith(('.h"', '.hpp"')) else '\n' * found.count('\n')

    return pattern.sub(blank, text)


def folder_of(path):
    if path in WINGS:
        return WINGS[path]
    return path.split('/')[0] if '/' in path else '.'


def problems_of(header, root):
    """What is wrong with one header, a line each."""
    path = header.relative_to(root).as_posix()
    folder = folder_of(path)
    raw = header.read_text()
    code = without_comments(raw)

    if folder not in FLOORS:
        yield f'no floor is known for the folder {folder}'
    guard = 'PQSCOPE_' + re.sub(r'\W', '_', path).upper()
    if not re.search(rf'#ifndef {guard}\n#define {guard}\n', code):
        yield f'the guard is not {guard}'

    if folder == 'libpq':
        for match in BLOCKING.finditer(code):
            yield f'a call that blocks: {match.group(0)}'
    else:
        if re.search(r'#\s*include\s*[<"]((libpq|postgresql)/|libpq-)', code):
            yield 'includes a header of libpq'
        for call in sorted(set(re.findall(r'\b(?:PQ[a-z]\w*|lo_[a-z]\w*)(?=\s*\()', code))):
            yield f'calls libpq: {call}'

    for quoted in re.findall(r'#\s*include\s+"(?!pqscope/)([^"]*)"', raw):
        yield f'includes "{quoted}", a path that does not begin with pqscope/'
    for included in re.findall(r'#\s*include\s+["<]pqscope/([^">]*)[">]', raw):
        target = folder_of(included)
        if not (root / included).is_file():
            yield f'includes {included}, which is not there'
        elif path == UMBRELLA:
            if included in WINGS:
                yield f'includes the wing {included}'
        elif included == UMBRELLA:
            if FLOORS.get(folder) != 9:
                yield 'includes the umbrella'
        elif target != folder and included not in GROUND and FLOORS.get(target, 99) >= FLOORS.get(folder, 0):
            yield f'includes {included}, which is not below it'


def main():
    root = pathlib.Path(sys.argv[1]) / 'pqscope'
    report = Report()
    for header in sorted(root.rglob('*.hpp')):
        problems = list(problems_of(header, root))
        report.check(not problems, header.relative_to(root).as_posix(), '\n'.join(problems))
    report.end()


main()
