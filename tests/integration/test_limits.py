"""Limits as an operator meets them: one sender's, a provider's, a reload, and rates that processes share."""

import shutil
import signal
import threading
import time

import pytest

from driver import ROOT, phone, until
from receiver import Receiver, accept, after

SHARED = {"QUEUE_BACKEND": "pg", "STORE_BACKEND": "pg"}
PATIENT = {"worker.send_timeout": "60s", "worker.lease": "90s"}


@pytest.fixture
def receiver():
    """A provider's endpoint that accepts everything until it is told otherwise."""
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def gate():
    """What a behaviour waits for; open when the test is over."""
    gate = threading.Event()
    yield gate
    gate.set()


def post(server, sender, texts):
    """Messages of one sender to people of their own; their ids."""
    return [server.accepted("/api/messages/sms", {"from": sender, "to": phone(), "body": text})["id"] for text in texts]


def texts(name, count):
    return [f"{name} {number}" for number in range(count)]


def arrive(receiver, messages, seconds=30, what="the messages"):
    until(lambda: all(receiver.count(text) for text in messages), seconds, what)


def arrived_at(receiver, message):
    return next(request.at for request in list(receiver.requests) if request.message == message)


def waits(server, kind):
    return server.metric(f'penstock_send_waits_total{{cause="{kind}_limit"}}')


def holding(gate):
    """Messages that begin with held wait for the gate, others are accepted."""

    def behave(receiver, connection, request):
        chosen = after(gate) if request.message.startswith("held") else accept
        return chosen(receiver, connection, request)

    return behave


class Limits:
    """A configuration whose worker.limit.sender can be changed."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "conf.d").mkdir()
        shutil.copy(ROOT / "config" / "penstock.lua", folder / "penstock.lua")

    @property
    def overrides(self):
        return {"config": str(self.folder / "penstock")}

    def write(self, **limit):
        values = ", ".join(f"{key} = {value}" for key, value in limit.items())
        text = f"return {{ worker = {{ limit = {{ sender = {{ {values} }} }} }} }}\n"
        (self.folder / "conf.d" / "10-limit.lua").write_text(text, encoding="utf-8")

    def change(self, server, **limit):
        """Comes back once the server has been told."""
        reloads = lambda: sum(line.get("event") == "host.reloaded" for line in server.log_lines())
        before = reloads()
        self.write(**limit)
        server.process.send_signal(signal.SIGHUP)
        until(lambda: reloads() > before, what="the reload")


def test_a_senders_limit_holds_up_nobody_else(start, receiver):
    server = start({"worker.limit.sender.per_minute": "20"}, environment=receiver.environment)
    slow, others = texts("slow", 4), texts("other", 5)
    begun = time.monotonic()
    post(server, phone(), slow)
    for text in others:
        post(server, phone(), [text])
    arrive(receiver, others, what="those of other senders")
    arrive(receiver, slow, 60, "those of the one sender")
    last = max(arrived_at(receiver, text) for text in slow)
    assert last - begun > 8.9, "one at once and one in each three seconds"
    assert max(arrived_at(receiver, text) for text in others) < last
    assert waits(server, "sender") >= 3


def test_a_providers_section_bounds_what_goes_to_it(start, receiver, gate):
    receiver.behaviour = holding(gate)
    server = start({"providers.webhook.at_once": "1", **PATIENT}, environment=receiver.environment)
    post(server, phone(), ["held"])
    receiver.await_requests(1)
    post(server, phone(), ["second"])
    until(lambda: waits(server, "provider") >= 1, what="the wait")
    assert server.metric('penstock_send_waiting{cause="provider_limit"}') == 1
    assert receiver.count("second") == 0
    gate.set()
    arrive(receiver, ["second"], 75)


def test_a_reload_lifts_what_was_bounded(start, receiver, gate, tmp_path):
    receiver.behaviour = holding(gate)
    limits = Limits(tmp_path)
    limits.write(at_once=1)
    server = start({**limits.overrides, **PATIENT}, environment=receiver.environment)
    sender = phone()
    held = post(server, sender, ["held"])[0]
    receiver.await_requests(1)
    rest = texts("rest", 3)
    post(server, sender, rest)
    until(lambda: waits(server, "sender") >= 3, what="the waits")
    assert sum(receiver.count(text) for text in rest) == 0
    limits.change(server, at_once=0)
    arrive(receiver, rest)
    assert server.message(held)["status"] == "sending", "the first one has not left its place"
    gate.set()
    until(lambda: server.message(held)["status"] == "sent", what="the first one's end")


def test_a_reload_changes_a_rate(start, receiver, tmp_path):
    limits = Limits(tmp_path)
    limits.write(per_minute=0)
    server = start(limits.overrides, environment=receiver.environment)
    sender = phone()
    free = texts("free", 3)
    post(server, sender, free)
    arrive(receiver, free)
    limits.change(server, per_minute=1)
    post(server, sender, ["of this minute"])
    arrive(receiver, ["of this minute"])
    post(server, sender, ["of the next"])
    until(lambda: waits(server, "sender") >= 1, what="the wait")
    limits.change(server, per_minute=0)
    post(server, sender, ["free again"])
    arrive(receiver, ["free again"])


def test_two_workers_keep_one_rate_together(start, postgres, receiver):
    environment = {**SHARED, "DATABASE_URL": postgres.create("limited"), **receiver.environment}
    overrides = {"worker.limit.sender.per_minute": "120", "worker.limit.shared": "true"}
    workers = [start(overrides, environment=environment) for _ in range(2)]
    owned = "penstock_queue_partitions"
    until(lambda: [worker.metric(owned) for worker in workers] == [32, 32], 15, "an even share")
    messages = texts("message", 12)
    sender = phone()
    begun = time.monotonic()
    post(workers[0], sender, messages)
    arrive(receiver, messages, 120)
    last = max(arrived_at(receiver, text) for text in messages)
    assert last - begun > 4.9, "two at once and two a second, of both together"
    names = postgres.query("limited", "SELECT string_agg(name, ' ') FROM penstock.token_buckets")
    assert sender.removeprefix("+") not in names
