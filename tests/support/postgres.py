"""A PostgreSQL server for one test file: a new cluster in a temporary folder, reached by a unix socket there."""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time


def _binary(name):
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    assert found, f"no {name} below /usr/lib/postgresql; run packaging/deps test"
    return str(found[-1])


def _unprivileged():
    """PostgreSQL refuses root, so root runs it as the user postgres, or nobody."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        except KeyError:
            continue
    raise AssertionError("there is no user that PostgreSQL may run as")


def _parent(pid):
    """Of a process that has not ended."""
    try:
        state, parent = pathlib.Path("/proc", str(pid), "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state == "Z" else int(parent)


def _children(pid):
    return [int(entry.name) for entry in pathlib.Path("/proc").iterdir()
            if entry.name.isdigit() and _parent(entry.name) == pid]


def cluster_folder():
    """A temporary folder, in memory if there is room: a cluster that need not outlive the machine is made and dropped soonest there."""
    memory = pathlib.Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30
    return tempfile.TemporaryDirectory(prefix="pg-", dir=memory if roomy else None)


class Postgres:
    """`folder` must be short: a socket's path has at most 107 bytes. `settings` are lines of postgresql.conf, `initdb` more
    arguments of initdb. With a `disk`, it runs where that disk is; with a `primary`, it is a standby that streams from it."""

    def __init__(self, folder, settings=(), initdb=(), disk=None, primary=None):
        self.folder = pathlib.Path(folder)
        self.user = _unprivileged()
        if self.user:
            os.chown(self.folder, self.user["user"], self.user["group"])
        self.enter = []
        if disk:
            self.enter = disk.entering(self.user.get("user", os.getuid()), self.user.get("group", os.getgid()))
            self.user = {}
        self.log = open(self.folder / "server.log", "wb")
        if primary:
            self._run("pg_basebackup", "-h", str(primary.folder), "-U", "penstock", "-D", str(self.folder / "data"),
                      "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
        else:
            self._run("initdb", "-D", str(self.folder / "data"), "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8",
                      "--auth=trust", "--username=penstock", *initdb)
        self._configure([f"unix_socket_directories = '{self.folder}'", "listen_addresses = ''", "fsync = off", "max_connections = 400",
                         *settings])
        self.process = None
        self.start()

    def _run(self, name, *arguments):
        subprocess.run([*self.enter, _binary(name), *arguments], check=True, stdout=self.log, stderr=self.log, cwd="/",
                       **self.user)

    def _configure(self, lines):
        with open(self.folder / "data" / "postgresql.conf", "a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)

    def reconfigure(self, *lines):
        """Settings that need no restart; who has to know that they hold must ask."""
        self._configure(lines)
        self.process.send_signal(signal.SIGHUP)

    def url(self, database):
        return f"postgres://penstock:hush@/{database}?host={self.folder}"

    def _await(self):
        """Comes back once the server takes connections, which it does not for a moment after a crash of one of its own."""
        deadline = time.monotonic() + 30
        while subprocess.run([_binary("pg_isready"), "-q", "-h", str(self.folder)], check=False, cwd="/").returncode != 0:
            assert time.monotonic() < deadline, "the server takes no connections"
            time.sleep(0.05)

    def create(self, database, *options):
        self._await()
        self._run("createdb", "-h", str(self.folder), "-U", "penstock", *options, database)
        return self.url(database)

    def try_query(self, database, sql, role="penstock"):
        """Whatever comes of it."""
        command = [_binary("psql"), "-h", str(self.folder), "-U", role, "-XAtq", "-c", sql, database]
        return subprocess.run(command, check=False, capture_output=True, text=True, cwd="/", **self.user)

    def query(self, database, sql, role="penstock"):
        for _ in range(20):
            run = self.try_query(database, sql, role)
            if run.returncode != 2:  # the connection was refused or lost
                break
            self._await()
        assert run.returncode == 0, run.stderr
        return run.stdout.strip()

    def refusal(self, database, sql, role="penstock"):
        """What the server says against a statement; empty when it takes it."""
        run = self.try_query(database, sql, role)
        return run.stderr if run.returncode == 1 else ""

    @contextlib.contextmanager
    def transaction(self, database, sql, commit=False):
        """A session that has done this and leaves its transaction open until it is rolled back, or committed, at the end."""
        command = [_binary("psql"), "-h", str(self.folder), "-U", "penstock", "-XAtq", "-v", "ON_ERROR_STOP=1", database]
        session = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/", **self.user)
        try:
            session.stdin.write(f"BEGIN;\n{sql};\n\\echo done\n")
            session.stdin.flush()
            while (line := session.stdout.readline()) != "done\n":
                assert line, "the session ended"
            yield
            if commit:
                session.stdin.write("COMMIT;\n")
        finally:
            session.stdin.close()
            session.wait(60)
            session.stdout.close()

    def start(self):
        self.process = subprocess.Popen([*self.enter, _binary("postgres"), "-D", str(self.folder / "data")], stdout=self.log,
                                        stderr=self.log, cwd="/", **self.user)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            if self._status() in ("ready", "standby"):
                return
            time.sleep(0.01)
        raise AssertionError((self.folder / "server.log").read_text(encoding="utf-8"))

    def _status(self):
        """What the server says of itself in the eighth line of its pid file."""
        try:
            lines = (self.folder / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return ""
        ours = len(lines) > 7 and lines[0] == str(self.process.pid)
        return lines[7].strip() if ours else ""

    def stop(self, how=signal.SIGINT):
        """Also a SIGKILL leaves no process of the server behind."""
        children = _children(self.process.pid)
        self.process.send_signal(how)
        self.process.wait(60)
        deadline = time.monotonic() + 60
        while any(_parent(child) is not None for child in children):
            assert time.monotonic() < deadline, "processes of the server are left"
            time.sleep(0.01)

    def ended(self):
        return self.process.poll() is not None

    def end(self):
        if self.process.poll() is None:
            self.stop()
        self.log.close()


@contextlib.contextmanager
def cluster():
    """A server that is dropped with its folder."""
    with cluster_folder() as folder:
        server = Postgres(folder)
        try:
            yield server
        finally:
            server.end()
