"""The whole service under hostile clients: it stays up, within its memory, enqueues nothing of theirs, and serves others."""

import contextlib
import os
import random
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from driver import parallel, phone

SMS = "/api/messages/sms"
HEAD = b"POST /api/messages/sms HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
# Sanitizers multiply memory; there the bound is not given.
MEMORY_MB = int(os.environ.get("PENSTOCK_MEMORY_MB", "0"))
POSTS_SECONDS = float(os.environ.get("PENSTOCK_POSTS_SECONDS", "3"))


@pytest.fixture(scope="module")
def server(start):
    return start(overrides={"http.header_timeout": "2s", "http.body_timeout": "2s", "http.write_timeout": "2s",
                            "http.linger_timeout": "500ms"})


@pytest.fixture(autouse=True)
def unharmed(server):
    """Before and after: alive, nothing enqueued, memory within its bound."""
    before = server.metric("penstock_ingest_published_total")
    server.good = 0
    yield
    good_posts(server, 1)
    assert server.metric("penstock_ingest_published_total") == before + server.good
    if MEMORY_MB:
        assert peak_memory(server) <= MEMORY_MB


def peak_memory(server):
    status = open(f"/proc/{server.process.pid}/status", encoding="ascii").read()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=30)


def drained(client):
    """What the server sent until it closed, however it closed."""
    received = b""
    with contextlib.suppress(OSError):
        while chunk := client.recv(65536):
            received += chunk
    return received


def good_posts(server, count):
    """Another client's posts; how long they took."""
    started = time.monotonic()
    for _ in range(count):
        server.accepted(SMS, {"from": phone(), "to": phone(), "body": "Hello"})
        server.good += 1
    return time.monotonic() - started


def test_random_bytes(server):
    seed = int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    rng = random.Random(seed)
    for _ in range(300):
        with connect(server) as client:
            with contextlib.suppress(OSError):
                client.sendall(rng.randbytes(rng.randrange(1, 3000)))
                client.shutdown(socket.SHUT_WR)
            drained(client)


def test_a_request_cut_anywhere(server):
    body = b'{"from":"+15550001111","to":"+15550002222","body":"Hello"}'
    whole = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    for length in range(1, len(whole)):
        with connect(server) as client:
            client.sendall(whole[:length])
            client.shutdown(socket.SHUT_WR)
            assert drained(client).startswith(b"HTTP/1.1 400 "), length


def test_random_json(server):
    """Well-framed bodies of broken JSON, broken UTF-8 and wrong shapes."""
    seed = int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    rng = random.Random(seed)
    whole = b'{"from":"+15550001111","to":"+15550002222","body":"Hello","attachments":null}'
    for _ in range(400):
        mutated = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            mutated[rng.randrange(len(mutated))] = rng.choice(b'{}[]",:\x00\xff\xc0\xed\\u')
        mutated[-2 - rng.randrange(3)] = 0xff  # whatever else it is, it is never good
        answer = server.post(SMS, bytes(mutated))
        assert answer.status == 400, (mutated, answer)


@pytest.mark.parametrize("body", [
    b"[" * 10_000 + b"]" * 10_000,
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b'{"from":' + b"[" * 100_000,
    b'{"from":"\xff\xfe","to":"+15550002222","body":"Hello"}',
    b'{"from":"+15550001111","to":"+15550002222","body":"\xed\xa0\x80"}',
    b'{"from":"+15550001111","to":"+15550002222","body":"\\ud800"}',
], ids=["deep arrays", "deep objects", "deep and cut", "invalid UTF-8", "surrogate", "lone escape"])
def test_hostile_json(server, body):
    assert server.post(SMS, body).status == 400


def test_a_gigabyte_announced(server):
    with connect(server) as client:
        client.sendall(HEAD + b"Content-Length: 1073741824\r\n\r\n")
        assert drained(client).startswith(b"HTTP/1.1 413 ")


def test_gigabytes_sent_anyway(server):
    def push(number):
        chunked = number % 2 == 0
        framing = b"Transfer-Encoding: chunked\r\n\r\n" if chunked else b"Content-Length: 1073741824\r\n\r\n"
        block = b"10000\r\n" + b"x" * 65536 + b"\r\n" if chunked else b"x" * (1 << 20)
        sent = 0
        with connect(server) as client:
            client.sendall(HEAD + framing)
            with contextlib.suppress(OSError):
                while sent < 1 << 30:
                    client.sendall(block)
                    sent += len(block)
            drained(client)
        return sent

    assert max(parallel(8, push)) < 64 << 20


def test_400_slow_heads(server):
    slow = [connect(server) for _ in range(400)]
    for client in slow:
        client.sendall(b"POST /api/messages/sms HTTP/1.1\r\nHost:")
    assert good_posts(server, 50) < POSTS_SECONDS
    for client in slow:
        assert drained(client).startswith(b"HTTP/1.1 408 ")
        client.close()


def test_400_slow_bodies(server):
    slow = [connect(server) for _ in range(400)]
    for client in slow:
        with contextlib.suppress(OSError):
            client.sendall(HEAD + b"Content-Length: 262144\r\n\r\n{" + b" " * 200_000)
    statuses = set()
    for client in slow:
        statuses.add(drained(client)[:13])
        client.close()
    assert statuses <= {b"HTTP/1.1 408 ", b"HTTP/1.1 503 "}, statuses


def test_slow_readers(server):
    """They ask and ask, and read nothing, until they are cut."""
    burst = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n" * 500

    def reader(_):
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(30)
            client.connect(("127.0.0.1", server.port))
            for _ in range(1 << 12):
                try:
                    client.sendall(burst)
                except ConnectionError:
                    return True
        return False

    before = server.metric("penstock_http_cut_total")
    with ThreadPoolExecutor(max_workers=40) as pool:
        cut = [pool.submit(reader, number) for number in range(40)]
        assert good_posts(server, 50) < POSTS_SECONDS
        assert all(one.result() for one in cut)
    assert server.metric("penstock_http_cut_total") >= before + 40
