"""Hostile clients neither crash the listener, nor get anything handed over, nor disturb good clients."""

import os
import random
import socket
import time

from conftest import drained, post, read_answer

HEAD = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"


def test_random_bytes_hand_nothing_over(serve):
    server = serve(header_timeout="300ms", linger_timeout="200ms")
    seed = int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    rng = random.Random(seed)
    for _ in range(400):
        with server.connect() as client:
            try:
                client.sendall(rng.randbytes(rng.randrange(1, 3000)))
                client.shutdown(socket.SHUT_WR)
            except OSError:
                continue
            drained(client)
    assert server.get("/handed") == (200, b"0")
    assert server.post()[0] == 200


def test_truncated_requests_hand_nothing_over(serve):
    server = serve()
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;a=b\r\n12345\r\n3\r\n678\r\n0\r\nX: y\r\n\r\n"
    for whole in (post(b'{"to":"x"}'), chunked):
        for length in range(1, len(whole)):
            with server.connect() as client:
                client.sendall(whole[:length])
                client.shutdown(socket.SHUT_WR)
                assert read_answer(client)[0] == 400
    assert server.get("/handed") == (200, b"0")


def test_mutated_requests_never_crash(serve):
    server = serve(header_timeout="300ms", body_timeout="300ms", linger_timeout="200ms")
    seed = int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    rng = random.Random(seed)
    whole = post(b'{"to":"x"}', b"Expect: 100-continue\r\nConnection: keep-alive\r\n") * 3
    for _ in range(400):
        mutated = bytearray(whole)
        for _ in range(rng.randrange(1, 6)):
            mutated[rng.randrange(len(mutated))] = rng.choice(b"\r\n :\x00\xff;0x")
        with server.connect() as client:
            client.sendall(mutated)
            client.shutdown(socket.SHUT_WR)
            drained(client)
    assert server.post()[0] == 200


def test_a_gigabyte_is_refused_before_it_is_read(serve):
    server = serve()
    with server.connect() as client:
        client.sendall(HEAD + b"Content-Length: 1073741824\r\n\r\n")
        assert read_answer(client)[0] == 413


def push(client, block, total):
    sent = 0
    try:
        while sent < total:
            client.sendall(block)
            sent += len(block)
    except OSError:
        pass
    return sent


def test_a_gigabyte_that_is_sent_anyway_is_cut_off(serve):
    server = serve()
    for framing in (b"Content-Length: 1073741824\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"):
        with server.connect() as client:
            client.sendall(HEAD + framing)
            block = b"x" * (1 << 20) if framing.startswith(b"Content") else b"10000\r\n" + b"x" * 65536 + b"\r\n"
            sent = push(client, block, 1 << 30)
            assert sent < 64 << 20
            assert read_answer(client)[0] == 413
    assert server.get("/handed") == (200, b"0")


def test_slow_heads_do_not_disturb_good_clients(serve):
    server = serve(header_timeout="2s")
    slow = [server.connect() for _ in range(400)]
    for client in slow:
        client.sendall(b"POST /echo HTTP/1.1\r\nHost:")
    started = time.monotonic()
    for _ in range(50):
        assert server.post()[0] == 200
    assert time.monotonic() - started < 3
    for client in slow:
        assert read_answer(client)[0] == 408
        client.close()


def test_slow_bodies_are_bounded_in_time_and_memory(serve):
    server = serve(body_timeout="2s")
    slow = [server.connect() for _ in range(400)]
    answers = {}
    for client in slow:
        try:
            client.sendall(HEAD + b"Content-Length: 262144\r\n\r\n" + b"x" * 200_000)
        except OSError:
            pass
    assert server.post(b"{}")[0] in (200, 503)
    for client in slow:
        status = read_answer(client)[0]
        answers[status] = answers.get(status, 0) + 1
        client.close()
    assert set(answers) == {408, 503}, answers
    assert server.post()[0] == 200
    assert server.get("/handed")[1] in (b"1", b"2")


def test_slow_readers_are_cut_and_good_clients_served(serve):
    server = serve(write_timeout="1s")
    readers = []
    for _ in range(40):
        reader = socket.socket()
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(("127.0.0.1", server.port))
        reader.sendall(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
        readers.append(reader)
    for _ in range(50):
        assert server.post()[0] == 200
    while int(server.get("/connections")[1]) > 1:
        assert server.post()[0] == 200
    for reader in readers:
        reader.close()


def test_the_cap_still_answers(serve):
    server = serve(max_connections=50)
    held = [server.connect() for _ in range(50)]
    for client in held:
        client.sendall(b"GET /handed HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_answer(client)[0] == 200
    for _ in range(100):
        assert server.post()[0] == 503
    held.pop().close()
    while server.post()[0] != 200:
        pass
    assert len(held) == 49


def test_running_out_of_descriptors_answers_and_recovers(serve):
    server = serve(descriptors=60)
    held = []
    refused = 0
    for _ in range(200):
        client = server.connect()
        client.sendall(b"GET /handed HTTP/1.1\r\nHost: a\r\n\r\n")
        status, _ = read_answer(client)
        assert status in (200, 503)
        refused += status == 503
        held.append(client)
    assert refused > 100
    before = server.cpu_seconds()
    waiting = [server.connect() for _ in range(20)]
    for client in waiting:
        assert read_answer(client)[0] == 503
    assert server.cpu_seconds() - before < 0.5
    for client in held + waiting:
        client.close()
    while server.post()[0] != 200:
        pass


def test_endless_pipelining_leaves_room_for_others(serve):
    server = serve()
    with server.connect() as greedy:
        greedy.setblocking(False)
        burst = b"GET /handed HTTP/1.1\r\nHost: a\r\n\r\n" * 2000
        sent = 0
        try:
            while sent < 64 << 20:
                sent += greedy.send(burst)
        except BlockingIOError:
            pass  # it reads no answers, so the server reads no requests
        assert sent < 64 << 20
        for _ in range(50):
            assert server.post()[0] == 200
