"""The sending side on PostgreSQL: how many messages are on their way at once, how many are sent in a second, how long one
takes from when it was due to be posted until its receiver had it, and whether a destination that hangs and one that
fails slow down a third."""

import contextlib
import math
import pathlib
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
import typing
import urllib.request

from offer import offer, text_message
from rig import ROOT, cluster, cpu_seconds, memory_megabytes, penstock

STEADY_RATE = 2000
ISOLATION_RATE = 200
WARM_SECONDS = 2
SETTLING_SECONDS = 10
# What begins a recipient's number, as route.lua of the isolation run reads it, and how the receiver answers those.
DESTINATIONS = {"healthy": ("+1666", "202"), "hanging": ("+1777", "hang"), "failing": ("+1888", "500")}


class Report(typing.NamedTuple):
    counts: dict
    came: dict  # wall clock in seconds, by number


class Receiver:
    """The receiver of the build, with a door for each answer: 202, 500, hang, or a time such as 500ms."""

    def __init__(self, build, *answers):
        self.process = subprocess.Popen([str(build / "bin" / "receiver"), *answers], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        *doors, self.control = self.process.stdout.readline().split()
        self.urls = [f"http://127.0.0.1:{port}/send" for port in doors]

    def report(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.control}/", timeout=30) as answer:
            counts, _, times = answer.read().decode().partition("\n\n")
        return Report({name: int(value) for name, value in map(str.split, counts.splitlines())},
                      {int(number): int(when) / 1e6 for number, when in map(str.split, times.splitlines())})

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()


class Drained(typing.NamedTuple):
    sent: int
    rate: float
    cpu_us: float  # of the worker process, a message
    peak_megabytes: float


def numbered(number, prefix="+1666"):
    """A message of its own conversation, which the receiver knows by its number."""
    return text_message(f"{prefix}{number:07d}", f"bench-{number}.")


def said(latencies):
    """Their p95, and a sentence."""
    if len(latencies) < 2:
        return math.inf, "nothing received"
    cuts = statistics.quantiles(latencies, n=100, method="inclusive")
    return cuts[94], f"p50 {cuts[49] * 1000:.1f} ms, p95 {cuts[94] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms"


def drain(build, count, receiver=None):
    """What one worker process does with so many messages that were accepted before it starts. Without a receiver, the
    mock provider has them."""
    environment = {"WEBHOOK_URL": receiver.urls[0], "SSRF_ALLOWLIST": "127.0.0.1"} if receiver else {}
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(cluster())
        folders = [stack.enter_context(tempfile.TemporaryDirectory()) for _ in range(2)]
        backends = {"QUEUE_BACKEND": "pg", "STORE_BACKEND": "pg", "DATABASE_URL": server.create("delivery"), **environment}
        with penstock(build, folders[0], config="api", **backends) as api:
            offered = offer(api.port, [numbered(number) for number in range(count)], math.inf)
        if offered.accepted != count:
            raise RuntimeError(f"{offered.refused} of {count} messages were refused")
        with penstock(build, folders[1], config="worker", ready="/metrics", **backends) as worker:
            await_sends(worker, count)
            time.sleep(1)  # the last ones are recorded
            cpu = cpu_seconds([worker.process.pid])
            peak = memory_megabytes(worker.process.pid, "VmHWM")
        sent, seconds = server.query(
            "delivery", "SELECT count(*), extract(epoch FROM max(sent_at) - min(sent_at)) FROM penstock.messages "
            "WHERE sent_at IS NOT NULL").split("|")
    return Drained(int(sent), int(sent) / max(float(seconds or 0), 1e-6), cpu * 1e6 / count, peak)


def await_sends(worker, count):
    deadline = time.monotonic() + 30 + count / 100
    while (sends := worker.metric("penstock_sends_total")) < count:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{sends:.0f} of {count} messages were sent in time")
        time.sleep(0.2)


def await_numbers(receiver, numbers):
    """A report that has them all, or the last one before the deadline."""
    deadline = time.monotonic() + SETTLING_SECONDS
    while True:
        report = receiver.report()
        if time.monotonic() > deadline or all(number in report.came for number in numbers):
            return report
        time.sleep(0.5)


def posted_at(service, rate, seconds, prefixes):
    """Messages to each prefix in turn, their numbers in order, after some that warm everything up."""
    warming = int(rate * WARM_SECONDS)
    count = warming + int(rate * seconds)
    requests = [numbered(number, prefixes[number % len(prefixes)]) for number in range(count)]
    return warming, offer(service.port, requests, rate)


def steady(build, options, table):
    """Due to received, at a steady rate to one destination that answers at once, all in one process."""
    with (cluster() as server, tempfile.TemporaryDirectory() as folder, Receiver(build, "202") as receiver,
          penstock(build, folder, QUEUE_BACKEND="pg", STORE_BACKEND="pg", DATABASE_URL=server.create("delivery"),
                   WEBHOOK_URL=receiver.urls[0], SSRF_ALLOWLIST="127.0.0.1") as service):
        warming, offered = posted_at(service, STEADY_RATE, options.seconds, ["+1666"])
        numbers = range(warming, offered.accepted + offered.refused)
        report = await_numbers(receiver, numbers)
        latencies = [report.came[number] - offered.due(number, STEADY_RATE) for number in numbers if number in report.came]
        # In the time that they were offered in; what came later was behind.
        end = offered.due(len(numbers) + warming, STEADY_RATE) + 1
        in_time = sum(1 for number in numbers if report.came.get(number, end) < end)
    _, text = said(latencies)
    rate = in_time / options.seconds
    table.add(f"{STEADY_RATE:,} messages/s for {options.seconds} s, one process: due → received",
              f"{rate:,.0f}/s in time, {text}, {len(numbers) - len(latencies)} not received, {offered.refused} refused; "
              f"latest post {offered.latest * 1000:.0f} ms late", f"≥ {STEADY_RATE:,}/s", rate / STEADY_RATE,
              in_time == len(numbers) and offered.refused == 0)


def scripts_for(folder):
    """The shipped scripts with three providers that post like webhook.lua, chosen by the recipient."""
    scripts = pathlib.Path(shutil.copytree(ROOT / "scripts", pathlib.Path(folder) / "scripts"))
    for name in DESTINATIONS:
        shutil.copyfile(scripts / "providers" / "webhook.lua", scripts / "providers" / f"{name}.lua")
    choices = ", ".join(f'["{prefix}"] = "{name}"' for name, (prefix, _) in DESTINATIONS.items())
    (scripts / "route.lua").write_text(f"local names = {{ {choices} }}\n"
                                       "return function(message) return names[message.to:sub(1, 5)] end\n")
    return scripts


class Isolated(typing.NamedTuple):
    p95: float
    text: str
    missing: int
    counts: dict


def isolated(build, seconds, names):
    """What the healthy destination sees while these get a third of the rate each."""
    rate = ISOLATION_RATE * len(names) / len(DESTINATIONS)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(cluster())
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        receiver = stack.enter_context(Receiver(build, *(answer for _, answer in DESTINATIONS.values())))
        urls = [f"providers.{name}.url={url}" for name, url in zip(DESTINATIONS, receiver.urls)]
        service = stack.enter_context(
            penstock(build, folder, *urls, QUEUE_BACKEND="pg", STORE_BACKEND="pg", DATABASE_URL=server.create("delivery"),
                     SSRF_ALLOWLIST="127.0.0.1", SCRIPTS_DIR=str(scripts_for(folder))))
        warming, offered = posted_at(service, rate, seconds, [DESTINATIONS[name][0] for name in names])
        healthy = range(-(-warming // len(names)) * len(names) + names.index("healthy"),
                        offered.accepted + offered.refused, len(names))
        report = await_numbers(receiver, healthy)
        receiver.stop()  # so that what hangs does not hold up the end
    latencies = [report.came[number] - offered.due(number, rate) for number in healthy if number in report.came]
    p95, text = said(latencies)
    return Isolated(p95, text, len(healthy) - len(latencies) + offered.refused, report.counts)


def isolation(build, options, table):
    seconds = options.minutes * 60
    alone = isolated(build, seconds, ["healthy"])
    beside = isolated(build, seconds, list(DESTINATIONS))
    what = f"a third of {ISOLATION_RATE} messages/s for {options.minutes:g} min"
    table.add(f"{what}, alone: due → received", f"{alone.text}, {alone.missing} not received")
    ratio = beside.p95 / alone.p95
    table.add("  beside one that hangs and one that answers 500",
              f"{beside.text}, {beside.missing} not received; {beside.counts['most_in_flight']:,} in flight",
              "p95 ≤ 1.5 × alone", ratio, ratio <= 1.5 and beside.missing == 0)


def crowd(build, options, table):
    """Thousands that wait for slow answers at once."""
    count = options.messages
    with Receiver(build, "500ms") as receiver:
        drained = drain(build, count, receiver)
        most = receiver.report().counts["most_in_flight"]
    table.add(f"{count:,} messages answered after 500 ms, one worker process: in flight at once",
              f"{most:,}; {drained.sent:,} sent, {drained.rate:,.0f}/s", "≥ 1,000", most / 1000,
              most >= 1000 and drained.sent == count)
    table.add("  most memory of the worker", f"{drained.peak_megabytes:.1f} MB", "≤ 150 MB", drained.peak_megabytes / 150,
              drained.peak_megabytes <= 150)


def rates(build, options, table):
    """Sends that wait for nobody: to a receiver that answers at once, and by the mock provider."""
    count = 4 * options.messages
    with Receiver(build, "202") as receiver:
        fast = drain(build, count, receiver)
        connections = receiver.report().counts["connections"]
    table.add(f"{count:,} messages answered at once, one worker process",
              f"{fast.rate:,.0f} sends/s, {fast.cpu_us:.0f} µs of its processor time each, {connections:,} connections",
              "≥ 2,000/s", fast.rate / 2000, fast.rate >= 2000 and fast.sent == count)
    mock = drain(build, count)
    table.add("  by the mock provider", f"{mock.rate:,.0f} sends/s, {mock.cpu_us:.0f} µs of its processor time each, "
              f"{mock.peak_megabytes:.1f} MB")


def measure(build, options, table):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    for part in (crowd, rates, steady, isolation):
        part(build, options, table)
