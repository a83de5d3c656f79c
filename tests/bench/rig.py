"""What the parts of the report measure with: servers, their processes, PostgreSQL clusters on disk, and the table."""

import contextlib
import os
import pathlib
import pwd
import signal
import socket
import subprocess
import sys
import tempfile
import time
import typing
import urllib.error
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parent
ROOT = SOURCE.parents[1]
sys.path.insert(0, str(SOURCE.parent / "support"))

from postgres import Postgres  # noqa: E402
from wrk import wrk  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")


class Row(typing.NamedTuple):
    """A line of the table. `ratio` is what the budget is stated in, or measured by budget; `kept` None: no budget."""

    what: str
    measured: str
    target: str = ""
    ratio: float | None = None
    kept: bool | None = None


class Table:
    def __init__(self):
        self.rows = []
        self.notes = []

    def add(self, *fields, **named):
        self.rows.append(Row(*fields, **named))

    def note(self, text):
        """A line below the table, once."""
        if text not in self.notes:
            self.notes.append(text)

    def cells(self):
        verdict = {None: "", True: "ok", False: "MISSED"}
        yield ("what", "measured", "must reach", "ratio", "")
        for row in self.rows:
            yield (row.what, row.measured, row.target, "" if row.ratio is None else f"{row.ratio:.2f}", verdict[row.kept])

    def text(self):
        cells = list(self.cells())
        widths = [max(len(row[column]) for row in cells) for column in range(5)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells]
        return "\n".join([*lines, *(f"\n{note}" for note in self.notes)])

    def markdown(self):
        lines = ["| " + " | ".join(row) + " |" for row in self.cells()]
        return "\n".join([lines[0], "|---|---|---|---|---|", *lines[1:], *(f"\n{note}" for note in self.notes)])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url, process, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError as answer:
            if answer.code < 500:
                return
        except OSError:
            pass
        time.sleep(0.02)
    raise RuntimeError(f"{url} does not answer")


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def memory_megabytes(pid, figure):
    """Of the process: VmRSS, resident now, or VmHWM, the most so far."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{figure}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {figure}")


def rss_megabytes(pid):
    return memory_megabytes(pid, "VmRSS")


class Server:
    """A started server; knows the processes whose time counts."""

    def __init__(self, command, port, folder, environment=None, ready="/"):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log_file = pathlib.Path(folder) / f"log-{port}"
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log,
                                            env={**os.environ, **(environment or {})})
        try:
            wait_for(self.url + ready, self.process)
        except RuntimeError as failure:
            self.stop()
            raise RuntimeError(f"{failure}:\n{self.log_file.read_text()[-2000:]}") from None

    def pids(self):
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        return [self.process.pid, *map(int, children)]

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return answer.read().decode()

    def metric(self, name):
        """Sum of the series of this name."""
        lines = (line.rsplit(" ", 1) for line in self.get("/metrics").splitlines() if not line.startswith("#"))
        return sum(float(value) for series, value in lines if series.split("{")[0] == name)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def penstock(build, folder, *defines, config="penstock", ready="/readyz", **environment):
    port = free_port()
    settings = {"PORT": str(port), "DATA_DIR": str(folder), "QUEUE_BACKEND": "memory", "STORE_BACKEND": "sqlite", **environment}
    command = [str(build / "bin" / "penstockd"), "--config", str(ROOT / "config" / f"{config}.lua")]
    for define in defines:
        command += ["-D", define]
    return Server(command, port, folder, settings, ready)


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
    """A run of wrk with what it cost the server in CPU microseconds a request."""
    before = cpu_seconds(server.pids())
    run = wrk(server.url, seconds, connections)
    return {**run, "cpu_us": (cpu_seconds(server.pids()) - before) * 1e6 / max(1, run["requests"])}


@contextlib.contextmanager
def cluster(*settings):
    """A PostgreSQL that keeps what it has promised: on disk, with fsync and synchronous_commit."""
    with tempfile.TemporaryDirectory(prefix="pg-") as own:
        server = Postgres(own, ["fsync = on", "synchronous_commit = on", "shared_buffers = 256MB", "max_wal_size = 4GB", *settings])
        try:
            yield server
        finally:
            server.end()
