#!/usr/bin/env python3
"""The ways to use pqscope work: a raw include folder, an installation with pkg-config, a Meson subproject.

The program in program/ is built each way with warnings as errors and run on a database. Nothing is
downloaded, and everything happens in a temporary folder.

usage: check.py SOURCE_FOLDER LIBPQ_INCLUDE_FOLDER COMPILER... -- HEADER...   (with PQSCOPE_TEST_URL set)
"""

import json
import os
import pathlib
import shutil
import sys
import tarfile
import tempfile

here = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(here.parent / 'support' / 'checks'))
from report import Report, run

FLAGS = '-std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Werror'.split()
SOURCES = [str(here / 'program' / 'main.cpp'), str(here / 'program' / 'sum.cpp')]


def runs(report, what, program):
    result = run([str(program), os.environ['PQSCOPE_TEST_URL']])
    report.check(result.returncode == 0, f'{what}: the program runs', result.stdout + result.stderr)


def succeeds(report, what, command, **keywords):
    result = run([str(word) for word in command], **keywords)
    output = result.stdout + result.stderr
    report.check(result.returncode == 0, what, output)
    return result.returncode == 0, output


def raw_include(report, source, libpq, compiler, folder):
    program = folder / 'raw'
    good, _ = succeeds(report, 'raw include: the program compiles',
                       compiler + FLAGS + ['-I', source / 'include', '-I', libpq, *SOURCES, '-lpq', '-o', program])
    if good:
        runs(report, 'raw include', program)
    for name in ('api_blocks', 'mapping_blocks'):
        blocks = folder / name
        good, _ = succeeds(report, f'raw include: the documented interface compiles, {name}',
                           compiler + ['-std=c++20', '-I', source / 'include', '-I', libpq, here / f'{name}.cpp',
                                       '-lpq', '-o', blocks])
        if good:
            runs(report, f'the documented interface, {name}', blocks)
        # what is computed while compiling is so under GCC's sanitizer, too, which takes less for constant
        succeeds(report, f'raw include: {name} compiles with -fsanitize=undefined',
                 compiler + ['-std=c++20', '-fsanitize=undefined', '-fsyntax-only', '-I', source / 'include',
                             '-I', libpq, here / f'{name}.cpp'])


def installed(report, source, compiler, headers, folder):
    prefix = folder / 'prefix'
    good, _ = succeeds(report, 'installation: meson setup',
                       ['meson', 'setup', '--prefix', prefix, '-Dtests=disabled', '-Dexamples=disabled',
                        '-Ddocs=disabled', folder / 'install', source])
    if not good:
        return
    succeeds(report, 'installation: meson install', ['meson', 'install', '-C', folder / 'install'])
    there = sorted(path.relative_to(prefix / 'include').as_posix()
                   for path in (prefix / 'include').rglob('*') if path.is_file())
    report.check(there == sorted(headers), 'installation: the headers of the list, and nothing else, are installed',
                 ' '.join(set(there) ^ set(headers)))

    environment = {'PKG_CONFIG_PATH': str(prefix / 'share' / 'pkgconfig')}
    succeeds(report, 'installation: the pkg-config file is valid', ['pkg-config', '--validate', 'pqscope'],
             env=environment)
    good, flags = succeeds(report, 'installation: pkg-config knows pqscope',
                           ['pkg-config', '--cflags', '--libs', 'pqscope'], env=environment)
    program = folder / 'installed'
    if good and succeeds(report, 'installation: the program compiles',
                         compiler + FLAGS + SOURCES + flags.split() + ['-o', program])[0]:
        runs(report, 'installation', program)


def subproject(report, source, with_wrap, folder):
    what = 'subproject with a wrap' if with_wrap else 'subproject without a wrap'
    project = folder / ('wrap' if with_wrap else 'plain')
    shutil.copytree(here / 'program', project)
    subprojects = project / 'subprojects'
    copy = subprojects / 'pqscope'
    for part in ('include', 'tests', 'docs', 'subprojects'):
        shutil.copytree(source / part, copy / part)
    for part in ('meson.build', 'meson_options.txt', 'LICENSE'):
        shutil.copy(source / part, copy)
    if with_wrap:
        (subprojects / 'packagefiles').mkdir()
        with tarfile.open(subprojects / 'packagefiles' / 'pqscope.tar.gz', 'w:gz') as archive:
            archive.add(copy, 'pqscope')
        shutil.rmtree(copy)
        (subprojects / 'pqscope.wrap').write_text(
            '[wrap-file]\ndirectory = pqscope\nsource_filename = pqscope.tar.gz\n\n'
            '[provide]\npqscope = pqscope_dep\n')
        text = (project / 'meson.build').read_text()
        (project / 'meson.build').write_text(text.replace(", fallback: 'pqscope'", ''))

    build = project / 'build'
    good, output = succeeds(report, f'{what}: meson setup',
                            ['meson', 'setup', '--wrap-mode', 'nodownload', build, project])
    if not good:
        return
    report.check('WARNING' not in output and 'DEPRECATION' not in output, f'{what}: meson warns of nothing', output)
    _, tests = succeeds(report, f'{what}: meson lists the tests', ['meson', 'introspect', '--tests', build])
    names = [test['name'] for test in json.loads(tests)]
    report.check(names == ['consumer'], f'{what}: it brings no tests of its own', ' '.join(names))
    report.check('Catch2' not in output and 'catch2' not in output and 'oxygen' not in output,
                 f'{what}: it looks for nothing but libpq', output)
    if succeeds(report, f'{what}: the program compiles', ['meson', 'compile', '-C', build])[0]:
        runs(report, what, build / 'consumer')


def main():
    split = sys.argv.index('--')
    source = pathlib.Path(sys.argv[1]).resolve()
    libpq, *compiler = sys.argv[2:split]
    os.environ['CXX'] = ' '.join(compiler)
    report = Report()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        raw_include(report, source, libpq, compiler, folder)
        installed(report, source, compiler, sys.argv[split + 1:], folder)
        subproject(report, source, False, folder)
        subproject(report, source, True, folder)
    report.end()


main()
