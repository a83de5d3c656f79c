"""Measures the budgets of the design that apply, each beside its peer or limit in one run, and prints them as a table.

Usage: report.py --build build/release [--seconds 4] [--rounds 3] [--only accept,idle,…]
All traffic stays on loopback and is bounded in count and time. Exit status 0 even when a budget is missed: a benchmark
reports, it does not decide.
"""
import argparse
import json
import os
import pathlib
import pwd
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(SOURCE.parent / "support"))

from postgres import Postgres  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"{url} does not answer")


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def rss_megabytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


class Server:
    """A started server; knows the processes whose time counts."""

    def __init__(self, command, port, folder, environment=None, ready="/"):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = open(pathlib.Path(folder) / "log", "wb")
        self.process = subprocess.Popen(command, cwd=folder, stdout=self.log, stderr=self.log,
                                        env={**os.environ, **(environment or {})})
        wait_for(self.url + ready)

    def pids(self):
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        return [self.process.pid, *map(int, children)]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        finally:
            if self.process.poll() is None:
                self.process.kill()
            self.log.close()


def penstock(build, folder, *defines, **environment):
    port = free_port()
    settings = {"PORT": str(port), "DATA_DIR": str(folder), "QUEUE_BACKEND": "memory", "STORE_BACKEND": "sqlite", **environment}
    command = [str(build / "bin" / "penstockd")]
    for define in defines:
        command += ["-D", define]
    return Server(command, port, folder, settings, "/readyz")


def nginx(folder, workers):
    os.chmod(folder, 0o755)
    port = free_port()
    text = (SOURCE / "nginx" / "nginx.conf.in").read_text()
    for name, value in {"WORKERS": workers, "FOLDER": folder, "PORT": port, "SOURCE": SOURCE / "nginx"}.items():
        text = text.replace(f"@{name}@", str(value))
    if os.getuid() == 0:
        text = f"user {pwd.getpwuid(0).pw_name};\n" + text
    configuration = pathlib.Path(folder) / "nginx.conf"
    configuration.write_text(text)
    return Server(["nginx", "-p", str(folder), "-c", str(configuration)], port, folder)


def load(server, seconds, connections=64):
    """One wrk run: requests a second, CPU microseconds a request, latencies."""
    before = cpu_seconds(server.pids())
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(SOURCE / "post.lua"), server.url],
                         capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(server.pids()) - before
    result = json.loads(next(line for line in out.splitlines() if line.startswith("JSON "))[5:])
    return {"rate": result["requests"] / (result["duration_us"] / 1e6), "cpu_us": used * 1e6 / result["requests"],
            "p50_ms": result["p50_us"] / 1000, "p99_ms": result["p99_us"] / 1000, "errors": result["errors"]}


def accept(build, options, rows):
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
    rows.append(("CPU per accepted request", f"{cpu:.1f} µs (nginx {peer_cpu:.1f} µs)", "≤ 25 µs", f"{cpu / 25:.2f}", cpu <= 25 and errors == 0))
    rows.append(("accepted/s, 64 connections", f"{rate:,.0f} (nginx+Lua {peer:,.0f}), {errors} refused", "≥ 0.8 × nginx",
                 f"{rate / peer:.2f}", rate >= 0.8 * peer and errors == 0))


def admission(build, options, rows):
    out = subprocess.run([str(build / "bin" / "admission_bench"), "--benchmark_format=json", "--benchmark_filter=admit(Sms|SmsWithKey|Mms|InboundEmail)$"],
                         capture_output=True, text=True, check=True).stdout
    factor = {"ns": 1e-3, "us": 1, "ms": 1e3}
    for run in json.loads(out)["benchmarks"]:
        micro = run["cpu_time"] * factor[run["time_unit"]]
        rows.append((f"admission in Lua: {run['name']}", f"{micro:.2f} µs", "≤ 10 µs", f"{micro / 10:.2f}", micro <= 10))


def engines(build, options, rows):
    for name in ("memory_queue_bench", "sqlite_store_bench", "pg_store_bench"):
        program = build / "bin" / name
        if program.exists():
            subprocess.run([str(program)], check=True)


def idle(build, options, rows):
    with tempfile.TemporaryDirectory() as folder:
        server = penstock(build, folder)
        time.sleep(1)
        used = rss_megabytes(server.process.pid)
        server.stop()
    rows.append(("idle memory, all plugins", f"{used:.1f} MB", "≤ 30 MB", f"{used / 30:.2f}", used <= 30))


def connections(build, options, rows):
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
    rows.append((f"p99 with {count:,} idle connections", f"{loaded:.2f} ms (without {baseline:.2f} ms; {each:.1f} KB each)",
                 "< 2 × without", f"{loaded / baseline:.2f}", loaded < 2 * baseline))


RAW_TABLES = """
CREATE TABLE raw_keys (key uuid PRIMARY KEY, fingerprint uuid NOT NULL, id uuid NOT NULL, known_until timestamptz NOT NULL);
CREATE TABLE raw_events (sequence bigserial PRIMARY KEY, partition smallint NOT NULL, published_at timestamptz NOT NULL,
  id uuid NOT NULL, key uuid NOT NULL, fingerprint uuid NOT NULL, conversation uuid NOT NULL, event text NOT NULL);
"""
RAW_INSERT = """
WITH fresh AS (SELECT gen_random_uuid() AS key FROM generate_series(1, 256)),
keys AS (INSERT INTO raw_keys SELECT key, key, key, now() FROM fresh)
INSERT INTO raw_events (partition, published_at, id, key, fingerprint, conversation, event)
SELECT 1, now(), key, key, key, key, repeat('x', 640) FROM fresh;
"""


def durable(build, options, rows):
    """Accepts that are committed in PostgreSQL, workers stopped, against bare inserts of batches of 256 such rows."""
    with tempfile.TemporaryDirectory(prefix="pg-") as own:
        server = Postgres(own, ["fsync = on", "shared_buffers = 256MB", "max_wal_size = 4GB"])
        try:
            server.create("raw")
            server.query("raw", RAW_TABLES)
            script = pathlib.Path(own) / "raw.sql"
            script.write_text(RAW_INSERT.replace("\n", " ").strip())
            out = subprocess.run(["pgbench", "-n", "-M", "prepared", "-f", str(script), "-c1", f"-T{options.seconds}", "-h", own,
                                  "-U", "penstock", "raw"], capture_output=True, text=True, check=True).stdout
            limit = 256 * float(next(line for line in out.splitlines() if line.startswith("tps")).split()[2])
            for connections in (16, 64, 256):
                with tempfile.TemporaryDirectory() as folder:
                    url = server.create(f"durable_{connections}")
                    service = penstock(build, folder, QUEUE_BACKEND="pg", STORE_BACKEND="pg", DATABASE_URL=url,
                                       WORKER_ENABLED="false")
                    load(service, 1, connections)
                    run = load(service, options.seconds, connections)
                    service.stop()
                rows.append((f"durable accepts/s, PostgreSQL, {connections} connections",
                             f"{run['rate']:,.0f}, p50 {run['p50_ms']:.1f} ms, p99 {run['p99_ms']:.1f} ms (bare inserts "
                             f"{limit:,.0f}), {run['errors']} refused", "≥ 0.5 × bare inserts", f"{run['rate'] / limit:.2f}",
                             run["rate"] >= 0.5 * limit and run["errors"] == 0))
        finally:
            server.end()


MEASUREMENTS = {"admission": admission, "accept": accept, "idle": idle, "connections": connections, "durable": durable, "engines": engines}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(MEASUREMENTS))
    options = parser.parse_args()
    rows = []
    for name in options.only.split(","):
        MEASUREMENTS[name](options.build.resolve(), options, rows)
    header = ("what", "measured", "must reach", "ratio", "")
    table = [header, *[(*row[:4], "ok" if row[4] else "MISSED") for row in rows]]
    widths = [max(len(row[column]) for row in table) for column in range(5)]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


if __name__ == "__main__":
    main()
