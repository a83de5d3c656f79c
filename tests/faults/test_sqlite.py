"""The embedded default when the process is killed and when the disk is full: nothing that was accepted is lost."""

import os
import pathlib
import time

import pytest

from driver import until
from ledger import Ledger, rng, rounds


def test_kill_9_under_load(start):
    random = rng("kill -9")
    ledger = Ledger()
    server = start()
    for _ in range(rounds()):
        with ledger.load(server):
            at = time.monotonic() + random.uniform(0.1, 1.0)
            until(lambda: time.monotonic() >= at, what="the moment")
            server.kill()
        server = start()
        ledger.settled(server)
        ledger.check(server)
    assert len(ledger.accepted) > 0


def test_kill_9_leaves_no_key_free_to_be_used_again(start):
    server = start()
    body = {"from": "+15550001111", "to": "+15550002222", "body": "once"}
    first = server.accepted("/api/messages/sms", body, Idempotency_Key="a-key")["id"]
    server.kill()
    again = start().post("/api/messages/sms", body, Idempotency_Key="a-key")
    assert (again.status, again.json["id"], again.headers["Idempotent-Replayed"]) == (202, first, "true")


@pytest.fixture
def small_disk(tmp_path):
    """A wrapper that gives the service a data folder of 24 MB, in a mount namespace of its own."""
    (tmp_path / "data").mkdir()
    enter = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    return [*enter, "sh", "-c", f'mount -t tmpfs -o size=24m none "{tmp_path}/data" && exec "$@"', "sh"]


def test_a_full_disk_is_refused_and_recovers(start, small_disk, tmp_path):
    ledger = Ledger()
    server = start(wrapper=small_disk)
    for _ in range(20):
        assert ledger.post(server) == 202
    filler = pathlib.Path(f"/proc/{server.process.pid}/root{tmp_path}/data/filler")

    def fill():
        with open(filler, "ab", buffering=0) as file:
            try:
                while file.write(b"x" * 4096) == 4096:
                    pass
            except OSError:
                pass

    def refused():
        fill()
        return ledger.post(server) == 503

    until(refused, 30, "a refusal")
    until(lambda: server.get("/readyz").status == 503, 5, "not ready")
    assert server.get("/livez").status == 200
    assert "sqlite-queue" in server.get("/readyz").body.decode() or "store" in server.get("/readyz").body.decode()
    filler.unlink()
    until(lambda: server.get("/readyz").status == 200, 10, "ready again")
    until(lambda: ledger.post(server) == 202, 10, "acceptance")
    ledger.settled(server)
    ledger.check(server)
