"""What clients were told, compared with what is there in the end."""

import http.client
import itertools
import json
import random
import threading

from driver import phone, until

SMS = "/api/messages/sms"


class Ledger:
    """Posts messages while things go wrong and keeps every answer; knows what must be there afterwards.

    accepted: body -> id. refused: body -> code, of those that were answered with 4xx. shed: the same of those that were
    answered with 503. unknown: bodies whose answer never came: such a message is there once or not at all.
    """

    def __init__(self, pairs=6):
        self.pairs = [(phone(), phone()) for _ in range(pairs)]
        self.accepted = {}
        self.refused = {}
        self.shed = {}
        self.unknown = set()
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)

    def post(self, server, timeout=30):
        """One message with a key of its own; the status, or None when no answer came."""
        number = next(self.numbers)
        pair = self.pairs[number % len(self.pairs)]
        body = f"message {number}"
        payload = json.dumps({"from": pair[0], "to": pair[1], "body": body}).encode()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)
        try:
            connection.request("POST", SMS, payload,
                               {"Content-Type": "application/json", "Idempotency-Key": f"key-{id(self)}-{number}"})
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError):
            with self.lock:
                self.unknown.add(body)
            return None
        finally:
            connection.close()
        with self.lock:
            if response.status == 202:
                self.accepted[body] = answer["id"]
            elif response.status == 503:
                assert int(response.headers["Retry-After"]) >= 1
                self.shed[body] = answer.get("code")
            else:
                self.refused[body] = answer.get("code")
        return response.status

    def load(self, server, threads=6):
        return Load(self, server, threads)

    def settled(self, server, seconds=60):
        """Waits until nothing is in the queue any more."""
        live = [f"penstock_queue_{state}" for state in ("ready", "leased", "scheduled")]

        def empty():
            return sum(server.metric(name) for name in live) == 0

        until(empty, seconds, "the end of the queue's work")

    def check(self, server, answers_lost=True):
        """Every accepted message is there exactly once, under its id; of the unknown ones none is there twice, and none of
        those that were answered with 503, which may be there only where a commit's answer was lost. Returns what is there."""
        found = {}
        for pair in self.pairs:
            answer = server.get(f"/api/conversations?participant={pair[0].replace('+', '%2B')}")
            assert answer.status == 200, answer
            for conversation in answer.json["items"]:
                items = server.messages(conversation["id"])
                assert len(items) == conversation["message_count"]
                for item in items:
                    found.setdefault(item["body"], []).append(item["id"])
        doubled = {body: ids for body, ids in found.items() if len(ids) > 1}
        lost = {body: id for body, id in self.accepted.items() if found.get(body) != [id]}
        strangers = set(found) - set(self.accepted) - self.unknown - (set(self.shed) if answers_lost else set())
        assert (lost, doubled, strangers) == ({}, {}, set())
        return set(found)


class Load:
    """Posts from several threads until left."""

    def __init__(self, ledger, server, threads):
        self.halt = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(ledger, server)) for _ in range(threads)]

    def run(self, ledger, server):
        while not self.halt.is_set():
            if ledger.post(server) is None:
                self.halt.wait(0.05)  # it is gone; others may not be

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.halt.set()
        for thread in self.threads:
            thread.join()


def rng(name):
    """Choices that PENSTOCK_SEED repeats."""
    import os

    seed = int(os.environ.get("PENSTOCK_SEED") or random.SystemRandom().getrandbits(32))
    print(f"{name}: PENSTOCK_SEED={seed}")
    return random.Random(seed)


def rounds():
    """How often a fault is repeated: few for every change, many in the long tests."""
    import os

    return int(os.environ.get("PENSTOCK_FAULT_ROUNDS", "3"))
