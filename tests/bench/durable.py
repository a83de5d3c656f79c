"""Accepts that are committed in PostgreSQL: at 16, 64 and 256 connections beside the peers and the limit, bare inserts of
batches of rows of the same size with the same indexes; and with the workers persisting beside it."""

import pathlib
import subprocess
import tempfile

import peers
from rig import cluster, load, penstock

JUDGED = 64  # connections that the budgets speak of

TABLES = """
CREATE TABLE raw_keys (key uuid PRIMARY KEY, fingerprint uuid NOT NULL, id uuid NOT NULL, known_until timestamptz NOT NULL);
CREATE TABLE raw_events (sequence bigserial PRIMARY KEY, partition smallint NOT NULL, bytes bigint NOT NULL,
  published_at timestamptz NOT NULL, id uuid NOT NULL, key uuid NOT NULL, fingerprint uuid NOT NULL, conversation uuid NOT NULL,
  event text NOT NULL);
"""
INSERT = """
WITH fresh AS (SELECT gen_random_uuid() AS key FROM generate_series(1, 256)),
keys AS (INSERT INTO raw_keys SELECT key, key, key, now() FROM fresh)
INSERT INTO raw_events (partition, bytes, published_at, id, key, fingerprint, conversation, event)
SELECT 1, 640, now(), key, key, key, key, repeat('x', {bytes}) FROM fresh;
"""


def said(run):
    return f"{run['rate']:,.0f}/s, p50 {run['p50_ms']:.1f} ms, p99 {run['p99_ms']:.1f} ms, {run['errors']} refused"


def bare_inserts(server, seconds, size):
    """Rows a second that one session inserts in batches of 256."""
    server.create("raw")
    server.query("raw", TABLES)
    script = pathlib.Path(server.folder) / "raw.sql"
    script.write_text(INSERT.format(bytes=size).replace("\n", " ").strip())
    out = subprocess.run(["pgbench", "-n", "-M", "prepared", "-f", str(script), "-c1", f"-T{seconds}", "-h", str(server.folder),
                          "-U", "penstock", "raw"], capture_output=True, text=True, check=True).stdout
    return 256 * float(next(line for line in out.splitlines() if line.startswith("tps")).split()[2])


def ours(build, server, name, seconds, connections, workers):
    with tempfile.TemporaryDirectory() as folder:
        url = server.create(name)
        with penstock(build, folder, QUEUE_BACKEND="pg", STORE_BACKEND="pg", DATABASE_URL=url,
                      WORKER_ENABLED=str(workers).lower()) as service:
            load(service, 1, connections)
            kept = service.metric("penstock_worker_processed_total")
            run = load(service, seconds, connections)
            run["persisted"] = (service.metric("penstock_worker_processed_total") - kept) / seconds
    return run


def beside(table, server, seconds, connections, mine):
    """The peers' rates, each with ours as its multiple; the better one of the libraries."""
    best = None
    for peer in peers.present(table, peers.ACCEPTING):
        with tempfile.TemporaryDirectory() as folder:
            url = server.create(f"{peer}_{connections}")
            with peers.accepting(peer, url, folder) as service:
                load(service, 1, connections)
                run = load(service, seconds, connections)
        judged = connections == JUDGED and peer in peers.QUEUES
        if peer in peers.QUEUES:
            best = max(best or 0, run["rate"])
        table.add(f"  beside {peers.ACCEPTING[peer]}", said(run), "≥ 20 ×" if judged else "", mine / run["rate"],
                  mine >= 20 * run["rate"] if judged else None)
    return best


def event_size(server, database):
    """Bytes of an event as the queue keeps it."""
    return int(server.query(database, "SELECT avg(octet_length(event))::integer FROM penstock.queue_events_0"))


def measure(build, options, table):
    with cluster() as server:
        runs = {count: ours(build, server, f"ours_{count}", options.seconds, count, False) for count in (16, 64, 256)}
        limit = bare_inserts(server, options.seconds, event_size(server, "ours_16"))
        for count, run in runs.items():
            judged = count == JUDGED
            table.add(f"durable accepts, {count} connections", said(run), "p99 ≤ 40 ms" if judged else "",
                      run["p99_ms"] / 40 if judged else None, run["p99_ms"] <= 40 and run["errors"] == 0 if judged else None)
            table.add("  beside bare inserts", f"{limit:,.0f}/s", "≥ 0.5 ×" if judged else "", run["rate"] / limit,
                      run["rate"] >= 0.5 * limit if judged else None)
            best = beside(table, server, options.seconds, count, run["rate"])
            if judged:
                busy = ours(build, server, "ours_busy", options.seconds, count, True)
                table.add(f"durable accepts, {count} connections, workers persisting",
                          f"{said(busy)}, {busy['persisted']:,.0f}/s persisted")
                if best:
                    table.add("  beside the better library, which only accepts", f"{best:,.0f}/s", "≥ 10 ×", busy["rate"] / best,
                              busy["rate"] >= 10 * best and busy["errors"] == 0)
