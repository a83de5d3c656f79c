"""A server under attack, in a process of its own."""

import os
import resource
import signal
import socket
import subprocess

import pytest

PROGRAM = os.environ["PENSTOCK_HTTP_TEST_SERVER"]
MOST_MEMORY_MB = 120


class Server:
    def __init__(self, descriptors=None, **options):
        def limit():
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        arguments = [f"{key.replace('__', '.')}={value}" for key, value in options.items()]
        self.process = subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE, text=True, preexec_fn=limit)
        self.port = int(self.process.stdout.readline())

    def connect(self, timeout=20):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def ask(self, request):
        """Sends one request on a connection of its own and returns status and body."""
        with self.connect() as client:
            client.sendall(request)
            return read_answer(client)

    def get(self, path):
        return self.ask(b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path.encode())

    def post(self, body=b'{"good":1}'):
        return self.ask(post(body))

    def memory_mb(self):
        """The most that was ever resident."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        """Ends it; fails when it crashed before or does not drain."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=30) == 0


def post(body, extra=b""):
    return (
        b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n"
        % (len(body), extra)
    ) + body


def read_answer(client):
    data = b""
    while b"\r\n\r\n" not in data:
        part = client.recv(65536)
        assert part, f"closed after {data!r}"
        data += part
    head, body = data.split(b"\r\n\r\n", 1)
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length")), 0)
    while len(body) < length:
        part = client.recv(65536)
        assert part, "closed within a body"
        body += part
    return int(head.split()[1]), body


def drained(client):
    """Reads until the server closes."""
    try:
        while client.recv(65536):
            pass
    except ConnectionError:
        pass


@pytest.fixture
def serve():
    servers = []

    def start(**options):
        servers.append(Server(**options))
        return servers[-1]

    yield start
    sanitized = "asan" in PROGRAM or "tsan" in PROGRAM
    for server in servers:
        memory = server.memory_mb()
        server.stop()
        assert sanitized or memory < MOST_MEMORY_MB, f"{memory:.0f} MB"
