#!/usr/bin/env python3
"""Runs the variants of all workloads, interleaved, and writes what they took. Started by run.sh."""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time

import page
from data import ROW_QUERY, expected_loads, expected_lookups, expected_rows, table_digest
from server import Distance, Server
from workloads import ROWS, TRIP, WORKLOADS

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
QUICK_ROWS = 20_000


class Failure(Exception):
    pass


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', type=pathlib.Path, required=True)
    parser.add_argument('--quick', action='store_true')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--only', default='')
    parser.add_argument('--clients', default='')
    parser.add_argument('--no-page', action='store_true')
    return parser.parse_args()


def words(text):
    return [word for word in text.replace(',', ' ').split() if word]


class Clients:
    """The programs that are there."""

    def __init__(self, build, wanted):
        folder = build / 'tests' / 'benchmarks'
        every = {name: [folder / f'bench_{name}'] for name in ('raw', 'pqscope', 'pqxx')}
        for name, file in (('pgbench', 'pgbench.py'), ('psycopg', 'psycopg3.py'), ('asyncpg', 'asyncpg_client.py'),
                           ('sqlalchemy', 'sqlalchemy_client.py')):
            every[name] = [sys.executable, HERE / 'clients' / 'python' / file]
        self.delay = folder / 'delay'
        self.commands = {}
        self.versions = {}
        for name, command in every.items():
            if wanted and name not in wanted and name not in ('raw', 'pgbench'):
                continue
            if name == 'pqxx':
                answer = subprocess.run(['pkg-config', '--modversion', 'libpqxx'], capture_output=True, text=True)
                there = answer.returncode == 0 and command[0].exists()
                version = f'libpqxx {answer.stdout.strip()}'
            elif len(command) == 2:
                answer = subprocess.run([*command, 'version'], capture_output=True, text=True)
                there, version = answer.returncode == 0, answer.stdout.strip()
            else:
                there, version = command[0].exists(), None
            if there:
                self.commands[name] = command
                if version:
                    self.versions[name] = version
            else:
                print(f'{name} is not there: its variants are left out')

    def has(self, variant):
        """Whether a variant can be run."""
        return (variant.name.split('_')[0] != 'pqxx' or 'pqxx' in self.commands
                if variant.client == 'compile' else variant.client in self.commands)


def others():
    """The share of the machine that others use now, while this process sleeps."""
    def ticks():
        with open('/proc/stat', encoding='ascii') as file:
            numbers = [int(word) for word in file.readline().split()[1:9]]
        return sum(numbers), numbers[3] + numbers[4]

    before = ticks()
    time.sleep(1)
    after = ticks()
    return 1 - (after[1] - before[1]) / max(1, after[0] - before[0])


def compile_file(source, standard, compiler):
    """The processor's time that a compilation took, and the lines it had to read."""
    flags = subprocess.run(['pkg-config', '--cflags', 'libpq'], capture_output=True, text=True).stdout.split()
    command = [compiler, f'-std={standard.lower()}', '-O0', '-I', ROOT / 'include', *flags]
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*command, '-w', '-c', source, '-o', f'{folder}/o.o'], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    text = subprocess.run([*command, '-E', source], check=True, capture_output=True, text=True).stdout
    lines = sum(1 for line in text.splitlines() if line.strip() and not line.startswith('#'))
    took = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return {'seconds': took, 'cpu': took, 'count': 1, 'checksum': 0, 'memory_kib': 0, 'lines': lines}


class Runner:
    def __init__(self, chosen):
        self.quick = chosen.quick
        self.rows = QUICK_ROWS if chosen.quick else ROWS
        self.clients = Clients(chosen.build, words(chosen.clients))
        self.server = Server()
        self.compiler = os.environ.get('CXX', 'g++')
        cores = sorted(os.sched_getaffinity(0))
        self.cores = set(cores)
        self.client_core, self.server_core = {cores[0]}, {cores[1] if len(cores) > 1 else cores[0]}
        self.expected = {}
        self.server.set_up(self.rows)

    def place(self, placement):
        """Puts the server in its place; gives the client's cores and environment, until left."""
        stack = contextlib.ExitStack()
        if placement == '1c':
            self.server.pin(self.client_core)
            return stack, self.client_core, self.server.environment
        if placement in ('2c', 'away'):
            self.server.pin(self.server_core)
            environment = self.server.environment
            if placement == 'away':
                environment = stack.enter_context(
                    Distance(self.clients.delay, self.server, TRIP // 2, self.server_core)).environment
            return stack, self.client_core, environment
        self.server.pin(self.cores)
        return stack, self.cores, self.server.environment

    def size(self, workload, placement, variant):
        count = workload.placements[placement]
        if self.quick:
            count = self.rows if workload.check == 'rows' else max(20, count // workload.quick)
        return max(20, count // variant.share)

    def expect(self, check, count, warm_up):
        """What the checksum has to be."""
        key = (check, count, warm_up)
        if key not in self.expected:
            if check == 'rows':
                value = expected_rows(count)
            elif check == 'objects':
                value = expected_rows(count, before=warm_up)
            elif check == 'loads':
                value = expected_loads(count)
            elif check == 'lookups':
                value = expected_lookups(self.rows, count, warm_up)
            elif check == 'count':
                value = count
            else:
                value = self.server.ask(table_digest(f'({ROW_QUERY.format(first=1, last=warm_up + count)})'))
            self.expected[key] = value
        return self.expected[key]

    def measure(self, workload, placement, variant, cores, environment):
        if variant.client == 'compile':
            return compile_file(HERE / 'compile' / f'{variant.name}.cpp', placement, self.compiler)
        count = self.size(workload, placement, variant)
        warm_up = min(workload.warm_up, count)
        table = {'insert': 'bench_insert', 'load': 'bench_load', 'objects': 'bench_objects'}.get(workload.check)
        if table:
            self.server.ask(f'TRUNCATE {table} RESTART IDENTITY')
        threads = placement.split()[0] if workload.check == 'count' else '1'
        done = subprocess.run(
            [*self.clients.commands[variant.client], variant.name, f'count={count}', f'warm_up={warm_up}',
             f'rows={self.rows}', f'threads={threads}'],
            env=os.environ | environment, capture_output=True, text=True, timeout=600,
            preexec_fn=lambda: os.sched_setaffinity(0, cores))
        name = f'{workload.key}, {placement}, {variant.label}'
        if done.returncode != 0:
            raise Failure(f'{name}: {done.stderr.strip()}')
        result = json.loads(done.stdout)
        proofs = []
        if table:
            proofs.append((self.server.ask(table_digest(table)), self.expect('table', result['count'], warm_up)))
        if workload.check not in ('insert', 'load') and variant.client != 'pgbench':
            proofs.append((result['checksum'], self.expect(workload.check, result['count'], warm_up)))
        for got, wanted in proofs:
            if got != wanted:
                raise Failure(f'{name}: the checksum is {got} in place of {wanted}')
        return result

    def round(self, number, workloads, results):
        order = random.Random(number)
        for workload in workloads:
            variants = [each for each in workload.variants if self.clients.has(each)]
            for placement in workload.placements:
                if self.quick and placement == 'C++23':
                    continue
                stack, cores, environment = self.place(placement)
                with stack:
                    order.shuffle(variants)
                    for variant in variants:
                        result = self.measure(workload, placement, variant, cores, environment)
                        results.setdefault(workload.key, {}).setdefault(placement, {}).setdefault(
                            f'{variant.client}/{variant.name}', []).append(result)
            print(f'round {number + 1}: {workload.key}', flush=True)

    def facts(self, rounds, busy):
        with open('/proc/cpuinfo', encoding='utf-8') as file:
            models = {line.split(':')[1].strip() for line in file if line.startswith('model name')}
        compiler = subprocess.run([self.compiler, '--version'], capture_output=True, text=True).stdout.splitlines()[0]
        libpq = subprocess.run(['pkg-config', '--modversion', 'libpq'], capture_output=True, text=True).stdout.strip()
        return {
            'rounds': rounds,
            'machine': f'{" / ".join(sorted(models)) or platform.machine()}, {len(self.cores)} cores',
            'system': f'{platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())}, '
                      f'Linux {platform.release().split("-")[0]}',
            'server': f'PostgreSQL {self.server.ask("SHOW server_version").split()[0]}',
            'libpq': f'libpq {libpq}',
            'compiler': compiler,
            'clients': self.clients.versions,
            'busy': busy,
        }


def main():
    chosen = options()
    only = [key.strip().lower() for key in chosen.only.split(',') if key.strip()]
    workloads = [each for each in WORKLOADS
                 if not only or each.key.lower() in only or each.key.split()[0].lower() in only]
    rounds = 1 if chosen.quick else chosen.rounds
    runner = Runner(chosen)
    busy = [others()]
    results = {}
    try:
        for number in range(rounds):
            runner.round(number, workloads, results)
            busy.append(others())
    except Failure as failure:
        print(f'FAILED: {failure}', file=sys.stderr)
        sys.exit(1)
    run = {'facts': runner.facts(rounds, max(busy)), 'results': results}
    (chosen.build / 'results.json').write_text(json.dumps(run, indent=1) + '\n')
    table, plot = page.table(run), page.plot(run)
    (chosen.build / 'results.md').write_text(table)
    (chosen.build / 'results.svg').write_text(plot)
    if not chosen.quick:
        print(table)
    whole = not (chosen.quick or chosen.no_page or only or chosen.clients)
    if whole:
        page.renew(ROOT / 'docs' / 'pages', table, plot)
        print('docs/pages/benchmarks.md has these figures now.')
    print(f'All checksums agree. Figures: {chosen.build / "results.json"}')


if __name__ == '__main__':
    main()
