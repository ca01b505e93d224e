"""What is measured: each workload with its variants, sizes and goals.

A variant's figure is its time per operation, divided by the base's in the same round and placement.
"""

import dataclasses

# Placements: where client and server run. The delayed one is as `2c`, the server 1.27 ms away.
PLACEMENTS = {'1c': 'one core', '2c': 'a core each', 'away': '1.27 ms away', '1 thread': '1 thread',
              '4 threads': '4 threads', 'C++20': 'C++20', 'C++23': 'C++23'}
TRIP = 1270  # microseconds


@dataclasses.dataclass
class Variant:
    """`client` is a program or a compiled file's library, `name` what it is asked for."""
    client: str
    name: str
    label: str
    goal: dict = dataclasses.field(default_factory=dict)  # placement: greatest ratio
    share: int = 1  # does 1/share of the operations: for what is much slower


@dataclasses.dataclass
class Workload:
    """`check` says how the checksum is proved; the first variant is the base."""
    key: str
    title: str
    unit: str
    placements: dict  # placement: operations
    variants: list
    check: str
    warm_up: int = 0
    memory: bool = False
    quick: int = 50  # the smoke run does 1/quick of the operations


ROWS = 1_000_000
RECORDS = 100_000

WORKLOADS = [
    Workload(
        'W1', 'One INSERT in a transaction of its own', 'us', {'1c': 4000, '2c': 4000, 'away': 100},
        [Variant('raw', 'w1_pipeline', 'libpq by hand, one trip'),
         Variant('raw', 'w1_two_trips', 'libpq by hand, two trips'),
         Variant('raw', 'w1_three_trips', 'libpq by hand, three trips'),
         Variant('pqscope', 'w1_connection', 'pqscope, connection', {'1c': 1.70, '2c': 1.95, 'away': 2.0}),
         Variant('pqscope', 'w1_pool', 'pqscope, pool', {'1c': 1.70, '2c': 1.95, 'away': 2.0}),
         Variant('pqscope', 'w1_engine', 'pqscope, engine', {'1c': 1.70, '2c': 1.95, 'away': 2.0}),
         Variant('pqscope', 'w1_deferred', 'pqscope, engine, deferred', {'1c': 1.10, '2c': 1.10, 'away': 1.10}),
         Variant('pqxx', 'w1', 'libpqxx'),
         Variant('psycopg', 'w1', 'psycopg 3', share=2),
         Variant('asyncpg', 'w1', 'asyncpg', share=2)],
        'insert', warm_up=200),
    Workload(
        'W2', 'A row by its key, into a struct', 'us', {'1c': 20_000, '2c': 20_000},
        [Variant('raw', 'w2', 'libpq by hand'),
         Variant('raw', 'w2_pipelined', 'libpq by hand, ten in a pipeline'),
         Variant('pqscope', 'w2', 'pqscope', {'1c': 1.02, '2c': 1.02}),
         Variant('pqscope', 'w2_spin', 'pqscope, spin 100 us', {'2c': 0.45}),
         Variant('pqxx', 'w2', 'libpqxx'),
         Variant('psycopg', 'w2', 'psycopg 3', share=4),
         Variant('asyncpg', 'w2', 'asyncpg', share=4)],
        'lookups', warm_up=500),
    Workload(
        'W3 stream', '1,000,000 rows as they arrive', 'us', {'1c': ROWS, '2c': ROWS},
        [Variant('raw', 'w3_stream', 'libpq by hand'),
         Variant('raw', 'w3_copy', 'libpq by hand, COPY'),
         Variant('pqscope', 'w3_stream', 'pqscope, stream', {'1c': 1.05, '2c': 1.05}),
         Variant('pqscope', 'w3_copy', 'pqscope, copy_out'),
         Variant('pqxx', 'w3_stream', 'libpqxx, stream_from'),
         Variant('psycopg', 'w3_stream', 'psycopg 3, stream', share=20),
         Variant('asyncpg', 'w3_stream', 'asyncpg, cursor', share=5)],
        'rows', memory=True),
    Workload(
        'W3 vector', '1,000,000 rows into a vector of structs', 'us', {'1c': ROWS, '2c': ROWS},
        [Variant('raw', 'w3_vector', 'libpq by hand, as they arrive'),
         Variant('raw', 'w3_vector_whole', 'libpq by hand, a whole result first'),
         Variant('pqscope', 'w3_vector', 'pqscope, stream().all()', {'1c': 1.05, '2c': 1.05}),
         Variant('pqscope', 'w3_vector_query', 'pqscope, query().all()', {'1c': 1.05, '2c': 1.05}),
         Variant('pqxx', 'w3_vector', 'libpqxx, exec'),
         Variant('psycopg', 'w3_vector', 'psycopg 3, fetchall', share=20),
         Variant('asyncpg', 'w3_vector', 'asyncpg, fetch', share=5)],
        'rows', memory=True),
    Workload(
        'W4 copy', '100,000 rows in by COPY', 'us', {'1c': RECORDS, '2c': RECORDS},
        [Variant('raw', 'w4_copy', 'libpq by hand'),
         Variant('pqscope', 'w4_copy', 'pqscope, copy_in', {'1c': 1.05, '2c': 1.05}),
         Variant('pqxx', 'w4_copy', 'libpqxx, stream_to'),
         Variant('psycopg', 'w4_copy', 'psycopg 3, copy', share=4),
         Variant('asyncpg', 'w4_copy', 'asyncpg, copy_records_to_table')],
        'load', warm_up=100, memory=True),
    Workload(
        'W4 many', '100,000 rows in by INSERT', 'us', {'1c': RECORDS, '2c': RECORDS},
        [Variant('raw', 'w4_pipeline', 'libpq by hand, pipeline'),
         Variant('raw', 'w4_unnest', 'libpq by hand, unnest'),
         Variant('raw', 'w4_copy', 'libpq by hand, COPY'),
         Variant('pqscope', 'w4_execute_many', 'pqscope, execute_many', {'1c': 1.05, '2c': 1.05}),
         Variant('pqxx', 'w4_statements', 'libpqxx, one by one', share=4),
         Variant('psycopg', 'w4_statements', 'psycopg 3, executemany', share=20),
         Variant('asyncpg', 'w4_statements', 'asyncpg, executemany', share=2)],
        'load', warm_up=100, memory=True),
    Workload(
        'W5 add', '10,000 objects added in a unit of work', 'us', {'1c': 200_000, '2c': 200_000},
        [Variant('raw', 'w5_add', 'libpq by hand, unnest'),
         Variant('raw', 'w5_add_from', 'libpq by hand, unnest in FROM'),
         Variant('raw', 'w5_add_one_by_one', 'libpq by hand, pipeline'),
         Variant('pqscope', 'w5_add', 'pqscope, add', {'1c': 1.15, '2c': 1.15}),
         Variant('sqlalchemy', 'w5_add', 'SQLAlchemy, add_all', share=10)],
        'objects', warm_up=10_000, memory=True, quick=100),
    Workload(
        'W5 load', '10,000 objects read back', 'us', {'1c': 400_000, '2c': 400_000},
        [Variant('raw', 'w5_load', 'libpq by hand, as they arrive'),
         Variant('raw', 'w5_load_whole', 'libpq by hand, a whole result'),
         Variant('pqscope', 'w5_load', 'pqscope, select().all()', {'1c': 1.15, '2c': 1.15}),
         Variant('pqscope', 'w5_tracked', 'pqscope, track'),
         Variant('sqlalchemy', 'w5_load', 'SQLAlchemy, scalars().all()', share=20)],
        'loads', warm_up=10_000, memory=True, quick=100),
    Workload(
        'W6 include', 'Compiling a file that includes all of the library', 's', {'C++20': 1, 'C++23': 1},
        [Variant('compile', 'base', '<libpq-fe.h> and five standard headers'),
         Variant('compile', 'pqscope_include', 'pqscope', {'C++20': 1.5, 'C++23': 1.5}),
         Variant('compile', 'pqxx_include', 'libpqxx')],
        'compile', quick=1),
    Workload(
        'W6 program', 'Compiling a program of an INSERT and a SELECT', 's', {'C++20': 1, 'C++23': 1},
        [Variant('compile', 'base_program', 'libpq by hand'),
         Variant('compile', 'pqscope_program', 'pqscope'),
         Variant('compile', 'pqxx_program', 'libpqxx')],
        'compile', quick=1),
    Workload(
        'W6 queries', 'Compiling a program of ten structs and thirty queries', 's', {'C++20': 1, 'C++23': 1},
        [Variant('compile', 'pqscope_text', 'pqscope, SQL text'),
         Variant('compile', 'pqscope_mapped', 'pqscope, mapped structs', {'C++20': 2.0, 'C++23': 2.0})],
        'compile', quick=1),
    Workload(
        'W7', 'Taking a connection from a pool and giving it back', 'ns',
        {'1 thread': 2_000_000, '4 threads': 4_000_000},
        [Variant('raw', 'w7', 'mutex and vector'),
         Variant('pqscope', 'w7_unchecked', 'pqscope, no health check', {'1 thread': 2.0, '4 threads': 1.2}),
         Variant('pqscope', 'w7', 'pqscope, by default'),
         Variant('psycopg', 'w7', 'psycopg_pool', share=100),
         Variant('asyncpg', 'w7', 'asyncpg', share=100)],
        'count', warm_up=1000, quick=100),
    Workload(
        'W8', '32 callers with a row by its key each, on 8 connections and one thread', 'us',
        {'1c': 40_000, '2c': 40_000},
        [Variant('pgbench', 'w8', 'pgbench'),
         Variant('raw', 'w8', 'libpq by hand, epoll'),
         Variant('raw', 'w8_four_at_once', 'libpq by hand, four in each pipeline'),
         Variant('pqscope', 'w8', 'pqscope, operations in coroutines', {'1c': 1.05, '2c': 1.05}),
         Variant('pqscope', 'w8_asio', 'pqscope, async::engine on Asio', {'1c': 1.05, '2c': 1.05}),
         Variant('pqscope', 'w8_shared', 'pqscope, shared connections', {'1c': 0.56, '2c': 0.56}),
         Variant('pqscope', 'w8_shared_spin', 'pqscope, shared connections, spin 20 us'),
         Variant('psycopg', 'w8', 'psycopg 3', share=10),
         Variant('asyncpg', 'w8', 'asyncpg', share=10)],
        'lookups', warm_up=1000),
]
