"""asyncpg, as it is packaged."""

import asyncio

import asyncpg

from client import LINES, RandomIds, Row, by_callers, digest, main, make_rows

INSERT = 'INSERT INTO {} (id, name, score, at) VALUES ($1, $2, $3, $4)'
SELECT = 'SELECT id, name, score, at FROM bench_rows'


def asynchronous(run):
    """A variant that has a connection."""

    async def connected(task):
        on = await asyncpg.connect()
        await run(task, on)

    return lambda task: asyncio.run(connected(task))


async def w1(task, on):
    text = INSERT.format('bench_insert')

    async def insert(row):
        async with on.transaction():
            await on.execute(text, *row)

    rows = make_rows(1, task.warm_up + task.count)
    for row in rows[:task.warm_up]:
        await insert(row)
    timed = rows[task.warm_up:]
    task.start()
    for row in timed:
        await insert(row)
    task.stop()


async def w2(task, on):
    ids = RandomIds(task.rows)
    text = SELECT + ' WHERE id = $1'

    async def look():
        row = Row(*await on.fetchrow(text, ids.next()))
        return digest(row.id, row.name, row.score, row.at)

    for _ in range(task.warm_up):
        await look()
    task.start()
    for _ in range(task.count):
        task.checksum += await look()
    task.stop()


async def w3_stream(task, on):
    task.start()
    async with on.transaction():
        async for row in on.cursor(f'{SELECT} LIMIT {task.count}', prefetch=1000):
            task.checksum += digest(*row)
    task.stop()


async def w3_vector(task, on):
    task.start()
    rows = [Row(*record) for record in await on.fetch(f'{SELECT} LIMIT {task.count}')]
    task.stop()
    for row in rows:
        task.checksum += digest(row.id, row.name, row.score, row.at)


async def load(task, into):
    await into(make_rows(1, task.warm_up))
    rows = make_rows(task.warm_up + 1, task.count)
    task.start()
    await into(rows)
    task.stop()


async def w4_copy(task, on):
    async def into(rows):
        await on.copy_records_to_table('bench_load', records=rows, columns=['id', 'name', 'score', 'at'])

    await load(task, into)


async def w4_statements(task, on):
    async def into(rows):
        await on.executemany(INSERT.format('bench_load'), rows)

    await load(task, into)


def w7(task):
    async def run():
        async with asyncpg.create_pool(min_size=task.threads, max_size=task.threads) as pool:
            each = task.count // task.threads
            task.count = each * task.threads

            async def use(count):
                had = 0
                for _ in range(count):
                    async with pool.acquire() as on:
                        had += on is not None
                return had

            await asyncio.gather(*(use(task.warm_up) for _ in range(task.threads)))
            task.start()
            had = await asyncio.gather(*(use(each) for _ in range(task.threads)))
            task.stop()
            task.checksum = sum(had)

    asyncio.run(run())


async def w8(task):
    async with asyncpg.create_pool(min_size=LINES, max_size=LINES) as pool:

        async def look(number):
            async with pool.acquire() as on:
                row = Row(*await on.fetchrow(SELECT + ' WHERE id = $1', number))
            return digest(row.id, row.name, row.score, row.at)

        await by_callers(task, look)


main({'w1': asynchronous(w1), 'w2': asynchronous(w2), 'w3_stream': asynchronous(w3_stream),
      'w3_vector': asynchronous(w3_vector), 'w4_copy': asynchronous(w4_copy),
      'w4_statements': asynchronous(w4_statements), 'w7': w7, 'w8': lambda task: asyncio.run(w8(task))},
     f'asyncpg {asyncpg.__version__}')
