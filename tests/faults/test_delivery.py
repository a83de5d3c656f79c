"""What becomes of messages when their receiver fails: each is sent once at most, tried again as the table of outcomes says,
and what is given up is a dead letter that says why."""

import signal
import threading
import time

import pytest

from driver import Server, until
from ledger import rng, rounds
from mailing import FAST, KEYED, MODES, Mailing, grounds, letter
from receiver import Receiver, accept, after, answer, first, half, hang, huge, reset

ATTEMPTS = 4
LIMITED = {**FAST, "retry.max_attempts": str(ATTEMPTS)}

# What a receiver does; the attempts' outcomes; the message's status in the end, and the dead letter's grounds.
PLAIN = {
    "accepts": (accept, ["sent"], "sent", None),
    "answers 500 twice": (first(2, answer(500)), ["not_sent", "not_sent", "sent"], "sent", None),
    "answers 500 for ever": (answer(500), ["not_sent"] * ATTEMPTS, "dead", "gave_up"),
    "answers 410": (answer(410), ["not_sent"], "failed", "rejected"),
    "answers 404": (answer(404), ["not_sent"], "failed", "rejected"),
    "answers without messageId": (answer(202), ["unknown"], "unknown", "unknown"),
    "hangs": (hang, ["unknown"], "unknown", "unknown"),
    "resets": (reset, ["unknown"], "unknown", "unknown"),
    "answers by half": (half, ["unknown"], "unknown", "unknown"),
    "answers 10 MB": (huge, ["unknown"], "unknown", "unknown"),
}
# The same with a receiver that recognises what it has taken already.
REPEATED = {
    "accepts": (accept, ["sent"], "sent", None),
    "answers 500 twice": (first(2, answer(500)), ["not_sent", "not_sent", "sent"], "sent", None),
    "answers 410": (answer(410), ["not_sent"], "failed", "rejected"),
    "hangs once": (first(1, hang), ["unknown", "sent"], "sent", None),
    "resets once": (first(1, reset), ["unknown", "sent"], "sent", None),
    "resets for ever": (reset, ["unknown"] * ATTEMPTS, "unknown", "unknown"),
    "answers by half once": (first(1, half), ["unknown", "sent"], "sent", None),
    "answers 10 MB once": (first(1, huge), ["unknown", "sent"], "sent", None),
}


class Gateway:
    """A server whose receiver behaves as it is told, for each message apart."""

    def __init__(self, folder, overrides):
        self.elsewhere = Receiver()  # where nobody is to ask
        self.receiver = Receiver(self.behave)
        self.mailing = Mailing(self.receiver)
        self.told = {}
        allowed = ",".join(f"127.0.0.1:{one.port}" for one in (self.receiver, self.elsewhere))
        self.server = Server(folder, overrides, {**self.receiver.environment, "SSRF_ALLOWLIST": allowed})

    def behave(self, receiver, connection, request):
        return self.told.get(request.message.rsplit(" ", 1)[0], accept)(receiver, connection, request)

    def close(self):
        status = self.server.stop()
        self.receiver.close()
        self.elsewhere.close()
        assert status == 0, self.server.log_text()[-4000:]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    gateway = Gateway(tmp_path_factory.mktemp("plain"), LIMITED)
    yield gateway
    gateway.close()


@pytest.fixture(scope="module")
def keyed(tmp_path_factory):
    gateway = Gateway(tmp_path_factory.mktemp("keyed"), {**LIMITED, **KEYED})
    yield gateway
    gateway.close()


def comes_to(gateway, case, behaviour, outcomes, status, why):
    before = grounds(gateway.server)
    gateway.told[case] = behaviour
    text = gateway.mailing.post(gateway.server, case)
    assert text in gateway.mailing.finished(gateway.server)[status]
    assert gateway.mailing.outcomes(gateway.server, text) == outcomes
    assert gateway.receiver.count(text) == len(outcomes)
    after_it = grounds(gateway.server)
    assert {name: count - before.get(name, 0) for name, count in after_it.items() if count != before.get(name, 0)} == (
        {why: 1} if why else {})


@pytest.mark.parametrize("case", PLAIN)
def test_a_receiver_that(plain, case):
    comes_to(plain, case, *PLAIN[case])


@pytest.mark.parametrize("case", REPEATED)
def test_a_receiver_that_knows_keys_and(keyed, case):
    comes_to(keyed, case, *REPEATED[case])
    keys = {request.key for request in keyed.receiver.requests if request.message.startswith(case + " ")}
    assert len(keys) == 1 and None not in keys


def test_a_redirect_is_not_followed(plain):
    comes_to(plain, "redirects", answer(301, Location=plain.elsewhere.url), ["not_sent"], "failed", "rejected")
    assert plain.elsewhere.connections == 0


def test_retry_after_is_honoured(plain):
    patient = first(2, answer(429, Retry_After=1))
    comes_to(plain, "asks for patience", patient, ["not_sent", "not_sent", "sent"], "sent", None)
    times = [request.at for request in plain.receiver.requests if request.message.startswith("asks for patience ")]
    assert all(later - earlier >= 0.95 for earlier, later in zip(times, times[1:])), times


def test_a_receiver_that_refuses_connections(plain):
    """No byte has left, so it is tried again until it is given up."""
    plain.receiver.refuse()
    try:
        text = plain.mailing.post(plain.server)
        assert text in plain.mailing.finished(plain.server)["dead"]
    finally:
        plain.receiver.listen()
    assert plain.mailing.outcomes(plain.server, text) == ["not_sent"] * ATTEMPTS
    assert plain.receiver.count(text) == 0
    assert "gave up after 4 attempts" in letter(plain.server, plain.mailing.accepted[text])["reason"]


def test_a_receiver_that_comes_back(start, receiver):
    receiver.refuse()
    server = start({**FAST, "retry.max_attempts": "1000", "retry.backoff_max": "100ms"}, receiver.environment)
    mailing = Mailing(receiver)
    texts = {mailing.post(server) for _ in range(5)}
    until(lambda: server.metric("penstock_send_retries_total") >= 10, 20, "attempts in vain")
    receiver.listen()
    assert mailing.finished(server)["sent"] == texts


def test_a_process_that_stands_still_while_it_connects(start, receiver):
    """It comes back when its connection stands, but its time is over: by then another might have sent the message."""
    receiver.refuse()
    receiver.stall()
    patience = 2
    server = start({**FAST, "worker.lease": "60s", "worker.send_timeout": f"{patience}s"}, receiver.environment)
    mailing = Mailing(receiver)
    text = mailing.post(server)
    until(lambda: receiver.connecting() == 1, 10, "the connection")
    server.process.send_signal(signal.SIGSTOP)
    try:
        deadline = time.monotonic() + patience
        receiver.listen()
        until(lambda: receiver.connections == 2 and time.monotonic() > deadline, 20, "the end of the connection's making")
    finally:
        server.process.send_signal(signal.SIGCONT)
    assert text in mailing.finished(server)["sent"]
    assert mailing.outcomes(server, text) == ["not_sent", "sent"]
    assert receiver.count(text) == 1


def test_a_receiver_that_resets_before_it_reads(plain):
    """Bytes may have left: what is not known is not tried again."""
    plain.receiver.refuse()
    plain.receiver.resets_unread = True
    plain.receiver.listen()
    try:
        text = plain.mailing.post(plain.server)
        ended = plain.mailing.finished(plain.server)
    finally:
        plain.receiver.resets_unread = False
    assert text in ended["unknown"] | ended["dead"]  # dead: every reset came before the connection was used
    assert plain.receiver.count(text) == 0


@pytest.mark.parametrize("how", ["plain", "keyed"])
def test_receivers_of_all_kinds_at_once(request, how):
    random = rng(f"receivers {how}")
    gateway, cases = request.getfixturevalue(how), PLAIN if how == "plain" else REPEATED
    for _ in range(max(1, rounds() // 3)):
        wanted = {}
        for _ in range(40):
            case = random.choice(sorted(cases))
            gateway.told[f"{case} with others"] = cases[case][0]
            wanted[gateway.mailing.post(gateway.server, f"{case} with others")] = cases[case]
        ended = gateway.mailing.finished(gateway.server, 60)
        for text, (_, outcomes, status, _) in wanted.items():
            assert text in ended[status], text
            assert gateway.mailing.outcomes(gateway.server, text) == outcomes, text


def drains(server):
    """Whether a stop has begun."""
    try:
        return server.get("/readyz").status != 200
    except OSError:
        return True


@MODES
def test_a_stop_waits_for_answers_that_are_on_their_way(start, receiver, overrides):
    gate = threading.Event()
    receiver.behaviour = after(gate)
    overrides = {**FAST, **overrides, "worker.lease": "60s", "worker.send_timeout": "30s"}
    server = start(overrides, receiver.environment)
    mailing = Mailing(receiver)
    texts = {mailing.post(server) for _ in range(5)}
    receiver.await_requests(5)
    server.process.terminate()
    until(lambda: drains(server), 10, "the beginning of the stop")
    gate.set()
    assert server.process.wait(60) == 0
    assert mailing.finished(start(overrides, receiver.environment))["sent"] == texts
    assert len(receiver.requests) == 5


@MODES
def test_a_stop_that_answers_do_not_come_in_time_for(start, receiver, overrides):
    receiver.behaviour = hang
    slow = {**FAST, **overrides, "worker.lease": "60s", "worker.send_timeout": "30s", "worker.drain": "500ms"}
    server = start(slow, receiver.environment)
    mailing = Mailing(receiver)
    texts = {mailing.post(server) for _ in range(5)}
    receiver.await_requests(5)
    assert server.stop() == 0
    receiver.behaviour = accept
    ended = mailing.finished(start(slow, receiver.environment))
    assert ended["sent" if overrides else "unknown"] == texts
    assert len(receiver.requests) == (10 if overrides else 5)
