"""A proxy before PostgreSQL that fails as networks do."""

import ctypes
import re
import select
import socket
import struct
import threading

# From <linux/filter.h>: a filter of one instruction, "return 0", takes no packet at all.
SO_ATTACH_FILTER = 26
SO_DETACH_FILTER = 27
NOTHING = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
NO_PACKET = struct.pack("HL", 1, ctypes.addressof(NOTHING))

READY_IDLE = b"Z\x00\x00\x00\x05I"  # the server is ready for the next statement, outside any transaction


class Proxy:
    """Forwards TCP connections of this machine to a unix socket.

    lose_answer(marker): the next statement that carries the marker is executed, but its answer is not passed on and its
    connection is cut. lose_statement(marker): it does not even reach the server. lose_result(word): as
    lose_answer, when the first prepared statement with the word in its text is run. freeze(): what comes is received and
    not forwarded, as by a server that hangs. swallow(): packets vanish, as on a network that is broken. thaw() ends both.
    """

    def __init__(self, place):
        self.place = place
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.marker = None
        self.word = None
        self.delivers = True
        self.cut = 0  # connections, by a marker
        self.clients = set()
        self.swallows = False
        self.flows = threading.Event()
        self.flows.set()
        self.closed = threading.Event()
        self.threads = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    def lose_answer(self, marker):
        with self.lock:
            self.marker, self.delivers = marker, True

    def lose_statement(self, marker):
        with self.lock:
            self.marker, self.delivers = marker, False

    def lose_result(self, word):
        with self.lock:
            self.word = word

    def freeze(self):
        self.flows.clear()

    def swallow(self):
        with self.lock:
            self.swallows = True
            for one in (self.listener, *self.clients):
                one.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, NO_PACKET)
        self.freeze()

    def thaw(self):
        with self.lock:
            if self.swallows:
                for one in (self.listener, *self.clients):
                    one.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
            self.swallows = False
        self.flows.set()

    def close(self):
        self.closed.set()
        self.flows.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(10)

    def _accept(self):
        while not self.closed.is_set():
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _serve(self, client):
        with self.lock:
            self.clients.add(client)
            if self.swallows:
                client.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, NO_PACKET)
        with client, socket.socket(socket.AF_UNIX) as server:
            try:
                self.flows.wait()
                server.connect(self.place)
                self._forward(client, server)
            except OSError:
                pass
            finally:
                with self.lock:
                    self.clients.remove(client)

    def _forward(self, client, server):
        sent = b""  # the end of what the client has said, for a marker in two parts
        bound = []
        while not self.closed.is_set():
            ready, _, _ = select.select([client, server], [], [], 0.2)
            self.flows.wait()
            for one in ready:
                data = one.recv(65536)
                if not data:
                    return
                if one is server:
                    client.sendall(data)
                    continue
                sent = sent[-200:] + data
                found, delivers = self._marked(sent, bound)
                if found and not delivers:
                    return
                server.sendall(data)
                if found:
                    self._swallow(client, server)
                    return

    def _marked(self, data, bound):
        """Whether the statement in the data is to fail, and whether the server is to have it. bound: how a statement
        whose result is to be lost is named when it is run on this connection."""
        with self.lock:
            if self.word is not None and (named := re.search(rb"P[\x00-\xff]{4}(\w+\x00)[^\x00]*" + self.word, data)):
                self.word = None
                bound.append(b"\x00" + named[1])
                return False, False
            if bound and bound[0] in data:
                self.cut += 1
                return True, True
            if self.marker is None or self.marker not in data:
                return False, False
            self.marker = None
            self.cut += 1
            return True, self.delivers

    def _swallow(self, client, server):
        """Lets the statement end at the server; what the client still has to say of it is passed on."""
        answer = b""
        while not answer.endswith(READY_IDLE):
            ready, _, _ = select.select([client, server], [], [], 30)
            if not ready:
                return
            for one in ready:
                data = one.recv(65536)
                if not data:
                    return
                if one is server:
                    answer += data
                else:
                    server.sendall(data)
