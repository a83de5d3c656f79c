"""Starts penstockd as a user would and talks to it over HTTP."""

import http.client
import itertools
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PENSTOCK_BUILD", ROOT / "build" / "release"))

# What the program may learn from the environment of the test run.
PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS")

START_SECONDS = 30
STOP_SECONDS = 60
_numbers = itertools.count(1)


def until(fact, seconds=10.0, what="the fact"):
    """The first true value of fact(), asked again and again until the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        value = fact()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not come within {seconds} s"
        time.sleep(0.005)


def phone():
    """A phone number that no other test has."""
    return f"+1555{next(_numbers):07d}"


def mailbox():
    return f"person{next(_numbers)}@example.com"


def parallel(count, work):
    """work(0), work(1), … at the same time; their results in order."""
    with ThreadPoolExecutor(max_workers=count) as pool:
        return list(pool.map(work, range(count)))


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:500]!r}"


class Server:
    """One run of penstockd. `overrides` are -D values, but config is the name of a file in config/; `wrapper` is a
    command that runs it, `pass_fds` are descriptors that it inherits, `program` is another penstockd than the built one."""

    def __init__(self, folder, overrides=None, environment=None, wrapper=(), pass_fds=(), program=BUILD / "bin" / "penstockd"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log_file = self.folder / f"penstockd-{next(_numbers)}.log"
        values = {
            "http.public.port": "0",
            "data_dir": str(self.folder / "data"),
            "logging.format": "json",
            **(overrides or {}),
        }
        command = [*wrapper, str(program)]
        if "config" in values:
            command += ["--config", str(ROOT / "config" / f"{values.pop('config')}.lua")]
        for key, value in values.items():
            command += ["-D", f"{key}={value}"]
        (self.folder / "data").mkdir(exist_ok=True)
        passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**passed_on, **(environment or {})},
                pass_fds=pass_fds
            )
        self.port = until(self._find_port, START_SECONDS, "the line with the port")

    def _find_port(self):
        assert self.process.poll() is None, f"penstockd ended with {self.process.returncode}:\n{self.log_text()}"
        for line in self.log_lines():
            if line.get("event") == "http.listening":
                found = re.search(r":(\d+)$", line["place"])
                if found:
                    return int(found[1])
        return None

    def log_text(self):
        return self.log_file.read_text(encoding="utf-8")

    def log_lines(self):
        """Whole lines that are JSON objects; the last one may be half written."""
        lines = []
        for text in self.log_text().split("\n")[:-1]:
            try:
                lines.append(json.loads(text))
            except ValueError:
                continue
        return lines

    def stop(self):
        """Drains; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"penstockd did not stop:\n{self.log_text()[-4000:]}") from None

    def kill(self):
        """Ends it as a crash would."""
        self.process.kill()
        self.process.wait()

    def call(self, method, path, body=None, headers=None, timeout=30):
        """One request on a connection of its own. A body that is no bytes is sent as JSON."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body, ensure_ascii=False).encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.call("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, path, body, **headers):
        return self.call("POST", path, body, {k.replace("_", "-"): v for k, v in headers.items()})

    def raw(self, data, timeout=30):
        """Sends bytes as they are and reads until the server closes; the answer's bytes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            connection.sendall(data)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
            return received

    def accepted(self, path, body, **headers):
        """Posts what must be accepted; the answer's members."""
        answer = self.post(path, body, **headers)
        assert answer.status == 202, answer
        return answer.json

    def message(self, id, seconds=10.0):
        """The message, once it is persisted."""

        def found():
            answer = self.get(f"/api/messages/{id}")
            assert answer.status in (200, 404), answer
            return answer.json if answer.status == 200 else None

        return until(found, seconds, f"message {id}")

    def sent(self, id, seconds=30.0):
        """The message, once it is sent."""

        def found():
            message = self.message(id, seconds)
            return message if message["status"] == "sent" else None

        return until(found, seconds, f"message {id} to be sent")

    def conversation(self, participant):
        """The one conversation of the participant."""
        answer = self.get(f"/api/conversations?participant={participant.replace('+', '%2B')}")
        assert answer.status == 200, answer
        assert len(answer.json["items"]) == 1, answer
        return answer.json["items"][0]

    def messages(self, conversation_id):
        """All messages of a conversation, page by page."""
        items = []
        for page in itertools.count(1):
            answer = self.get(f"/api/conversations/{conversation_id}/messages?page={page}")
            assert answer.status == 200, answer
            items += answer.json["items"]
            if not answer.json["items"] or len(items) >= answer.json["meta"]["total"]:
                return items

    def metrics(self):
        """Every series and its value."""
        answer = self.get("/metrics")
        assert answer.status == 200, answer
        series = {}
        for line in answer.body.decode().splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                series[name] = float(value)
        return series

    def metric(self, prefix):
        """Sum of the series whose name, with labels, starts so."""
        return sum(value for name, value in self.metrics().items() if name.startswith(prefix))
