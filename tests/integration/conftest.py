import os
import pathlib
import sqlite3
import sys
import threading
from http.server import ThreadingHTTPServer

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

from driver import Server  # noqa: E402
from penstockctl import lay_out  # noqa: E402
from postgres import cluster  # noqa: E402
from scripted import Scripted  # noqa: E402


class Files:
    """Surroundings of servers whose data are files in their folder."""

    def __call__(self, folder):
        return {}

    @staticmethod
    def change_store(folder, sql):
        store = sqlite3.connect(folder / "data" / "store.db", timeout=30)
        try:
            store.executescript(sql)
        finally:
            store.close()


@pytest.fixture(scope="module")
def surroundings():
    """The environment of a server with this data folder. PENSTOCK_ENGINES=pg gives each folder a database of its own."""
    if os.environ.get("PENSTOCK_ENGINES") != "pg":
        yield Files()
        return
    databases = {}

    def environment(folder):
        if folder not in databases:
            databases[folder] = f"of_test_{len(databases)}"
            server.create(databases[folder])
        return {"QUEUE_BACKEND": "pg", "STORE_BACKEND": "pg", "DATABASE_URL": server.url(databases[folder])}

    with cluster() as server:
        environment.change_store = lambda folder, sql: server.query(databases[folder], sql)
        yield environment


@pytest.fixture(scope="module")
def postgres():
    with cluster() as server:
        yield server


@pytest.fixture(scope="session")
def queue():
    """The plugin that is the queue."""
    return "pg-queue" if os.environ.get("PENSTOCK_ENGINES") == "pg" else "sqlite-queue"


@pytest.fixture(scope="module")
def start(tmp_path_factory, surroundings):
    """Starts servers; each must drain and exit 0 when the file's tests are over."""
    servers = []

    def begin(overrides=None, folder=None, environment=None, **more):
        folder = folder or tmp_path_factory.mktemp("penstock")
        server = Server(folder, overrides, {**surroundings(folder), **(environment or {})}, **more)
        servers.append(server)
        return server

    yield begin
    statuses = [server.stop() for server in servers]
    assert statuses == [0] * len(servers), "\n".join(server.log_text()[-4000:] for server in servers)


POISON_IS_REFUSED = {
    "sqlite-queue": """
CREATE TRIGGER poison BEFORE INSERT ON messages WHEN NEW.snippet LIKE 'poison%'
BEGIN SELECT RAISE(ABORT, 'poison'); END""",
    "pg-queue": """
CREATE FUNCTION public.poison() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'poison' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER poison BEFORE INSERT ON penstock.messages FOR EACH ROW WHEN (NEW.snippet LIKE 'poison%')
EXECUTE FUNCTION public.poison()""",
}
POISON_IS_KEPT = {"sqlite-queue": "DROP TRIGGER poison", "pg-queue": "DROP TRIGGER poison ON penstock.messages"}


@pytest.fixture(scope="module")
def poison(surroundings, queue):
    """Makes the store of a server refuse for good what begins with poison, so that it becomes a dead letter."""
    return lambda server: surroundings.change_store(server.folder, POISON_IS_REFUSED[queue])


@pytest.fixture(scope="module")
def antidote(surroundings, queue):
    """Makes the store take it again."""
    return lambda server: surroundings.change_store(server.folder, POISON_IS_KEPT[queue])


@pytest.fixture(scope="module")
def server(start):
    """A server with the shipped configuration, shared by the tests of a file."""
    return start()


@pytest.fixture
def installed(tmp_path):
    """What packages install below their prefix; the prefix."""
    return lay_out(tmp_path / "usr")


@pytest.fixture
def scripted():
    """A service that says what it is told to; its URL and its script."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Scripted) as service:
        service.script = []
        thread = threading.Thread(target=service.serve_forever)
        thread.start()
        yield {"PENSTOCK_URL": f"http://127.0.0.1:{service.server_port}"}, service.script
        service.shutdown()
        thread.join()
