"""The process is killed at each step between receive and settle: a provider that knows no keys gets a message once at most,
one that does takes it exactly once, and none is lost."""

import threading

import pytest

from driver import until
from ledger import rng, rounds
from mailing import FAST, KEYED, KILLED, MODES, Mailing, check_killed, is_idle, post_until_killed
from receiver import accept, after


@MODES
@pytest.mark.parametrize("step", KILLED)
def test_kill_9_at(start, receiver, step, overrides):
    random = rng(f"kill -9 at {step}")
    mailing = Mailing(receiver)
    for _ in range(max(1, rounds() // 3)):
        times = random.randint(1, 3)
        victim = start({**FAST, **overrides}, {**receiver.environment, "PENSTOCK_FAULT_POINT": f"{step}:kill:{times}"})
        hit, others = post_until_killed(mailing, victim, victim, times, lambda server=victim: is_idle(server))
        server = start({**FAST, **overrides}, receiver.environment)
        mailing.post_again(server)
        check_killed(mailing, mailing.finished(server), step, overrides, hit, others)
        assert server.stop() == 0


@MODES
def test_kill_9_while_receivers_think(start, receiver, overrides):
    mailing = Mailing(receiver)
    for _ in range(max(1, rounds() // 3)):
        gate = threading.Event()
        receiver.behaviour = after(gate)
        before = len(receiver.requests)
        server = start({**FAST, **overrides, "worker.lease": "60s", "worker.send_timeout": "30s"}, receiver.environment)
        texts = {mailing.post(server) for _ in range(6)}
        receiver.await_requests(before + 6)
        server.kill()
        gate.set()
        receiver.behaviour = accept
        server = start({**FAST, **overrides}, receiver.environment)
        ended = mailing.finished(server)
        assert texts <= ended["sent" if overrides else "unknown"]
        assert all(receiver.count(text) == (2 if overrides else 1) for text in texts)
        assert server.stop() == 0


def test_what_was_lost_is_sent_side_by_side_and_holds_up_nobody_else(start, receiver):
    mailing = Mailing(receiver)
    gate = threading.Event()
    receiver.behaviour = after(gate)
    slow = {**FAST, **KEYED, "worker.lease": "60s", "worker.send_timeout": "30s"}
    server = start(slow, receiver.environment)
    lost = {mailing.post(server) for _ in range(100)}
    receiver.await_requests(len(lost))
    server.kill()
    server = start(slow, receiver.environment)
    receiver.await_requests(len(lost) + 64)
    other = mailing.post(server, "other")
    until(lambda: receiver.count(other), 10, "a message that has nothing to do with the crash")
    gate.set()
    assert mailing.finished(server)["sent"] == lost | {other}
    assert server.stop() == 0


@MODES
def test_kill_9_under_load(start, receiver, overrides):
    random = rng("kill -9 under load")
    mailing = Mailing(receiver)
    server = start({**FAST, **overrides}, receiver.environment)
    for _ in range(rounds()):
        halt = threading.Event()

        def load(server=server, halt=halt):
            while not halt.is_set() and server.process.poll() is None:
                mailing.post(server)

        posting = [threading.Thread(target=load) for _ in range(3)]
        for thread in posting:
            thread.start()
        target = len(receiver.requests) + random.randint(5, 60)
        receiver.await_requests(target)
        server.kill()
        halt.set()
        for thread in posting:
            thread.join()
        server = start({**FAST, **overrides}, receiver.environment)
        mailing.post_again(server)
        ended = mailing.finished(server, 60)
        assert ended["failed"] == ended["dead"] == set()
        assert not (overrides and ended["unknown"])
        print(f"{len(ended['sent'])} sent, {len(ended['unknown'])} unknown")
