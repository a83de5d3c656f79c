"""200 events a second for minutes: from when each was due to be sent to the commit of the kept message, and what is left
behind dead in every table; the same with a transaction held open throughout, and full speed before it ends."""

import contextlib
import pathlib
import tempfile
import threading
import time

import peers
from pace import post_at
from rig import cluster, load, penstock

RATE = 200
NAMES = {"ours": "Penstock", **peers.QUEUES}
# The tables of the queue; the others of ours are the store's, of theirs nothing but rows is kept.
QUEUES = {"ours": "penstock.queue_", "graphile": "graphile_worker.", "boss": "pgboss."}
KEPT = {"ours": "penstock.messages", "graphile": "kept", "boss": "kept"}
FULL_SPEED_CONNECTIONS = 64


class DeadTuples:
    """Most dead tuples that each table had at once, and those of the queue together; looked at every second."""

    SQL = "SELECT t.schemaname || '.' || t.relname, t.n_dead_tup FROM pg_stat_all_tables t WHERE t.n_dead_tup > 0"

    def __init__(self, server, database, queue):
        self.most, self.total = {}, 0
        self.server, self.database, self.queue = server, database, queue
        self.halt = threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def _watch(self):
        while not self.halt.wait(1):
            total = 0
            for line in self.server.query(self.database, self.SQL).splitlines():
                name, count = line.rsplit("|", 1)
                self.most[name] = max(self.most.get(name, 0), int(count))
                total += int(count) if name.startswith(self.queue) else 0
            self.total = max(self.total, total)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.halt.set()
        self.thread.join()

    def text(self):
        tables = sorted(self.most.items(), key=lambda entry: -entry[1])
        return ", ".join(f"{name} {count:,}" for name, count in tables) or "none"


@contextlib.contextmanager
def service(who, build, url, folder):
    """Two processes: one that accepts and one that works off."""
    if who == "ours":
        backends = {"QUEUE_BACKEND": "pg", "STORE_BACKEND": "pg", "DATABASE_URL": url}
        folders = [pathlib.Path(folder) / name for name in ("api", "worker")]
        for one in folders:
            one.mkdir()
        with (penstock(build, folders[0], config="api", **backends) as api,
              penstock(build, folders[1], config="worker", ready="/metrics", **backends)):
            yield api
    else:
        with peers.Worker(who, url, folder), peers.accepting(who, url, folder) as api:
            yield api


def latencies(server, database, kept):
    """p50, p95 and p99 of the time from when a message was due until its row was committed, in ms, and how many rows there are."""
    took = "extract(epoch FROM pg_xact_commit_timestamp(k.xmin) - k.\"timestamp\") * 1000"
    line = server.query(database, f"SELECT count(*), percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY {took}) FROM {kept} k")
    count, values = line.split("|")
    return int(count), [float(value) for value in values.strip("{}").split(",")]


def run(who, build, options, held):
    """What one of them does at the steady rate, and at full speed after that."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(cluster("track_commit_timestamp = on"))
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        url = server.create("steady")
        api = stack.enter_context(service(who, build, url, folder))
        post_at(api.port, RATE, 2)
        if held:
            stack.enter_context(server.transaction("steady", "SELECT txid_current()"))
        with DeadTuples(server, "steady", QUEUES[who]) as dead:
            sent = post_at(api.port, RATE, options.minutes * 60)
            time.sleep(2)  # the last ones are kept, and what is dead is counted
        count, (p50, p95, p99) = latencies(server, "steady", KEPT[who])
        full = load(api, options.seconds, FULL_SPEED_CONNECTIONS)
        return {"p50": p50, "p95": p95, "p99": p99, "dead": dead, "refused": sent["refused"], "latest": sent["latest"],
                "lost": sent["accepted"] + 2 * RATE - count, "full": full["rate"]}


def measure(build, options, table):
    for who in ["ours", *peers.present(table, peers.QUEUES)]:
        if who not in options.systems:
            continue
        results = {held: run(who, build, options, held) for held in (False, True)}
        for held, result in results.items():
            ours = who == "ours"
            what = f"{NAMES[who]}, {RATE}/s for {options.minutes:g} min" + (", transaction held" if held else "")
            good = result["p95"] <= 25 and result["lost"] == 0 and result["refused"] == 0
            table.add(f"{what}: end to end",
                      f"p50 {result['p50']:.1f} ms, p95 {result['p95']:.1f} ms, p99 {result['p99']:.1f} ms, {result['refused']} refused, "
                      f"{result['lost']} not kept", "p95 ≤ 25 ms" if ours else "", result["p95"] / 25 if ours else None,
                      good if ours else None)
            dead = result["dead"].total
            table.add(f"{what}: dead tuples of the queue", f"{dead:,}", "< 1,000" if ours else "", dead / 1000 if ours else None,
                      dead < 1000 if ours else None)
            table.note(f"Most dead tuples at once, {what}: {result['dead'].text()}. Latest post {result['latest'] * 1000:.0f} ms late.")
        free, held = results[False]["full"], results[True]["full"]
        table.add(f"{NAMES[who]}, full speed after it, transaction held", f"{held:,.0f}/s accepted (without {free:,.0f}/s)",
                  "≥ 0.9 × without" if who == "ours" else "", held / free, held >= 0.9 * free if who == "ours" else None)
