"""What needs no PostgreSQL beside it: the accept path, admission, memory, idle connections, and the engines by themselves."""

import json
import os
import resource
import socket
import statistics
import subprocess
import tempfile
import time

from rig import load, nginx, penstock, rss_megabytes


def accept(build, options, table):
    ours, theirs = [], []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            server = nginx(folder, os.cpu_count())
            load(server, 1)
            theirs.append(load(server, options.seconds))
            server.stop()
        with tempfile.TemporaryDirectory() as folder:
            server = penstock(build, folder, "memory-queue.max_events=4000000", "memory-queue.max_bytes=8GB", WORKER_ENABLED="false")
            load(server, 1)
            ours.append(load(server, options.seconds))
            server.stop()
    rate = statistics.median(run["rate"] for run in ours)
    peer = statistics.median(run["rate"] for run in theirs)
    cpu = statistics.median(run["cpu_us"] for run in ours)
    peer_cpu = statistics.median(run["cpu_us"] for run in theirs)
    errors = sum(run["errors"] for run in ours)
    table.add("CPU per accepted request", f"{cpu:.1f} µs (nginx {peer_cpu:.1f} µs)", "≤ 25 µs", cpu / 25, cpu <= 25 and errors == 0)
    table.add("accepted/s, 64 connections", f"{rate:,.0f} (nginx+Lua {peer:,.0f}), {errors} refused", "≥ 0.8 × nginx",
                 rate / peer, rate >= 0.8 * peer and errors == 0)


def admission(build, options, table):
    out = subprocess.run([str(build / "bin" / "admission_bench"), "--benchmark_format=json", "--benchmark_filter=admit(Sms|SmsWithKey|Mms|InboundEmail)$"],
                         capture_output=True, text=True, check=True).stdout
    factor = {"ns": 1e-3, "us": 1, "ms": 1e3}
    for run in json.loads(out)["benchmarks"]:
        micro = run["cpu_time"] * factor[run["time_unit"]]
        table.add(f"admission in Lua: {run['name']}", f"{micro:.2f} µs", "≤ 10 µs", micro / 10, micro <= 10)


def engines(build, options, table):
    for name in ("memory_queue_bench", "sqlite_store_bench", "pg_store_bench"):
        program = build / "bin" / name
        if program.exists():
            subprocess.run([str(program)], check=True)


def idle(build, options, table):
    with tempfile.TemporaryDirectory() as folder:
        server = penstock(build, folder)
        time.sleep(1)
        used = rss_megabytes(server.process.pid)
        server.stop()
    table.add("idle memory, all plugins", f"{used:.1f} MB", "≤ 30 MB", used / 30, used <= 30)


def connections(build, options, table):
    count = 10000
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    with tempfile.TemporaryDirectory() as folder:
        server = penstock(build, folder, "memory-queue.max_events=4000000", "memory-queue.max_bytes=8GB",
                          "http.idle_timeout=10m", WORKER_ENABLED="false")
        load(server, 1, 16)
        baseline = statistics.median(load(server, 3, 16)["p99_ms"] for _ in range(options.rounds))
        before = rss_megabytes(server.process.pid)
        held = []
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", server.port))
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            held.append(client)
        for client in held:
            assert client.recv(4096).startswith(b"HTTP/1.1 200"), "an idle connection was refused"
        each = (rss_megabytes(server.process.pid) - before) * 1024 / count
        loaded = statistics.median(load(server, 3, 16)["p99_ms"] for _ in range(options.rounds))
        for client in held:
            client.close()
        server.stop()
    table.add(f"p99 with {count:,} idle connections", f"{loaded:.2f} ms (without {baseline:.2f} ms; {each:.1f} KB each)",
                 "< 2 × without", loaded / baseline, loaded < 2 * baseline)
