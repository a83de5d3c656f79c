"""The memory of sent messages in Redis: what it adds, and that its absence takes nothing away."""

import sqlite3
import subprocess
import time
import uuid
from datetime import datetime

import pytest

from driver import BUILD, phone, until
from redis_server import redis

LISTS = ("/api/messages/sent", "/messages/sent")
EMPTY = {"items": [], "meta": {"page": 1, "page_size": 50, "total": 0}}


@pytest.fixture
def server_of_redis():
    with redis() as server:
        yield server


def sms(server):
    return server.accepted("/api/messages/sms", {"from": phone(), "to": phone(), "body": "hello"})["id"]


def listed(server, path=LISTS[0]):
    return [item["message_id"] for item in server.get(path).json["items"]]


def sent(server):
    """Sends a message; its id once the store knows that it is sent."""
    message = sms(server)
    until(lambda: server.message(message)["status"] == "sent", what="the sending")
    return message


def await_note(server, message):
    """What the cache says of a message, once it does."""
    return until(lambda: value if (value := server.ask("GET", f"penstock:sent:{message}")) != b"$-1" else None, 30,
                 "the note")


def note(server, message, milliseconds):
    """What another process of the service writes after a send."""
    assert server.ask("SET", f"penstock:sent:{message}", f"{milliseconds} theirs", "PX", 3600000) == b"+OK"
    assert server.ask("ZADD", "penstock:sent", milliseconds, message) == b":1"


def readiness(server):
    answer = server.get("/readyz")
    assert answer.status == 200, answer
    return answer.json


def await_ready(server):
    until(lambda: readiness(server) == {"status": "ok"}, 30, "readiness")


def await_degraded(server):
    state = until(lambda: readiness(server) if readiness(server)["status"] == "degraded" else None, 30, "the trouble")
    assert [detail["plugin"] for detail in state["details"]] == ["redis-cache"]
    return state["details"][0]["reason"]


def test_without_an_address_there_is_no_cache(start):
    server = start()
    assert not [name for name in server.metrics() if name.startswith("penstock_cache_")]


def test_a_sent_message_is_remembered_with_its_id_for_a_while(start, server_of_redis):
    server = start(environment={"REDIS_URL": server_of_redis.start().url, "REDIS_TTL": "1h"})
    await_ready(server)
    message = sent(server)
    time_of_note, id_of_provider = await_note(server_of_redis, message).decode().split(" ", 1)
    detail = server.get(f"/api/messages/{message}").json
    assert id_of_provider == detail["provider_message_id"] == detail["attempts"][0]["provider_message_id"]
    finished = datetime.fromisoformat(detail["attempts"][0]["finished_at"].replace("Z", "+00:00"))
    assert int(time_of_note) == round(finished.timestamp() * 1000)
    ttl = int(server_of_redis.ask("PTTL", f"penstock:sent:{message}")[1:])
    assert 0 < ttl <= 3600000
    assert server_of_redis.ask("ZSCORE", "penstock:sent", message) == time_of_note.encode()
    until(lambda: server.metric("penstock_cache_notes_written_total") == 1, what="the count of notes")
    for path in LISTS:
        assert server.get(path).json["meta"]["total"] == 1


def test_what_is_sent_but_not_recorded_yet_is_listed(start, server_of_redis, tmp_path):
    """The store is SQLite's, so that the test can say how far a message is."""
    own = {"QUEUE_BACKEND": "sqlite", "STORE_BACKEND": "sqlite", "REDIS_URL": server_of_redis.start().url}
    server = start(folder=tmp_path, environment={**own, "AUTOSTART": "false"})
    sending, accepted = sms(server), sms(server)
    server.message(sending)
    server.message(accepted)
    assert server.stop() == 0
    with sqlite3.connect(tmp_path / "data" / "store.db") as store:
        moved = store.execute("UPDATE messages SET status = 'sending' WHERE id = ?", (uuid.UUID(sending).bytes,))
        assert moved.rowcount == 1
    store.close()

    server = start(folder=tmp_path, environment={**own, "WORKER_ENABLED": "false"})
    await_ready(server)
    for path in LISTS:
        assert server.get(path).json == EMPTY
    now = int(time.time() * 1000)
    note(server_of_redis, sending, now)
    note(server_of_redis, accepted, now)
    note(server_of_redis, uuid.uuid4(), now)
    for path in LISTS:
        page = server.get(path).json
        assert [item["message_id"] for item in page["items"]] == [sending]
        assert set(page["items"][0]) == {"message_id", "sent_at"}
        assert page["meta"] == {"page": 1, "page_size": 50, "total": 1}
        assert server.get(f"{path}?page=2").json["items"] == []
    assert server.metric('penstock_cache_reads_total{outcome="answered"}') >= 4


def test_a_start_without_redis_is_ready_and_uses_it_once_it_comes(start, server_of_redis):
    server = start(environment={"REDIS_URL": server_of_redis.url})
    assert "so that sent messages are not remembered there" in await_degraded(server)
    assert server.metric("penstock_cache_connected") == 0
    early = sent(server)
    server_of_redis.start()
    await_ready(server)
    assert server.metric("penstock_cache_connected") == 1
    late = sent(server)
    await_note(server_of_redis, early)
    await_note(server_of_redis, late)


def test_a_redis_that_stands_still_or_goes_delays_nothing(start, server_of_redis):
    server_of_redis.start()
    server = start(environment={"REDIS_URL": server_of_redis.url})
    await_ready(server)
    server_of_redis.pause()
    for path in LISTS:
        assert server.get(path).json == EMPTY
    sent(server)
    assert "does not answer in time" in await_degraded(server)
    server_of_redis.resume()
    await_ready(server)
    server_of_redis.stop()
    await_degraded(server)
    message = sent(server)
    for path in LISTS:
        assert message in listed(server, path)
    server_of_redis.start()
    await_ready(server)


def test_the_password_is_used_and_in_no_log(start):
    with redis("--requirepass", "hush") as server_of_redis:
        server_of_redis.start()
        address = server_of_redis.url.replace("unix://", "unix://:hush@")
        server = start(environment={"REDIS_URL": address})
        await_ready(server)
        wrong = start(environment={"REDIS_URL": address.replace("hush@", "other@")})
        assert "it refuses the user or the password" in until(
            lambda: reason if "refuses" in (reason := await_degraded(wrong)) else None, 30, "the refusal")
        server_of_redis.stop()
        await_degraded(server)
        for text in (server.log_text(), wrong.log_text()):
            assert "hush" not in text and "other@" not in text


def test_an_address_that_cannot_be_read_is_refused_with_a_sentence(tmp_path):
    run = subprocess.run(
        [str(BUILD / "bin" / "penstockd"), "-D", f"data_dir={tmp_path}", "-D", "http.public.port=0"],
        env={"PATH": "/usr/bin:/bin", "REDIS_URL": "redis://:hush@there:port"},
        capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 78, run.stderr
    assert "redis-cache.url cannot be read" in run.stderr
    assert "hush" not in run.stderr + run.stdout
