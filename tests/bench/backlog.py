"""How fast events are received and settled with ten thousand, a million and ten million of them waiting."""

import statistics
import subprocess

import peers
from rig import SOURCE, cluster

SLOT_EVENTS = 200_000  # as pg-queue has it by default
PATTERNS = 10_000  # published, then copied; of nearly as many conversations
SLICE = 8000
ROUNDS = 7


def fill(server, database, events):
    sql = (SOURCE / "fill_queue.sql").read_text()
    for name, value in {"EVENTS": events, "SLOT_EVENTS": SLOT_EVENTS}.items():
        sql = sql.replace(f"@{name}@", str(value))
    server.query(database, sql)
    server.query(database, "CHECKPOINT")


def measure(build, options, table):
    program = str(build / "bin" / "pg_queue_bench")

    def run(*words):
        return peers.answer(subprocess.Popen([program, *map(str, words)], stdout=subprocess.PIPE, text=True))

    rates = {}
    for events in options.backlogs:
        with cluster() as server:
            url = server.create("backlog")
            run("publish", url, PATTERNS)
            fill(server, "backlog", events)
            rates[events] = statistics.median(run("backlog", url, SLICE, ROUNDS)["rates"])
    first = next(iter(rates))
    for events, rate in rates.items():
        what = f"receive and settle at a backlog of {events:,}"
        if events == first:
            table.add(what, f"{rate:,.0f}/s")
        else:
            table.add(what, f"{rate:,.0f}/s", f"> 0.9 × at {first:,}", rate / rates[first], rate > 0.9 * rates[first])
