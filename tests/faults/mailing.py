"""Messages on their way out, and what must have become of them in the end."""

import http.client
import itertools
import json
import signal
import threading

import pytest

from driver import phone, until

SMS = "/api/messages/sms"
ENDS = {"sent", "unknown", "failed", "dead"}
KEYED = {"providers.webhook.idempotent": "true"}
MODES = pytest.mark.parametrize("overrides", [{}, KEYED], ids=["plain", "keyed"])

# Short waits, so that a test comes to an end, but long enough for a busy machine; no breaker.
FAST = {
    "worker.lease": "10s",
    "worker.send_timeout": "3s",
    "worker.send_margin": "1s",
    "worker.wait": "200ms",
    "worker.breaker.failures": "1000",
    "retry.backoff_min": "20ms",
    "retry.backoff_max": "2s",
}

_mailings = itertools.count(1)


class Mailing:
    """Posts messages to people of their own, each with a key and a text of its own, and compares what a receiver got with
    what the server says of them. accepted: text -> id; unanswered: text -> what was posted."""

    def __init__(self, receiver):
        self.receiver = receiver
        self.name = next(_mailings)
        self.numbers = itertools.count(1)
        self.accepted = {}
        self.unanswered = {}
        self.lock = threading.Lock()

    def post(self, server, text=None):
        """One message; its text. No answer, or 503, leaves it among the unanswered."""
        number = next(self.numbers)
        text = f"{text or 'message'} {self.name}.{number}"
        self._post(server, text, {"from": phone(), "to": phone(), "body": text})
        return text

    def post_again(self, server):
        """Posts what was not answered again, with its key, so that the gateway has everything, and has it once."""

        def all_answered():
            for text, payload in list(self.unanswered.items()):
                self._post(server, text, payload)
            return not self.unanswered

        until(all_answered, 20, "acceptance")

    def _post(self, server, text, payload):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        try:
            connection.request("POST", SMS, json.dumps(payload),
                               {"Content-Type": "application/json", "Idempotency-Key": text.replace(" ", "-")})
            response = connection.getresponse()
            said = response.read()
        except (OSError, http.client.HTTPException):
            with self.lock:
                self.unanswered[text] = payload
            return
        finally:
            connection.close()
        with self.lock:
            if response.status == 503:
                self.unanswered[text] = payload
                return
            assert response.status == 202, said
            self.accepted[text] = json.loads(said)["id"]
            self.unanswered.pop(text, None)

    def finished(self, server, seconds=30, idle=None):
        """Waits until the queue has nothing more to do and checks what it has done: each message was taken once at most;
        it is sent, or a dead letter says why not. The texts by their messages' status."""
        until(idle or (lambda: is_idle(server)), seconds, "the end of the queue's work")
        return self.check(server)

    def check(self, server):
        by_status = {status: set() for status in ENDS}
        for text, id in self.accepted.items():
            message = server.message(id)
            assert message["status"] in ENDS, message
            taken = self.receiver.effects(text)
            assert taken <= 1, f"{text} was taken {taken} times: {message}"
            if message["status"] == "sent":
                assert taken == 1, f"{text} was never taken: {message}"
            else:
                assert letter(server, id), f"there is no dead letter of {message}"
            by_status[message["status"]].add(text)
        strangers = {request.message for request in self.receiver.requests} - set(self.accepted)
        assert not strangers, "nobody was told that they were accepted"
        return by_status

    def outcomes(self, server, text):
        """How the attempts at a message ended, in their order."""
        return [attempt["outcome"] for attempt in server.message(self.accepted[text])["attempts"]]


# Where a fault point kills a worker that has one message in its hands: what becomes of the message, and how often it is
# received, with a provider that knows no keys; and how often with one that does, where it is always sent.
KILLED = {
    "received": ("sent", 1, 1),
    "persisted": ("sent", 1, 1),
    "beginning": ("sent", 1, 1),
    "begun": ("unknown", 0, 1),
    "answered": ("unknown", 1, 2),
    "recorded": ("sent", 1, 1),
    "settled": ("sent", 1, 1),
}


def post_until_killed(mailing, api, victim, times, idle):
    """Posts so many messages, each when the one before is done; with the last the fault point must end the victim. Its
    text, and those of the others."""
    killed = lambda: victim.process.poll() is not None

    def done():
        try:
            return killed() or idle()
        except (OSError, http.client.HTTPException):
            return False  # it is just being killed

    texts = []
    for _ in range(times):
        assert not killed(), "too soon"
        texts.append(mailing.post(api))
        until(done, 20, "the end of the work")
    until(killed, 20, "the fault point")
    assert victim.process.returncode == -signal.SIGKILL, victim.log_text()[-4000:]
    return texts[-1], set(texts[:-1])


def check_killed(mailing, ended, step, keyed, hit, others):
    """Compares what became of the messages with the table."""
    status, plainly, with_key = KILLED[step]
    assert others <= ended["sent"]
    assert all(mailing.receiver.count(text) == 1 for text in others)
    assert hit in ended["sent" if keyed else status]
    assert mailing.receiver.count(hit) == (with_key if keyed else plainly)


def is_idle(server):
    """Whether the queue has no work left, as its metrics show it at one moment."""
    series = server.metrics()
    shown = lambda name: sum(value for key, value in series.items() if key.startswith(f"penstock_queue_{name}{{"))
    return shown("up") == 1 and shown("ready") + shown("leased") + shown("scheduled") == 0


def letter(server, id):
    """The dead letter of a message, or None."""
    answer = server.get(f"/api/dead-letters/{id}")
    assert answer.status in (200, 404), answer
    return answer.json if answer.status == 200 else None


def grounds(server):
    """What made dead letters, and how often."""
    mark = "penstock_queue_dead_letters_total{"
    return {name.split('reason="')[1].rstrip('"}'): value for name, value in server.metrics().items()
            if name.startswith(mark) and value > 0}
