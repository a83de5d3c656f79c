import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

from driver import Server  # noqa: E402
from postgres import cluster  # noqa: E402
from receiver import Receiver  # noqa: E402


@pytest.fixture
def start(tmp_path):
    """Starts servers on one data folder; whatever still runs when the test is over must drain."""
    servers = []

    def begin(overrides=None, environment=None, wrapper=(), folder=tmp_path):
        server = Server(folder, overrides, environment, wrapper)
        servers.append(server)
        return server

    yield begin
    running = [server for server in servers if server.process.poll() is None]
    statuses = [server.stop() for server in running]
    assert statuses == [0] * len(running), "\n".join(server.log_text()[-4000:] for server in running)


@pytest.fixture(scope="module")
def postgres():
    with cluster() as server:
        yield server


@pytest.fixture
def receiver():
    """A provider's endpoint that accepts everything until it is told otherwise."""
    receiver = Receiver()
    yield receiver
    receiver.close()
