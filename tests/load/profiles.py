"""Load profiles with thresholds: posts to a penstockd of its own at full speed, stage by stage, and checks what a user of it
would see. Ends with a line "N passed, N failed"; exit status 1 when a threshold was missed.

Usage: profiles.py [baseline] [spike] [--queue sqlite|pg] [--seconds 10] [--p99 500] [--rss 256]
All traffic stays on loopback and is bounded in count and time.
"""
import argparse
import contextlib
import pathlib
import signal
import sys
import tempfile
import time
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from driver import Server, until  # noqa: E402
from postgres import Postgres  # noqa: E402
from wrk import wrk  # noqa: E402


class Stage(typing.NamedTuple):
    connections: int
    share: int  # of the profile's time, in --seconds


PROFILES = {
    "baseline": [Stage(50, 1), Stage(100, 1), Stage(200, 4)],   # a ramp, then what is usual
    "spike": [Stage(200, 2), Stage(300, 2), Stage(200, 2)],     # half as much again at once, and back
}
SETTLING_SECONDS = 120


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def that(self, held, sentence):
        self.passed += held
        self.failed += not held
        print(f"  {'ok    ' if held else 'FAILED'} {sentence}", flush=True)


def peak_megabytes(pid):
    """Most resident memory so far."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmHWM")


@contextlib.contextmanager
def service(queue):
    """A penstockd on a free port with a data folder of its own, on disk; and its database when it needs one."""
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = {"QUEUE_BACKEND": queue}
        if queue == "pg":
            own = stack.enter_context(tempfile.TemporaryDirectory(prefix="pg-"))
            server = Postgres(own, ["fsync = on", "shared_buffers = 256MB", "max_wal_size = 4GB"])
            stack.callback(server.end)
            environment |= {"STORE_BACKEND": "pg", "DATABASE_URL": server.create("load")}
        running = Server(folder, environment=environment)
        try:
            until(lambda: running.get("/readyz").status == 200, 30, "readiness")
            yield running
        finally:
            running.stop()


def play(name, options, checks):
    print(f"{name}, queue {options.queue}:", flush=True)
    with service(options.queue) as running:
        runs = []
        for stage in PROFILES[name]:
            run = wrk(f"http://127.0.0.1:{running.port}", stage.share * options.seconds, stage.connections)
            runs.append(run)
            said = f"{stage.connections} connections, {run['rate']:,.0f}/s"
            checks.that(run["requests"] > 0 and run["errors"] == 0, f"{said}: {run['errors']} refused or broken (0)")
            checks.that(run["p99_ms"] <= options.p99, f"{said}: p99 {run['p99_ms']:.1f} ms (≤ {options.p99:g} ms)")
        if name == "spike":
            before, after = runs[0]["p99_ms"], runs[-1]["p99_ms"]
            checks.that(after <= 2 * before, f"after the spike: p99 {after:.1f} ms (≤ 2 × {before:.1f} ms before)")
        peak = peak_megabytes(running.process.pid)
        checks.that(peak <= options.rss, f"most memory: {peak:.1f} MB (≤ {options.rss:g} MB)")
        checks.that(running.get("/readyz").status == 200, "ready at the end of the load")
        answered = sum(run["requests"] for run in runs)
        settle(running, answered, checks)
        checks.that(running.stop() == 0, "drains and exits 0")


def settle(running, answered, checks):
    """Everything that was accepted is kept once the queue is empty."""
    live = [f"penstock_queue_{state}" for state in ("ready", "leased", "scheduled")]
    deadline = time.monotonic() + SETTLING_SECONDS
    left = -1.0
    while left != 0 and time.monotonic() < deadline:
        time.sleep(0.2)
        left = sum(running.metric(name) for name in live)
    accepted, kept = running.metric("penstock_ingest_published_total"), running.metric("penstock_worker_processed_total")
    checks.that(left == 0, f"the queue is empty within {SETTLING_SECONDS} s: {left:,.0f} left")
    checks.that(accepted >= answered, f"accepted {accepted:,.0f}, {answered:,} of them answered in time to be counted")
    checks.that(kept == accepted, f"kept {kept:,.0f} of {accepted:,.0f} accepted")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("profiles", nargs="*", metavar="profile", help="of " + ", ".join(PROFILES) + "; all by default")
    parser.add_argument("--queue", choices=("sqlite", "pg"), default="sqlite")
    parser.add_argument("--seconds", type=int, default=10, help="a sixth of a profile's time")
    parser.add_argument("--p99", type=float, default=500, help="milliseconds, of every stage")
    parser.add_argument("--rss", type=float, default=256, help="megabytes, most during a profile")
    options = parser.parse_args()
    for unknown in set(options.profiles) - set(PROFILES):
        parser.error(f"there is no profile {unknown}; profiles are {', '.join(PROFILES)}")
    checks = Checks()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # by way of every finally, so that no server stays behind
    for name in options.profiles or PROFILES:
        play(name, options, checks)
    print(f"{checks.passed} passed, {checks.failed} failed")
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
