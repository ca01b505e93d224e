#!/usr/bin/env python3
"""Every C++ sample in the README and on the pages is an excerpt of an example that is compiled and run.

A sample's lines must stand together in one file of docs/examples/, indented however they are there; a
line `// ...` or `...` in a sample leaves lines out.

usage: check_samples.py SOURCE_FOLDER
"""

import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
sys.dont_write_bytecode = True
sys.path.insert(0, str(root / 'tests' / 'support' / 'checks'))
from report import Report


def squeezed(text):
    """The lines without indentation and blank lines, as one text."""
    return '\n'.join(line for line in (line.strip() for line in text.splitlines()) if line)


def main():
    examples = [squeezed(path.read_text()) for path in sorted((root / 'docs' / 'examples').glob('*.cpp'))]
    report = Report()
    for page in [root / 'README.md', *sorted((root / 'docs' / 'pages').glob('*.md'))]:
        if not page.is_file():
            continue
        for number, sample in enumerate(re.findall(r'^```cpp\n(.*?)^```', page.read_text(), re.S | re.M), 1):
            pieces = [squeezed(piece) for piece in re.split(r'^\s*(?://\s*)?(?:\.\.\.|…)\s*$', sample, flags=re.M)]
            report.check(any(all(piece in example for piece in pieces) for example in examples),
                         f'sample {number} of {page.relative_to(root)} is in no example', sample)
    report.end()


main()
