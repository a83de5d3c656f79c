"""Messages on their way out while queue and store are in PostgreSQL: workers that are killed or stand still while others
take over, a server that goes while answers are awaited, commits whose answers are lost."""

import pathlib
import signal
import threading
import time

import pytest

from driver import until
from ledger import rng, rounds
from mailing import FAST, KEYED, MODES, Mailing, check_killed, post_until_killed
from pg_site import MARGIN, NO_WORKER, PATIENCE, pause, site_of
from proxy import Proxy
from receiver import after

LEASE = 4
QUICK = {**FAST, "worker.lease": f"{LEASE}s", "worker.send_timeout": "1500ms", "worker.send_margin": "500ms"}
TAKEOVER = LEASE + PATIENCE + MARGIN


@pytest.fixture
def site(start, postgres, tmp_path, request, receiver):
    """A database whose processes send to the receiver."""
    site = site_of(request, start, postgres, tmp_path)
    launch = site.start

    def ready(overrides=None, url=None, fault=None):
        words = {**receiver.environment, **({"PENSTOCK_FAULT_POINT": fault} if fault else {})}
        server = launch({**QUICK, **(overrides or {})}, url, words)
        until(lambda: server.get("/readyz").status == 200, 20, "readiness")
        return server

    site.start = ready
    site.idle = lambda: site.work_left() == 0
    return site


def state(server):
    """The letter that the system has for what the process does."""
    return pathlib.Path(f"/proc/{server.process.pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]


@MODES
@pytest.mark.parametrize("step", ["beginning", "begun", "answered", "recorded"])
def test_another_takes_over_from_one_that_is_killed_at(site, receiver, step, overrides):
    random = rng(f"takeover at {step}")
    mailing = Mailing(receiver)
    api = site.start(NO_WORKER)
    for _ in range(max(1, rounds() // 3)):
        times = random.randint(1, 3)
        victim = site.start(overrides, fault=f"{step}:kill:{times}")
        hit, others = post_until_killed(mailing, api, victim, times, site.idle)
        survivor = site.start(overrides)
        check_killed(mailing, mailing.finished(api, TAKEOVER + 20, site.idle), step, overrides, hit, others)
        assert survivor.stop() == 0


@pytest.mark.parametrize("step, overrides, status, received", [
    ("beginning", {}, "sent", 1),       # the other has sent it, so there is no leave for this one
    ("begun", {}, "dead", 0),           # nobody else may; this one is too late, but knows that it sent nothing
    ("begun", KEYED, "sent", 1),        # the other has repeated what this one never did
    ("answered", {}, "sent", 1),        # this one knows what the other could not
    ("answered", KEYED, "sent", 2),
], ids=["beginning-plain", "begun-plain", "begun-keyed", "answered-plain", "answered-keyed"])
def test_one_stands_still_and_comes_back_at(site, receiver, step, overrides, status, received):
    mailing = Mailing(receiver)
    for _ in range(max(1, rounds() // 3)):
        api = site.start(NO_WORKER)
        sleeper = site.start(overrides, fault=f"{step}:stop")
        text = mailing.post(api)
        until(lambda: state(sleeper) == "T", 20, "the fault point")
        try:
            other = site.start(overrides)
            until(site.idle, TAKEOVER + 10, "the end of the other's work")
            before = api.message(mailing.accepted[text])
        finally:
            sleeper.process.send_signal(signal.SIGCONT)
        until(lambda: sleeper.metric("penstock_worker_lease_lost_total") == 1, 20, "the refusal of what it settles")
        assert text in mailing.finished(api, 10, site.idle)[status]
        assert receiver.count(text) == received
        message = api.message(mailing.accepted[text])
        doubted = step in ("begun", "answered") and not overrides
        assert before["status"] == ("unknown" if doubted else message["status"])
        for server in (other, sleeper, api):
            assert server.stop() == 0


@MODES
def test_one_stands_still_for_less_than_its_lease(site, receiver, overrides):
    mailing = Mailing(receiver)
    server = site.start({**overrides, "worker.lease": "60s"}, fault="begun:stop")
    text = mailing.post(server)
    until(lambda: state(server) == "T", 20, "the fault point")
    server.process.send_signal(signal.SIGCONT)
    assert text in mailing.finished(server, 20, site.idle)["sent"]
    assert receiver.count(text) == 1


@MODES
@pytest.mark.parametrize("outage", ["shorter", "longer"])
def test_the_server_goes_while_answers_are_awaited(site, receiver, outage, overrides):
    """What was answered is recorded afterwards, however long that takes; a redelivery may have found it unknown before."""
    random = rng(f"an outage {outage} than the lease")
    mailing = Mailing(receiver)
    lease, timeout = (30, 20) if outage == "shorter" else (5, 3)
    server = site.start({**overrides, "worker.lease": f"{lease}s", "worker.send_timeout": f"{timeout}s"})
    for _ in range(max(1, rounds() // 3)):
        gate = threading.Event()
        receiver.behaviour = after(gate)
        before = len(receiver.requests)
        texts = {mailing.post(server) for _ in range(6)}
        receiver.await_requests(before + 6)
        begun = time.monotonic()
        site.postgres.stop(signal.SIGQUIT)
        gate.set()
        if outage == "shorter":
            pause(random, 0.0, 1.0)
        else:
            until(lambda: time.monotonic() > begun + lease + 1, lease + 5, "the end of the leases")
        site.postgres.start()
        mailing.finished(server, TAKEOVER + 30, site.idle)
        until(lambda: texts <= mailing.check(server)["sent"], 10, "the record of what was answered")
        if not overrides:
            assert all(receiver.count(text) == 1 for text in texts)


@MODES
def test_the_server_crashes_under_load(site, receiver, overrides):
    random = rng("server crash under load")
    mailing = Mailing(receiver)
    server = site.start(overrides)
    for _ in range(max(1, rounds() // 3)):
        halt = threading.Event()

        def load(halt=halt):
            while not halt.is_set():
                mailing.post(server)
                halt.wait(0.005)

        posting = [threading.Thread(target=load) for _ in range(3)]
        for thread in posting:
            thread.start()
        pause(random, 0.3, 1.0)
        site.postgres.stop(signal.SIGQUIT)
        pause(random, 0.0, 0.5)
        site.postgres.start()
        until(lambda: server.get("/readyz").status == 200, 10, "readiness")
        pause(random, 0.1, 0.5)
        halt.set()
        for thread in posting:
            thread.join()
        mailing.post_again(server)
        ended = mailing.finished(server, 120, site.idle)
        assert ended["failed"] == ended["dead"] == set()
        assert not (overrides and ended["unknown"])
        print(f"{len(ended['sent'])} sent, {len(ended['unknown'])} unknown")


@MODES
@pytest.mark.parametrize("call", ["begin", "record"])
def test_the_answer_of_a_commit_is_lost_at(postgres, site, receiver, call, overrides):
    """The leave that nobody heard of is taken back, and the next one is used; what was recorded is recorded again."""
    proxy = Proxy(str(postgres.folder / ".s.PGSQL.5432"))
    try:
        assert site.start(overrides).stop() == 0  # for the schema
        through = f"postgres://penstock:hush@127.0.0.1:{proxy.port}/{site.name}?sslmode=disable"
        server = site.start({**overrides, "worker.lease": "8s"}, through)
        proxy.lose_result({"begin": b"doubtful", "record": b"record_attempts"}[call])
        mailing = Mailing(receiver)
        text = mailing.post(server)
        ended = mailing.finished(server, 30, site.idle)
        assert text in ended["sent"]
        assert proxy.cut == 1
        assert receiver.count(text) == 1
        assert server.stop() == 0
    finally:
        proxy.close()
