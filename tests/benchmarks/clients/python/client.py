"""What the benchmark programs in Python share; the counterpart of clients/main.cpp and clients/bench.hpp."""

import asyncio
import dataclasses
import datetime
import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from data import RandomIds  # noqa: F401: for the clients

CALLERS = 32  # of W8, on
LINES = 8

FIRST = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)


@dataclasses.dataclass(slots=True)
class Row:
    id: int
    name: str
    score: float
    at: datetime.datetime


def make_rows(first, count):
    return [(number, f'row-{number:016}', number * 0.5 + 0.25,
             FIRST + datetime.timedelta(microseconds=number * 1_000_001))
            for number in range(first, first + count)]


def digest(number, name, score, at):
    return number + len(name) + ord(name[-1]) + int(score * 4) + at.second * 1_000_000 + at.microsecond


def memory(what):
    with open('/proc/self/status', encoding='ascii') as status:
        return next(int(line.split()[1]) for line in status if line.startswith(what))


class Task:
    """One run of a variant: what it is to do, and what comes of it."""

    def __init__(self, options):
        self.count = int(options.get('count', 0))
        self.warm_up = int(options.get('warm_up', 0))
        self.rows = int(options.get('rows', 0))
        self.threads = int(options.get('threads', 1))
        self.table = 'bench_rows'
        self.checksum = 0

    def start(self):
        with open('/proc/self/clear_refs', 'w', encoding='ascii') as file:
            file.write('5')
        self.start_kib = memory('VmRSS:')
        self.cpu = time.process_time()
        self.began = time.perf_counter()

    def stop(self):
        self.seconds = time.perf_counter() - self.began
        self.cpu = time.process_time() - self.cpu
        self.peak_kib = memory('VmHWM:')

    def print(self):
        print(json.dumps({'seconds': self.seconds, 'cpu': self.cpu, 'count': self.count,
                          'checksum': self.checksum % 2**64, 'memory_kib': self.peak_kib - self.start_kib}))


async def by_callers(task, look):
    """Has W8's callers look up rows, each one after the other; `look` answers a row's checksum."""
    ids = RandomIds(task.rows)
    left = 0

    async def call():
        nonlocal left
        seen = 0
        while left > 0:
            left -= 1
            seen += await look(ids.next())
        return seen

    async def look_up(count):
        nonlocal left
        left = count
        return sum(await asyncio.gather(*(call() for _ in range(CALLERS))))

    await look_up(task.warm_up)
    task.start()
    task.checksum = await look_up(task.count)
    task.stop()


def main(variants, version):
    """Runs the variant that the command line names, or prints the client's version."""
    if sys.argv[1] == 'version':
        print(version)
        return
    task = Task(dict(argument.split('=') for argument in sys.argv[2:]))
    variants[sys.argv[1]](task)
    task.print()
    sys.stdout.flush()
    os._exit(0)  # without freeing a million rows one by one
