"""A Redis server for one test: in memory, reached by a unix socket in a temporary folder."""

import contextlib
import signal
import socket
import subprocess
import tempfile

from driver import until


class Redis:
    """`folder` must be short: a socket's path has at most 107 bytes."""

    def __init__(self, folder, *arguments):
        self.socket = f"{folder}/redis.sock"
        self.url = f"unix://{self.socket}"
        self.command = ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "no",
                        "--daemonize", "no", "--dir", str(folder), *arguments]
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self._answers, 30, "Redis")
        return self

    def _answers(self):
        assert self.process.poll() is None, "Redis ended"
        try:
            return self.ask("PING") == b"+PONG" or b"NOAUTH" in self.ask("PING")
        except (FileNotFoundError, ConnectionRefusedError):
            return False

    def ask(self, *words):
        """The first line of the answer to a command, or the text that it announces."""
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        command = b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(30)
            connection.connect(self.socket)
            connection.sendall(command)
            answer = connection.makefile("rb")
            line = answer.readline().rstrip(b"\r\n")
            return answer.read(int(line[1:])) if line.startswith(b"$") and line != b"$-1" else line

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.send_signal(signal.SIGCONT)
        if self.process:
            self.process.wait(30)


@contextlib.contextmanager
def redis(*arguments):
    """One that is not started yet and has ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = Redis(folder, *arguments)
        try:
            yield server
        finally:
            server.stop()
