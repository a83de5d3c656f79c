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


def cluster_folder():
    """A temporary folder, in memory if there is room: a cluster that need not outlive the machine is made and dropped soonest there."""
    memory = pathlib.Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30
    return tempfile.TemporaryDirectory(prefix="pg-", dir=memory if roomy else None)


class Postgres:
    """`folder` must be short: a socket's path has at most 107 bytes. `settings` are lines of postgresql.conf."""

    def __init__(self, folder, settings=()):
        self.folder = pathlib.Path(folder)
        self.user = _unprivileged()
        if self.user:
            os.chown(self.folder, self.user["user"], self.user["group"])
        self.log = open(self.folder / "server.log", "wb")
        self._run("initdb", "-D", str(self.folder / "data"), "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8",
                  "--auth=trust", "--username=penstock")
        with open(self.folder / "data" / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write(f"unix_socket_directories = '{self.folder}'\nlisten_addresses = ''\nfsync = off\n")
            file.writelines(f"{line}\n" for line in settings)
        self.process = None
        self.start()

    def _run(self, name, *arguments):
        subprocess.run([_binary(name), *arguments], check=True, stdout=self.log, stderr=self.log, cwd="/", **self.user)

    def url(self, database):
        return f"postgres://penstock:hush@/{database}?host={self.folder}"

    def _await(self):
        """Comes back once the server takes connections, which it does not for a moment after a crash of one of its own."""
        deadline = time.monotonic() + 30
        while subprocess.run([_binary("pg_isready"), "-q", "-h", str(self.folder)], check=False, cwd="/").returncode != 0:
            assert time.monotonic() < deadline, "the server takes no connections"
            time.sleep(0.05)

    def create(self, database):
        self._await()
        self._run("createdb", "-h", str(self.folder), "-U", "penstock", database)
        return self.url(database)

    def query(self, database, sql, role="penstock"):
        command = [_binary("psql"), "-h", str(self.folder), "-U", role, "-XAtq", "-c", sql, database]
        for _ in range(20):
            run = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/", **self.user)
            if run.returncode != 2:  # the connection was refused or lost
                break
            self._await()
        run.check_returncode()
        return run.stdout.strip()

    def refusal(self, database, sql, role="penstock"):
        """What the server says against a statement; empty when it takes it."""
        command = [_binary("psql"), "-h", str(self.folder), "-U", role, "-XAtq", "-c", sql, database]
        run = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/", **self.user)
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
        self.process = subprocess.Popen([_binary("postgres"), "-D", str(self.folder / "data")], stdout=self.log,
                                        stderr=self.log, cwd="/", **self.user)
        pid_file = self.folder / "data" / "postmaster.pid"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            if pid_file.exists() and "ready" in pid_file.read_text(encoding="utf-8"):
                return
            time.sleep(0.01)
        raise AssertionError((self.folder / "server.log").read_text(encoding="utf-8"))

    def stop(self, how=signal.SIGINT):
        self.process.send_signal(how)
        self.process.wait(60)

    def end(self):
        if self.process.poll() is None:
            self.stop()
        self.log.close()
