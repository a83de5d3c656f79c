"""Posts messages at a steady rate, whatever the answers take, from one thread that takes little of the machine."""

import json
import re
import selectors
import socket
import time
import typing

CONNECTIONS = 256  # so many answers may be awaited at once
PATIENCE_SECONDS = 30


class Offered(typing.NamedTuple):
    begun: float  # wall clock at which the first one was due
    accepted: int
    refused: int
    latest: float  # seconds that the latest one was sent after it was due
    seconds: float  # from the first to the last answer

    def due(self, place, rate):
        """Wall clock at which the request in that place was due."""
        return self.begun + place / rate


def text_message(to, text):
    """A request of about 350 bytes."""
    body = json.dumps({"from": "+15550001111", "to": to, "type": "sms",
                       "body": f"{text}: the parcel leaves the depot at noon.",
                       "timestamp": "2026-03-01T12:00:00Z", "metadata": {"campaign": "spring"}}).encode()
    return (b"POST /api/messages/sms HTTP/1.1\r\nHost: penstock\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b") % (len(body), body)


class _Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.read = b""

    def answer(self):
        """The status of the answer, once it is whole."""
        piece = self.socket.recv(65536)
        if not piece:
            raise RuntimeError("the server closed a connection that awaited an answer")
        self.read += piece
        head, end, body = self.read.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if not end or not length or len(body) < int(length[1]):
            return None
        self.read = b""
        return int(head[9:12])


def offer(port, requests, rate):
    """Each request is due `1 / rate` seconds after the one before, with an infinite rate all are at once. Waits for all
    answers."""
    idle, all_connections = [], []
    sent = accepted = refused = 0
    latest = 0.0
    selector = selectors.DefaultSelector()
    start = last = time.monotonic() + 0.05
    begun = time.time() + start - time.monotonic()
    try:
        while accepted + refused < len(requests):
            now = time.monotonic()
            while sent < len(requests) and start + sent / rate <= now and (idle or len(all_connections) < CONNECTIONS):
                if not idle:
                    idle.append(_Connection(port))
                    all_connections.append(idle[0])
                    selector.register(idle[0].socket, selectors.EVENT_READ, idle[0])
                idle.pop().socket.sendall(requests[sent])
                latest = max(latest, time.monotonic() - start - sent / rate)
                sent += 1
            room = sent < len(requests) and (idle or len(all_connections) < CONNECTIONS)
            ready = selector.select(max(0.0, start + sent / rate - time.monotonic()) if room else 1.0)
            for key, _ in ready:
                if key.data in idle:  # the server has closed it, because it was idle for long
                    idle.remove(key.data)
                    all_connections.remove(key.data)
                    selector.unregister(key.data.socket)
                    key.data.socket.close()
                    continue
                status = key.data.answer()
                if status is None:
                    continue
                accepted += status == 202
                refused += status != 202
                idle.append(key.data)
                last = time.monotonic()
            if time.monotonic() - max(last, start) > PATIENCE_SECONDS and accepted + refused < sent:
                raise RuntimeError(f"{sent - accepted - refused} posts are not answered")
    finally:
        selector.close()
        for connection in all_connections:
            connection.socket.close()
    return Offered(begun, accepted, refused, latest, last - start)
