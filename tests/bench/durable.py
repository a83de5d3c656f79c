"""Accepts that are committed in PostgreSQL: at 16, 64 and 256 connections beside the peers and the limit, bare inserts of
batches of rows of the same size with the same indexes; and with the workers persisting beside it."""

import pathlib
import subprocess
import tempfile

import peers
from rig import cluster, load, penstock

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


def peer_rates(table, server, seconds, connections):
    runs = {}
    for peer in peers.present(table, peers.ACCEPTING):
        with tempfile.TemporaryDirectory() as folder:
            url = server.create(f"{peer}_{connections}")
            with peers.accepting(peer, url, folder) as service:
                load(service, 1, connections)
                runs[peer] = load(service, seconds, connections)
        run = runs[peer]
        table.add(f"  {peers.ACCEPTING[peer]}, {connections} connections",
                  f"{run['rate']:,.0f}/s, p50 {run['p50_ms']:.1f} ms, p99 {run['p99_ms']:.1f} ms, {run['errors']} refused")
    return runs


def event_size(server, database):
    """Bytes of an event as the queue keeps it."""
    return int(server.query(database, "SELECT avg(octet_length(event))::integer FROM penstock.queue_events_0"))


def measure(build, options, table):
    with cluster() as server:
        runs = {count: ours(build, server, f"ours_{count}", options.seconds, count, False) for count in (16, 64, 256)}
        limit = bare_inserts(server, options.seconds, event_size(server, "ours_16"))
        for count, run in runs.items():
            what = f"durable accepts/s, {count} connections"
            table.add(what, f"{run['rate']:,.0f}/s, p50 {run['p50_ms']:.1f} ms, p99 {run['p99_ms']:.1f} ms, {run['errors']} refused "
                      f"(bare inserts {limit:,.0f}/s)", "≥ 0.5 × bare inserts", run["rate"] / limit,
                      run["rate"] >= 0.5 * limit and run["errors"] == 0)
            if count == 64:
                table.add("durable accept p99, 64 connections", f"{run['p99_ms']:.1f} ms", "≤ 40 ms", run["p99_ms"] / 40,
                          run["p99_ms"] <= 40)
            beside = peer_rates(table, server, options.seconds, count)
            libraries = {peer: beside[peer]["rate"] for peer in peers.QUEUES if peer in beside}
            if libraries:
                best = max(libraries.values())
                table.add(f"{what}, beside the better library", f"{run['rate']:,.0f}/s against {best:,.0f}/s", "≥ 20 × at 64",
                          run["rate"] / best, run["rate"] >= 20 * best if count == 64 else None)
                if count == 64:
                    busy = ours(build, server, "ours_busy", options.seconds, 64, True)
                    table.add(f"{what}, workers persisting",
                              f"{busy['rate']:,.0f}/s accepted, {busy['persisted']:,.0f}/s persisted, p99 {busy['p99_ms']:.1f} ms",
                              "≥ 10 × at 64", busy["rate"] / best, busy["rate"] >= 10 * best and busy["errors"] == 0)
