import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

from driver import Server  # noqa: E402


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Starts servers; each must drain and exit 0 when the file's tests are over."""
    servers = []

    def begin(overrides=None, folder=None, environment=None):
        server = Server(folder or tmp_path_factory.mktemp("penstock"), overrides, environment)
        servers.append(server)
        return server

    yield begin
    statuses = [server.stop() for server in servers]
    assert statuses == [0] * len(servers), "\n".join(server.log_text()[-4000:] for server in servers)


@pytest.fixture(scope="module")
def server(start):
    """A server with the shipped configuration, shared by the tests of a file."""
    return start()
