"""A provider's endpoint that counts what reaches it and behaves as badly as a test wants."""

import http
import itertools
import json
import socket
import struct
import threading
import time

LONGEST = 1 << 20  # of a request


class Request:
    """What came, and when by the monotonic clock: `message` is the text that the message carries, `key` its Idempotency-Key
    or webhook-id, or None."""

    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body, self.at = method, path, headers, body, time.monotonic()
        self.key = headers.get("idempotency-key", headers.get("webhook-id"))
        try:
            self.message = json.loads(body)["content"]
        except (ValueError, KeyError, TypeError):
            self.message = None


# Behaviours: what is done with one request, by a function of the receiver, the connection and the request. They say
# whether the connection goes on. A behaviour that takes the message has an effect, whether the client learns of it or not.

def accept(receiver, connection, request):
    """202 with the messageId, the same one for the same key."""
    return answer(202, json.dumps({"messageId": receiver.take(request)}).encode())(receiver, connection, request)


def answer(status, body=b"{}", **headers):
    """An answer that takes nothing; underscores in the headers' names are hyphens."""

    def behave(_receiver, connection, _request):
        fields = {"Content-Type": "application/json", "Content-Length": len(body),
                  **{name.replace("_", "-"): value for name, value in headers.items()}}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        connection.sendall(f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\n{head}\r\n".encode() + body)
        return True

    return behave


def hang(receiver, _connection, request):
    """Takes the message and says nothing until the receiver is closed."""
    receiver.take(request)
    receiver.closed.wait()
    return False


def reset(receiver, connection, request):
    """Takes the message and resets the connection."""
    receiver.take(request)
    abort(connection)
    return False


def half(receiver, connection, request):
    """Takes the message and closes in the middle of its answer."""
    receiver.take(request)
    connection.sendall(b'HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n{"messageId": "r')
    return False


def huge(receiver, connection, request, size=10 << 20):
    """Takes the message and answers 200 with megabytes, as far as anybody reads them."""
    receiver.take(request)
    connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
    piece = b"x" * 65536
    for _ in range(size // len(piece)):
        connection.sendall(piece)
    return True


def first(times, behaviour, then=accept):
    """Each message's first requests get one behaviour and later ones another."""

    def behave(receiver, connection, request):
        chosen = behaviour if receiver.count(request.message) <= times else then
        return chosen(receiver, connection, request)

    return behave


def after(gate, behaviour=accept):
    """Waits for the event `gate` before it does anything."""

    def behave(receiver, connection, request):
        while not gate.wait(0.05):
            if receiver.closed.is_set():
                return False
        return behaviour(receiver, connection, request)

    return behave


def abort(connection):
    """Closes so that the other side gets a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Receiver:
    """An HTTP/1.1 endpoint on a free port of this machine, ready once it is made; `behaviour` is what it does with each
    request and may be set at any time. All calls may come from any thread.

    requests: what was read, in order, whatever came of it. connections: how many were taken.
    """

    def __init__(self, behaviour=accept):
        self.behaviour = behaviour
        self.resets_unread = False  # connections are reset before anything is read
        self.requests = []
        self.connections = 0
        self.taken = {}  # a message's text: the keys under which it was taken, or numbers where there was none
        self.ids = {}
        self.numbers = itertools.count(1)
        self.changed = threading.Condition()
        self.closed = threading.Event()
        self.open = set()
        self.filler = None
        self.threads = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self._spawn(self._accept, self.listener)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/messages"

    @property
    def environment(self):
        """Makes it the provider of a server."""
        return {"WEBHOOK_URL": self.url, "SSRF_ALLOWLIST": f"127.0.0.1:{self.port}"}

    def count(self, message):
        """How often the message was received."""
        with self.changed:
            return sum(request.message == message for request in self.requests)

    def effects(self, message):
        """How often the message was taken: with a key, repetitions do not count."""
        with self.changed:
            return len(self.taken.get(message, ()))

    def await_requests(self, count, seconds=30):
        """Until so many requests were read in all."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.requests) >= count, seconds), f"{len(self.requests)} of {count}"

    def refuse(self):
        """Refuses connections from now on, but keeps the port; those that stand are closed."""
        self._silence()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))

    def stall(self):
        """After refuse(): whoever connects from now on waits until listen()."""
        self.listener.listen(0)
        # The one connection that has room; what else comes is asked by the system to try again.
        self.filler = socket.create_connection(("127.0.0.1", self.port))

    def connecting(self):
        """How many connections to this port of the machine have been asked for and do not stand yet."""
        with open("/proc/net/tcp", encoding="ascii") as table:
            rows = [line.split() for line in table][1:]
        return sum(row[2].endswith(f":{self.port:04X}") and row[3] == "02" for row in rows)

    def listen(self):
        """Takes connections again."""
        self.listener.listen(512)
        self._spawn(self._accept, self.listener)

    def close(self):
        self.closed.set()
        if self.filler:
            self.filler.close()
        self._silence()
        for thread in self.threads:
            thread.join(10)

    def take(self, request):
        """The message's id here."""
        with self.changed:
            number = next(self.numbers)
            name = request.key or number
            self.taken.setdefault(request.message, set()).add(name)
            return self.ids.setdefault(name, f"r-{number}")

    def _silence(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # which wakes who accepts
        except OSError:
            pass  # it did not listen
        self.listener.close()
        with self.changed:
            standing = list(self.open)
        for connection in standing:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is gone

    def _spawn(self, work, *arguments):
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        with self.changed:
            self.threads.append(thread)
        thread.start()

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self.changed:
                self.connections += 1
                self.open.add(connection)
            self._spawn(self._serve, connection)

    def _serve(self, connection):
        try:
            with connection, connection.makefile("rb") as stream:
                if self.resets_unread:
                    stream.close()
                    abort(connection)
                    return
                while request := self._read(stream):
                    with self.changed:
                        self.requests.append(request)
                        self.changed.notify_all()
                    if not self.behaviour(self, connection, request):
                        return
        except (OSError, ValueError):
            pass  # the client is gone, or speaks no HTTP
        finally:
            with self.changed:
                self.open.discard(connection)

    @staticmethod
    def _read(stream):
        line = stream.readline(LONGEST)
        if not line.endswith(b"\r\n"):
            return None
        method, path, _ = line.decode("latin-1").split(" ", 2)
        headers = {}
        while (line := stream.readline(LONGEST)) != b"\r\n":
            if not line:
                return None
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        body = stream.read(min(length, LONGEST))
        return Request(method, path, headers, body) if len(body) == length else None
