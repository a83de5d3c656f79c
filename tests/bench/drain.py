"""Publish and drain: so many events through the engine itself and through the peers' libraries, with an empty handler, by
one and by two processes."""

import subprocess

import peers
from rig import cluster


def start(command):
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def both(publish, prepare, drain, events, processes):
    """Events a second published, then drained by so many processes at once."""
    published = peers.answer(start(publish))
    prepare()
    runs = [peers.answer(one) for one in [start(drain) for _ in range(processes)]]
    drained = sum(run["events"] for run in runs)
    if drained != events:
        raise RuntimeError(f"{drained} of {events} events were drained by {processes} × {drain[:2]}")
    took = max(run["last"] for run in runs) - min(run["first"] for run in runs)
    return events / published["seconds"], drained / took


def rates(build, server, name, count, processes):
    database = f"{name}_{processes}"
    url = server.create(database)
    if name == "ours":
        program = str(build / "bin" / "pg_queue_bench")
        commands = [program, "publish", url, str(count)], lambda: None, [program, "drain", url]
    else:
        # What autovacuum does a while later; ours has to do without, because it is off for its tables of events.
        commands = (peers.command("publish", name, url, count), lambda: server.query(database, "ANALYZE"),
                    peers.command("drain", name, url))
    published, drained = both(*commands, count, processes)
    server.query("postgres", f"DROP DATABASE {database}")
    return published, drained


def measure(build, options, table):
    with cluster() as server:
        for processes in (1, 2):
            published, mine = rates(build, server, "ours", options.events, processes)
            table.add(f"publish and drain of {options.events:,}, processes: {processes}",
                      f"published {published:,.0f}/s, drained {mine:,.0f}/s")
            for peer in peers.present(table, peers.QUEUES):
                if peer not in options.systems:
                    continue
                published, theirs = rates(build, server, peer, options.events, processes)
                judged = peer == "graphile"
                table.add(f"  beside {peers.QUEUES[peer]}", f"published {published:,.0f}/s, drained {theirs:,.0f}/s",
                          "≥ 3 ×" if judged else "", mine / theirs, mine >= 3 * theirs if judged else None)
