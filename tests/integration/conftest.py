import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

from driver import Server  # noqa: E402
from postgres import Postgres, cluster_folder  # noqa: E402


@pytest.fixture(scope="module")
def surroundings():
    """The environment of a server with this data folder. PENSTOCK_ENGINES=pg gives each folder a database of its own."""
    if os.environ.get("PENSTOCK_ENGINES") != "pg":
        yield lambda folder: {}
        return
    databases = {}

    def environment(folder):
        if folder not in databases:
            databases[folder] = server.create(f"of_test_{len(databases)}")
        return {"QUEUE_BACKEND": "pg", "STORE_BACKEND": "pg", "DATABASE_URL": databases[folder]}

    with cluster_folder() as own:
        server = Postgres(own)
        yield environment
        server.end()


@pytest.fixture(scope="session")
def queue():
    """The plugin that is the queue."""
    return "pg-queue" if os.environ.get("PENSTOCK_ENGINES") == "pg" else "sqlite-queue"


@pytest.fixture(scope="module")
def start(tmp_path_factory, surroundings):
    """Starts servers; each must drain and exit 0 when the file's tests are over."""
    servers = []

    def begin(overrides=None, folder=None, environment=None):
        folder = folder or tmp_path_factory.mktemp("penstock")
        server = Server(folder, overrides, {**surroundings(folder), **(environment or {})})
        servers.append(server)
        return server

    yield begin
    statuses = [server.stop() for server in servers]
    assert statuses == [0] * len(servers), "\n".join(server.log_text()[-4000:] for server in servers)


@pytest.fixture(scope="module")
def server(start):
    """A server with the shipped configuration, shared by the tests of a file."""
    return start()
