"""Counts instructions with callgrind and holds them to a budget: instructions.py PROGRAM WORKLOAD

rows        a row of (int8, text of 20, float8, timestamptz) of a result decoded into a struct, libpq's functions
            included, against what a careful program by hand needs
arrivals    such a row read from the server as it arrives, decoded and put into a vector, against the same
statements  a cached statement with one parameter and one row of one value, against the same
selects     a cached statement with one parameter and one such row as above into a struct, against the same

Each is held to the lower of its goal and what has been reached: `held` may only go down.
The difference between two counts of the same work takes connecting and preparing out. Exits with 77 (skipped)
where there is no valgrind.
"""

import os
import re
import shutil
import subprocess
import sys

# workload: goal, held, units of the two counts
BUDGETS = {"rows": (1.10, 0.80, 4000, 12000), "arrivals": (1.10, 0.99, 4000, 12000),
           "statements": (1.05, 1.46, 300, 900), "selects": (1.05, 1.34, 300, 900)}


def count(program, workload, client, number):
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
         program, workload, client, str(number), os.environ["PQSCOPE_TEST_URL"]],
        capture_output=True, text=True, check=True)
    collected = re.search(r"Collected : (\d+)", done.stderr)
    return int(collected.group(1)), done.stdout.strip()


def per_unit(program, workload, client):
    _, _, few, many = BUDGETS[workload]
    # The least of three: what differs is how often the socket had to be asked.
    low = min(count(program, workload, client, few)[0] for _ in range(3))
    high, checksum = min(count(program, workload, client, many) for _ in range(3))
    return (high - low) / (many - few), checksum


def main(program, workload):
    if shutil.which("valgrind") is None:
        print("valgrind is not installed")
        return 77
    goal, held, _, _ = BUDGETS[workload]
    raw, expected = per_unit(program, workload, "raw")
    ours, checksum = per_unit(program, workload, "pqscope")
    print(f"{workload}: {raw:.0f} instructions by hand, {ours:.0f} with pqscope, "
          f"{ours / raw:.3f} of it (held at {held}, goal {goal})")
    if checksum != expected:
        print(f"the checksums differ: {expected} by hand, {checksum} with pqscope")
        return 1
    return 0 if ours <= held * raw else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
