"""Measures the budgets of the design, each beside its peer or limit in one run, and prints them as a table.

Usage: report.py --build build/release [--only durable,drain,…] [--seconds 4] [--rounds 3] [--events 100000] [--minutes 0.5]
                 [--messages 5000] [--backlogs 10000,1000000] [--systems ours,graphile,boss] [--markdown]
All traffic stays on loopback and is bounded in count and time; each part can be made alone. Exit status 0 even when a
budget is missed: a benchmark reports, it does not decide.
"""
import argparse
import pathlib
import signal
import sys

import backlog
import delivery
import drain
import durable
import local
import memory
import steady
from rig import Table

MEASUREMENTS = {"admission": local.admission, "accept": local.accept, "idle": local.idle, "connections": local.connections,
                "durable": durable.measure, "drain": drain.measure, "steady": steady.measure, "backlog": backlog.measure,
                "memory": memory.measure, "delivery": delivery.measure, "engines": local.engines}


def words(text):
    return text.split(",")


def numbers(text):
    return [int(word) for word in words(text)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--only", type=words, default=list(MEASUREMENTS), help="parts: " + ", ".join(MEASUREMENTS))
    parser.add_argument("--seconds", type=int, default=4, help="of one run of wrk or pgbench")
    parser.add_argument("--rounds", type=int, default=3, help="of which the middle counts: accept, connections")
    parser.add_argument("--events", type=int, default=100_000, help="drain: published and drained")
    parser.add_argument("--minutes", type=float, default=0.5, help="steady, memory and delivery: of each run")
    parser.add_argument("--messages", type=int, default=5000,
                        help="delivery: to a receiver that answers after 500 ms; four times as many to one that answers at once")
    parser.add_argument("--backlogs", type=numbers, default=[10_000, 1_000_000], help="backlog: events that wait, the first for comparison")
    parser.add_argument("--systems", type=words, default=list(steady.NAMES), help="drain and steady: " + ", ".join(steady.NAMES))
    parser.add_argument("--markdown", action="store_true", help="the table as Markdown")
    options = parser.parse_args()
    for unknown in set(options.only) - set(MEASUREMENTS):
        parser.error(f"there is no part {unknown}; parts are {', '.join(MEASUREMENTS)}")
    table = Table()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # by way of every finally, so that no server stays behind
    try:
        for name in options.only:
            print(f"measuring: {name}", file=sys.stderr, flush=True)
            MEASUREMENTS[name](options.build.resolve(), options, table)
    finally:
        print(table.markdown() if options.markdown else table.text())


if __name__ == "__main__":
    main()
