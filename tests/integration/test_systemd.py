"""The service manager's side: notifications, watchdog, passed sockets, and the units as systemd reads them. systemd does
not run here; the test holds the sockets that it would hold."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import pytest

from driver import BUILD, PASSED_ON, ROOT, until

DAEMON = str(BUILD / "bin" / "penstockd")
UNITS = ROOT / "packaging" / "systemd"


class Manager:
    """Listens where NOTIFY_SOCKET points to. `heard` are the notifications, each a dict of its assignments."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="penstock-")  # short: a unix socket's path has 107 bytes
        self.path = str(pathlib.Path(self.folder) / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.heard = []
        self.at_ready = None
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def listen(self):
        while datagram := self.socket.recv(65536):
            assignments = dict(line.split("=", 1) for line in datagram.decode().split("\n"))
            if "READY" in assignments and self.at_ready:
                self.at_ready()
            self.heard.append(assignments)

    def hears(self, fact, what, seconds=30.0):
        """The first notification of which fact() is true."""
        return until(lambda: next((one for one in list(self.heard) if fact(one)), None), seconds, what)

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.path)
        self.thread.join()
        self.socket.close()
        shutil.rmtree(self.folder)


@pytest.fixture
def manager():
    listening = Manager()
    yield listening
    listening.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pending(process, number):
    """1 while a signal to the process has not been taken."""
    text = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"^ShdPnd:\s+(\w+)$", text, re.M)[1], 16) >> (number - 1) & 1


def has(name, value="1"):
    return lambda one: one.get(name) == value


def test_ready_is_said_once_the_port_is_open(start, manager):
    port = free_port()
    at_ready = []

    def connect():
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
                client.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                at_ready.append(client.recv(64))
        except OSError as refused:
            at_ready.append(repr(refused).encode())

    manager.at_ready = connect
    start({"http.public.port": str(port)}, environment={"NOTIFY_SOCKET": manager.path})
    manager.hears(has("READY"), "READY=1")
    assert at_ready[0].startswith(b"HTTP/1.1 200"), at_ready
    manager.hears(has("STATUS", f"ready on 127.0.0.1:{port}"), "the status")


def test_without_the_database_it_is_ready_and_says_what_is_missing(start, manager):
    url = "postgres://penstock:hush@/none?host=/nowhere-at-all"
    start(environment={"NOTIFY_SOCKET": manager.path, "QUEUE_BACKEND": "sqlite", "STORE_BACKEND": "pg", "DATABASE_URL": url})
    manager.hears(has("READY"), "READY=1")
    status = manager.hears(lambda one: "pg-store: the database cannot be used" in one.get("STATUS", ""), "the status")["STATUS"]
    assert status.startswith("not ready: ")
    assert "hush" not in str(manager.heard)


def test_a_reload_is_announced_and_its_outcome_shown(start, manager, tmp_path):
    shutil.copy(ROOT / "config" / "penstock.lua", tmp_path)
    scripts = shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    (tmp_path / "conf.d").mkdir()
    drop_in = tmp_path / "conf.d" / "10-test.lua"
    server = start({"config": str(tmp_path / "penstock"), "scripts_dir": str(scripts)}, folder=tmp_path,
                   environment={"NOTIFY_SOCKET": manager.path})
    manager.hears(has("READY"), "READY=1")

    drop_in.write_text("return { worker = { concurrency = 7 } }\n")
    before = time.monotonic_ns() // 1000
    server.process.send_signal(signal.SIGHUP)
    reloading = manager.hears(has("RELOADING"), "RELOADING=1")
    assert before <= int(reloading["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
    over = manager.hears(lambda one: "READY" in one and "restart required" in one["STATUS"], "the end of the reload")
    assert over["STATUS"] == f"restart required for worker.concurrency; ready on 127.0.0.1:{server.port}"
    assert manager.heard.index(over) > manager.heard.index(reloading)

    (scripts / "validate.lua").write_text("return function(draft)\n  local = 5\nend\n")
    server.process.send_signal(signal.SIGHUP)
    manager.hears(lambda one: "READY" in one and one["STATUS"].startswith("the last reload was refused"), "the refusal")


def test_a_reload_passes_over_what_belongs_to_a_plugin_that_came_after_the_start(start, manager, tmp_path):
    shutil.copy(ROOT / "config" / "penstock.lua", tmp_path)
    (tmp_path / "conf.d").mkdir()
    plugins = with_test_plugin(tmp_path, "starts-slowly")
    late = plugins / "redis-cache.so"
    target = late.readlink()
    late.unlink()
    # As a package has it: without the sections of the plugin that is not there.
    shipped = subprocess.run([ROOT / "packaging/config/sections", "without", tmp_path / "penstock.lua", "redis-cache"], check=True,
                             capture_output=True, text=True).stdout
    (tmp_path / "penstock.lua").write_text(shipped)
    server = start({"config": str(tmp_path / "penstock"), "scripts_dir": str(ROOT / "scripts"), "plugin_dir": str(plugins)},
                   folder=tmp_path, environment={"NOTIFY_SOCKET": manager.path})
    manager.hears(has("READY"), "READY=1")

    late.symlink_to(target)
    (tmp_path / "conf.d" / "50-redis.lua").write_text(
        'return { when_installed = "redis-cache", ["redis-cache"] = { ttl = "1h" }, worker = { concurrency = 7 } }\n')
    server.process.send_signal(signal.SIGHUP)
    reloading = manager.hears(has("RELOADING"), "RELOADING=1")
    over = until(lambda: [one for one in manager.heard[manager.heard.index(reloading):] if "READY" in one], 30, "its end")[0]
    assert over["STATUS"].startswith("ready on ")
    said = [line["message"] for line in server.log_lines() if line.get("event") == "host.file_passed_over"]
    assert said == ["conf.d/50-redis.lua is passed over: the plugin redis-cache was not installed when the service started"]


def test_a_reload_by_an_operator_is_announced_as_well(start, manager):
    server = start(environment={"NOTIFY_SOCKET": manager.path})
    manager.hears(has("READY"), "READY=1")
    subprocess.run([BUILD / "bin" / "penstockctl", "--socket", str(server.folder / "data" / "admin.sock"), "reload"], check=True,
                   capture_output=True, timeout=60)
    reloading = manager.hears(has("RELOADING"), "RELOADING=1")
    assert any("READY" in one for one in manager.heard[manager.heard.index(reloading):])


@pytest.fixture
def slow(manager, tmp_path):
    """penstockd that starts when the test lets it, and the FIFO by which that is done."""
    data = tmp_path / "data"
    data.mkdir()
    plugins = with_test_plugin(tmp_path, "starts-slowly")
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    process = subprocess.Popen([DAEMON, "-D", f"data_dir={data}", "-D", "http.public.port=0", "-D", f"plugin_dir={plugins}", "-D",
                                "plugins=http-ingest,memory-queue,sqlite-store,worker,http-transport,starts-slowly"],
                               env={**passed_on, "NOTIFY_SOCKET": manager.path}, stdin=subprocess.DEVNULL)
    yield process, data / "go"
    process.kill()
    process.wait()


def test_a_long_start_asks_for_time_and_hears_a_stop_when_it_is_over(manager, slow):
    process, go = slow
    asked = manager.hears(lambda one: "EXTEND_TIMEOUT_USEC" in one, "the request for time")
    assert int(asked["EXTEND_TIMEOUT_USEC"]) >= 10_000_000
    until(lambda: sum("EXTEND_TIMEOUT_USEC" in one for one in manager.heard) >= 3, 30, "more requests")
    until(go.exists, 30, "the plugin's start")
    process.send_signal(signal.SIGTERM)
    assert not any("READY" in one for one in manager.heard)
    go.write_text("go")
    assert process.wait(30) == 0
    manager.hears(has("STOPPING"), "STOPPING=1")


def test_a_second_signal_ends_a_start_at_once(manager, slow):
    process, go = slow
    until(go.exists, 30, "the start")
    process.send_signal(signal.SIGTERM)
    until(lambda: not pending(process, signal.SIGTERM), 30, "the first signal's being taken")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 128 + signal.SIGTERM


def test_a_drain_is_announced(start, manager):
    server = start({"shutdown.drain_timeout": "10m"}, environment={"NOTIFY_SOCKET": manager.path})
    manager.hears(has("READY"), "READY=1")
    assert server.stop() == 0
    stopping = manager.hears(has("STOPPING"), "STOPPING=1")
    assert 600_000_000 < int(stopping["EXTEND_TIMEOUT_USEC"]) < 660_000_000
    assert stopping["STATUS"].startswith("draining")
    assert not any("READY" in one for one in manager.heard[manager.heard.index(stopping):])


def with_test_plugin(folder, name):
    """A folder with the build's plugins and one of the tests'."""
    plugins = folder / "plugins"
    plugins.mkdir()
    for plugin in [*(BUILD / "lib/penstock/plugins").glob("*.so"), BUILD / f"tests/loader/plugins/running/{name}.so"]:
        (plugins / plugin.name).symlink_to(plugin)
    return plugins


def test_the_watchdog_is_fed(start, manager):
    start(environment={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000"})
    until(lambda: sum("WATCHDOG" in one for one in manager.heard) >= 3, 30, "food")


def test_the_watchdog_is_not_fed_while_a_loop_stands_still(start, manager, tmp_path):
    plugins = with_test_plugin(tmp_path, "stands-still")
    server = start({"plugin_dir": str(plugins), "plugins": "http-ingest,memory-queue,sqlite-store,worker,http-transport,stands-still"},
                   environment={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000"})
    stalled = until(lambda: next((line for line in server.log_lines() if line.get("event") == "host.stalled"), None), 30, "the log line")
    assert "stands-still" in stalled["loops"].split(", ")
    assert server.get("/livez").status == 503
    assert server.stop() == 0
    # The loop ends with its plugin, somewhere in the drain; what is left then advances.
    stopping = manager.hears(has("STOPPING"), "STOPPING=1")
    assert not any("WATCHDOG" in one for one in manager.heard[:manager.heard.index(stopping)])


# Becomes the program named by its arguments with these descriptors as 3, 4, …, as sd_listen_fds(3) says.
PASS = """
import fcntl, os, sys
held = []
for number in sys.argv[1].split(","):
    held.append(fcntl.fcntl(int(number), fcntl.F_DUPFD, 64))
    os.close(int(number))
for place, number in enumerate(held, 3):
    os.dup2(number, place)
    os.close(number)
os.environ.setdefault("LISTEN_PID", str(os.getpid()))
os.environ["LISTEN_FDS"] = str(len(held))
os.execv(sys.argv[2], sys.argv[2:])
"""


def passing(sockets):
    numbers = [one.fileno() for one in sockets]
    return {"wrapper": (sys.executable, "-c", PASS, ",".join(map(str, numbers))), "pass_fds": numbers}


@pytest.fixture
def listening():
    """A listening socket of the manager's own."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen(64)
        yield held


def asks(port):
    """A connection with a request on it."""
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    client.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    return client


def answered(client):
    with client:
        return client.recv(64).startswith(b"HTTP/1.1 200")


def holds(process, held):
    """Whether the process has the socket open."""
    inode = f"socket:[{os.fstat(held.fileno()).st_ino}]"
    links = []
    for descriptor in pathlib.Path(f"/proc/{process.pid}/fd").iterdir():
        try:
            links.append(os.readlink(descriptor))
        except FileNotFoundError:  # closed meanwhile
            continue
    return inode in links


def test_a_restart_refuses_no_connection(start, listening):
    port = listening.getsockname()[1]
    early = asks(port)
    first = start(environment={"LISTEN_FDNAMES": "public"}, **passing([listening]))
    assert first.port == port
    assert answered(early)

    # One client keeps the drain from ending; who comes meanwhile waits for the successor.
    with socket.create_connection(("127.0.0.1", port), timeout=30) as slow:
        slow.sendall(b"POST /api/messages/sms HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                     b"Expect: 100-continue\r\nContent-Length: 50\r\n\r\n")
        assert slow.recv(64).startswith(b"HTTP/1.1 100 ")
        first.process.send_signal(signal.SIGTERM)
        until(lambda: not holds(first.process, listening), 20, "the end of accepting")
        assert first.process.poll() is None
        during = [asks(port) for _ in range(8)]
    assert first.process.wait(30) == 0
    between = [asks(port) for _ in range(8)]

    second = start(environment={"LISTEN_FDNAMES": "public"}, **passing([listening]))
    assert second.port == port
    assert all([answered(client) for client in during + between])


def test_a_passed_socket_for_operators_stays_when_the_service_ends(start, listening):
    folder = tempfile.mkdtemp(prefix="penstock-")
    path = str(pathlib.Path(folder) / "admin.sock")
    with socket.socket(socket.AF_UNIX) as operators:
        operators.bind(path)
        os.chmod(path, 0o600)
        operators.listen(8)
        server = start(environment={"LISTEN_FDNAMES": "admin:public"}, **passing([operators, listening]))
        assert server.port == listening.getsockname()[1]
        assert any(line.get("place") == path for line in server.log_lines() if line.get("event") == "http.listening")
        assert server.stop() == 0
        assert os.path.exists(path)
    shutil.rmtree(folder)


def test_no_child_would_get_a_passed_socket(start, listening):
    server = start(environment={"LISTEN_FDNAMES": "public"}, **passing([listening]))
    flags = re.search(r"^flags:\s+(\d+)$", pathlib.Path(f"/proc/{server.process.pid}/fdinfo/3").read_text(), re.M)[1]
    assert int(flags, 8) & os.O_CLOEXEC


def test_sockets_for_another_process_are_left_alone(start, listening):
    server = start(environment={"LISTEN_FDNAMES": "public", "LISTEN_PID": "1"}, **passing([listening]))
    assert server.port != listening.getsockname()[1]


@pytest.mark.parametrize("names, says", [
    ("penstock.socket", "FileDescriptorName="),
    ("public:public", "two are named public"),
    ("public", "LISTEN_FDNAMES"),
])
def test_sockets_of_other_names_are_refused_with_the_cure(listening, tmp_path, names, says):
    with socket.socket() as another:
        another.bind(("127.0.0.1", 0))
        another.listen(8)
        sockets = [listening] if names == "penstock.socket" else [listening, another]
        how = passing(sockets)
        passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        refused = subprocess.run([*how["wrapper"], DAEMON, "-D", f"data_dir={tmp_path}"], pass_fds=how["pass_fds"],
                                 env={**passed_on, "LISTEN_FDNAMES": names}, stdin=subprocess.DEVNULL, capture_output=True,
                                 text=True, timeout=60, check=False)
    assert refused.returncode == 78, refused.stderr
    assert "sockets that the service manager passed" in refused.stderr and says in refused.stderr


def test_the_service_is_as_hardened_as_the_best():
    """Exposure of at most 1.3, where 0 is best and 10 is worst."""
    judged = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=13",
                             str(UNITS / "penstock.service")], capture_output=True, text=True, timeout=60, check=False)
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_systemd_understands_every_line_of_the_units(tmp_path):
    # Programs must be there to be verified: those of this build.
    for unit in ("penstock.service", "penstock.socket"):
        text = (UNITS / unit).read_text()
        (tmp_path / unit).write_text(text.replace("/usr/sbin/penstockd", DAEMON))
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
                               *map(str, sorted(tmp_path.glob("penstock.*")))],
                              capture_output=True, text=True, timeout=60, check=False)
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")


def test_the_configuration_is_checked_first_and_its_faults_are_not_retried():
    unit = (UNITS / "penstock.service").read_text()
    values = lambda key: re.findall(rf"^{key}=(.*)$", unit, re.M)
    # Only the main process's status is looked at, so a check before it must not fail the start by itself.
    assert values("ExecStartPre") == ["-/usr/sbin/penstockd --check-config"]
    assert values("ExecReload") == ["/usr/sbin/penstockd --check-config", "/bin/kill -HUP $MAINPID"]
    assert "78" in values("RestartPreventExitStatus")[0].split()
    assert values("Type") == ["notify"]


def test_the_user_and_the_folders_can_be_made(tmp_path):
    (tmp_path / "etc").mkdir()
    made = subprocess.run(["systemd-sysusers", f"--root={tmp_path}", "--dry-run", "-"], timeout=60, check=False, text=True,
                          input=(UNITS / "penstock.sysusers").read_text(), capture_output=True)
    assert made.returncode == 0 and "Creating user 'penstock'" in made.stdout + made.stderr, made
    (tmp_path / "etc" / "passwd").write_text(f"penstock:x:{os.getuid()}:{os.getgid()}::/:/usr/sbin/nologin\n")
    (tmp_path / "etc" / "group").write_text(f"penstock:x:{os.getgid()}:\n")
    made = subprocess.run(["systemd-tmpfiles", f"--root={tmp_path}", "--create", "-"], timeout=60, check=False, text=True,
                          input=(UNITS / "penstock.tmpfiles").read_text(), capture_output=True)
    assert (made.returncode, made.stderr) == (0, "")
    for folder in ("run/penstock", "var/lib/penstock"):
        assert (tmp_path / folder).stat().st_mode & 0o777 == 0o750


def test_as_service_is_as_the_unit():
    """What penstockd --as-service takes on is what the unit says."""
    unit = (UNITS / "penstock.service").read_text(encoding="utf-8")
    code = (ROOT / "host" / "app" / "service_environment.cpp").read_text(encoding="utf-8")

    def said(name):
        return re.findall(rf"^{name}=-?(.*)$", unit, re.MULTILINE)

    assert re.findall(r'"([^"]*)"', re.search(r"kFiles\{([^}]*)\}", code)[1]) == said("EnvironmentFile")
    assert re.search(r'kUser = "([^"]*)"', code)[1] == said("User")[0]
    assert re.search(r'kFolder = "([^"]*)"', code)[1] == said("WorkingDirectory")[0]
