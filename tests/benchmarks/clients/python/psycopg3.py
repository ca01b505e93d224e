"""psycopg 3, as it is packaged."""

import asyncio
import concurrent.futures  # noqa: F401: psycopg_pool imports it late
import threading

import psycopg
from psycopg.rows import class_row

from client import LINES, RandomIds, Row, by_callers, digest, main, make_rows

INSERT = 'INSERT INTO {} (id, name, score, at) VALUES (%s, %s, %s, %s)'
SELECT = 'SELECT id, name, score, at FROM bench_rows'


def w1(task):
    with psycopg.connect('', autocommit=True) as on:
        text = INSERT.format('bench_insert')

        def insert(row):
            with on.transaction():
                on.execute(text, row, prepare=True, binary=True)

        rows = make_rows(1, task.warm_up + task.count)
        for row in rows[:task.warm_up]:
            insert(row)
        timed = rows[task.warm_up:]
        task.start()
        for row in timed:
            insert(row)
        task.stop()


def w2(task):
    with psycopg.connect('', autocommit=True) as on:
        cursor = on.cursor(binary=True, row_factory=class_row(Row))
        ids = RandomIds(task.rows)

        def look():
            row = cursor.execute(SELECT + ' WHERE id = %b', (ids.next(),), prepare=True).fetchone()
            return digest(row.id, row.name, row.score, row.at)

        for _ in range(task.warm_up):
            look()
        task.start()
        for _ in range(task.count):
            task.checksum += look()
        task.stop()


def w3_stream(task):
    with psycopg.connect('', autocommit=True) as on:
        cursor = on.cursor(binary=True)
        task.start()
        for row in cursor.stream(f'{SELECT} LIMIT {task.count}', binary=True):
            task.checksum += digest(*row)
        task.stop()


def w3_vector(task):
    with psycopg.connect('', autocommit=True) as on:
        cursor = on.cursor(binary=True, row_factory=class_row(Row))
        task.start()
        rows = cursor.execute(f'{SELECT} LIMIT {task.count}').fetchall()
        task.stop()
        for row in rows:
            task.checksum += digest(row.id, row.name, row.score, row.at)


def load(task, into):
    with psycopg.connect('') as on:
        into(on, make_rows(1, task.warm_up))
        rows = make_rows(task.warm_up + 1, task.count)
        task.start()
        into(on, rows)
        task.stop()


def w4_copy(task):
    def into(on, rows):
        with on.cursor() as cursor:
            with cursor.copy('COPY bench_load (id, name, score, at) FROM STDIN (FORMAT binary)') as copy:
                copy.set_types(['int8', 'text', 'float8', 'timestamptz'])
                for row in rows:
                    copy.write_row(row)
        on.commit()

    load(task, into)


def w4_statements(task):
    def into(on, rows):
        with on.cursor() as cursor:
            cursor.executemany(INSERT.format('bench_load'), rows)
        on.commit()

    load(task, into)


def w7(task):
    from psycopg_pool import ConnectionPool

    with ConnectionPool('', min_size=task.threads, max_size=task.threads) as pool:
        pool.wait()
        each = task.count // task.threads
        task.count = each * task.threads
        had = [0] * task.threads
        ready = threading.Barrier(task.threads + 1)

        def use(thread):
            for _ in range(task.warm_up):
                pool.putconn(pool.getconn())
            ready.wait()
            ready.wait()
            mine = 0
            for _ in range(each):
                on = pool.getconn()
                mine += on is not None
                pool.putconn(on)
            had[thread] = mine

        threads = [threading.Thread(target=use, args=(number,)) for number in range(task.threads)]
        for thread in threads:
            thread.start()
        ready.wait()
        task.start()
        ready.wait()
        for thread in threads:
            thread.join()
        task.stop()
        task.checksum = sum(had)


async def w8(task):
    from psycopg_pool import AsyncConnectionPool

    async with AsyncConnectionPool('', min_size=LINES, max_size=LINES, kwargs={'autocommit': True}) as pool:
        await pool.wait()

        async def look(number):
            async with pool.connection() as on:
                cursor = on.cursor(binary=True, row_factory=class_row(Row))
                await cursor.execute(SELECT + ' WHERE id = %b', (number,), prepare=True)
                row = await cursor.fetchone()
            return digest(row.id, row.name, row.score, row.at)

        await by_callers(task, look)


main({'w1': w1, 'w2': w2, 'w3_stream': w3_stream, 'w3_vector': w3_vector, 'w4_copy': w4_copy,
      'w4_statements': w4_statements, 'w7': w7, 'w8': lambda task: asyncio.run(w8(task))},
     f'psycopg {psycopg.__version__} (libpq by {psycopg.pq.__impl__})')
