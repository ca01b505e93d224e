"""The tables and their data; clients/bench.hpp says the same in C++."""

TABLES = """
CREATE TABLE bench_rows (id int8 NOT NULL, name text NOT NULL, score float8 NOT NULL, at timestamptz NOT NULL);
CREATE TABLE bench_insert (LIKE bench_rows, PRIMARY KEY (id));
CREATE UNLOGGED TABLE bench_load (LIKE bench_rows);
"""

# The rows with the ids from {first} to {last}.
ROW_QUERY = """
SELECT id::int8, 'row-' || lpad(id::text, 16, '0') AS name, id * 0.5::float8 + 0.25 AS score,
       timestamptz '2024-01-01 00:00:00+00' + id * interval '1.000001 s' AS at
  FROM generate_series({first}, {last}) id
"""


def digest(number):
    """The checksum of the row with this id."""
    minute = number * 1_000_001 % 60_000_000
    return number + 20 + ord(str(number)[-1]) + int((number * 0.5 + 0.25) * 4) + minute


class RandomIds:
    """Ids in 1 .. rows, the same in every client."""

    def __init__(self, rows):
        self.rows = rows
        self.state = 1

    def next(self):
        self.state = (self.state * 1_103_515_245 + 12_345) % 2_147_483_648
        return 1 + (self.state >> 8) % self.rows


def expected_rows(rows):
    """What reading all of `bench_rows` sums up to."""
    return sum(map(digest, range(1, rows + 1))) % 2**64


def expected_lookups(rows, count, warm_up):
    """What `count` lookups after `warm_up` sum up to."""
    ids = RandomIds(rows)
    for _ in range(warm_up):
        ids.next()
    return sum(digest(ids.next()) for _ in range(count)) % 2**64


def table_digest(source):
    """A query for a checksum over every field of a table, or of a query in parentheses."""
    return f"SELECT count(*) || '/' || coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {source} t"
