"""Queue and store in PostgreSQL when the server has run out of something: clients are turned away with 503 and what they
sent is nowhere; the service goes on by itself when there is room again."""

import socket
import struct
import time

import pytest

from driver import until
from ledger import Ledger, rounds
from pg_site import SESSIONS, Site, is_away, remains, site_of, works
from postgres import Postgres, cluster_folder
from small_disk import SmallDisk

PROTOCOL = 3 << 16


@pytest.fixture
def folder():
    with cluster_folder() as name:
        yield name


def test_the_data_files_cannot_grow(request, start, folder, tmp_path):
    """The tables of the database lie on a disk of their own, so that the server goes on when it is full."""
    with SmallDisk(f"{folder}/small", 64) as disk:
        server = Postgres(folder, disk=disk)
        try:
            disk.run("mkdir", f"{disk.folder}/space")
            server.query("postgres", f"CREATE TABLESPACE small LOCATION '{disk.folder}/space'")
            site = site_of(request, start, server, tmp_path, "--tablespace=small")
            data_files_are_full(site, disk)
        finally:
            server.end()


def data_files_are_full(site, disk):
    ledger = Ledger()
    service = site.start({"worker.lease": "30s"})
    for _ in range(rounds()):
        for _ in range(20):
            assert ledger.post(service) == 202

        def refused():
            disk.fill()
            return ledger.post(service) == 503

        def away():
            disk.fill()
            return service.get("/readyz").status == 503

        with ledger.load(service, threads=3):
            until(refused, 30, "a refusal")
            is_away(service, "the disk of the server is full")
            # No statement that happens to need no room makes the service say that it is ready, by turns.
            said, shed = times_available(service), len(ledger.shed)
            remains(away, 1.2, "the end of readiness")
            assert times_available(service) == said
            assert len(ledger.shed) > shed
        disk.clear()
        works(ledger, service, 5)
        site.finished(ledger, service, answers_lost=False)
    assert not ledger.unknown and not ledger.refused


def times_available(service):
    return sum(line.get("event", "").endswith(".available") for line in service.log_lines())


def test_the_log_of_the_server_cannot_grow(request, start, folder, tmp_path):
    """Without room for its write-ahead log the server crashes, and cannot recover until there is some."""
    with SmallDisk(f"{folder}/small", 48) as disk:
        settings = ("min_wal_size = 2MB", "max_wal_size = 8MB")
        server = Postgres(folder, settings, ("--wal-segsize=1", f"--waldir={disk.folder}/wal"), disk)
        try:
            log_is_full(site_of(request, start, server, tmp_path), disk)
        finally:
            server.end()


def log_is_full(site, disk):
    ledger = Ledger()
    service = site.start()
    for _ in range(rounds()):
        for _ in range(20):
            assert ledger.post(service) == 202

        def crashed():
            disk.fill()
            site.postgres.try_query(site.name, "SELECT pg_switch_wal()")
            return service.get("/readyz").status == 503

        with ledger.load(service):
            until(crashed, 30, "the end of the log's disk")
            assert service.get("/livez").status == 200
            until(lambda: ledger.post(service) == 503, 5, "a refusal")
            until(site.postgres.ended, 30, "the end of a server that cannot recover")
            disk.clear()
            site.postgres.start()
            works(ledger, service, 5)
        site.finished(ledger, service)


CONNECTIONS, RESERVED = 16, 3


class Guests:
    """Sessions of others, who leave the places that are kept for superusers."""

    def __init__(self, postgres):
        self.place = str(postgres.folder / ".s.PGSQL.5432")
        self.sessions = []
        postgres.query("postgres", "CREATE ROLE guest LOGIN")

    def come(self):
        """As many as the server takes."""
        while (session := self._open()) is not None:
            self.sessions.append(session)

    def leave(self):
        for session in self.sessions:
            session.close()
        self.sessions = []

    def _open(self):
        session = socket.socket(socket.AF_UNIX)
        session.settimeout(10)
        session.connect(self.place)
        words = b"user\0guest\0database\0postgres\0\0"
        session.sendall(struct.pack(">II", len(words) + 8, PROTOCOL) + words)
        answer = session.makefile("rb")
        while (kind := answer.read(1)) not in (b"Z", b"E"):  # until it is ready, or an error; one may follow the welcome
            assert kind, "the server closed without a word"
            answer.read(int.from_bytes(answer.read(4), "big") - 4)
        if kind == b"Z":
            return session
        session.close()
        return None


def test_every_connection_is_taken(start, folder, tmp_path):
    postgres = Postgres(folder, (f"max_connections = {CONNECTIONS}", f"superuser_reserved_connections = {RESERVED}"))
    try:
        postgres.query("postgres", "CREATE ROLE gateway LOGIN")
        site = Site(start, postgres, "taken", tmp_path, "--owner=gateway")
        connections_are_taken(site, Guests(postgres))
    finally:
        postgres.end()


def connections_are_taken(site, guests):
    url = site.url.replace("penstock:hush", "gateway:hush")
    few = {"pg.connections": "2"}
    ledger = Ledger()
    service = site.start(few, url)

    def taken():
        """Who leaves is replaced at once."""
        site.query(f"SELECT count(pg_terminate_backend(pid, 5000)) {SESSIONS} AND usename = 'gateway'")
        guests.come()
        # A session of ours that is still leaving counts against the guests, and its place would be free later.
        full = len(guests.sessions) == CONNECTIONS - RESERVED
        refused = site.postgres.try_query(site.name, "SELECT 1", "gateway").returncode != 0
        return full and refused and site.query(f"SELECT count(*) {SESSIONS} AND usename = 'gateway'") == "0"

    for number in range(rounds()):
        for _ in range(10):
            assert ledger.post(service) == 202
        until(taken, 20, "the guests' turn")
        is_away(service, "the server has no connection left")
        for _ in range(5):
            asked = time.monotonic()
            assert ledger.post(service) == 503
            assert time.monotonic() - asked < 1
        late = site.start(few, url)
        is_away(late, "the server has no connection left")
        guests.leave()
        works(ledger, service, 5)
        works(ledger, late, 5)
        site.finished(ledger, late, answers_lost=False)
        assert late.stop() == 0
    assert not ledger.unknown and not ledger.refused
