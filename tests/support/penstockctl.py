"""Runs penstockctl as a person or a script does: to its end, or in a terminal."""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import termios
import time

from driver import BUILD, PASSED_ON, ROOT

CTL = str(BUILD / "bin" / "penstockctl")


class Ended:
    """What came of a run."""

    def __init__(self, run):
        self.status, self.out, self.err = run.returncode, run.stdout.decode(), run.stderr.decode()

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"{self.status}\n{self.out}\n{self.err}"


def ctl(*arguments, stdin=b"", cwd=None, timeout=120, program=CTL, **environment):
    """Runs it to its end, with no more of an environment than it is given and what the build needs."""
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return Ended(subprocess.run([program, *arguments], input=stdin, capture_output=True, env={**passed_on, **environment},
                                cwd=cwd, timeout=timeout))


def lay_out(prefix):
    """Lays programs, plugins and what packages put into share out below a prefix, as packages do. It finds its own
    configuration and scripts in /etc/penstock, as they do."""
    for folder, program in (("bin", "penstockctl"), ("sbin", "penstockd")):
        (prefix / folder).mkdir(parents=True)
        shutil.copy(BUILD / "bin" / program, prefix / folder / program)
    cache = (BUILD / "CMakeCache.txt").read_text(encoding="utf-8")
    library = prefix / re.search(r"^CMAKE_INSTALL_LIBDIR:\w+=(.*)$", cache, re.M)[1] / "penstock"
    library.mkdir(parents=True)
    (library / "plugins").symlink_to(BUILD / "lib" / "penstock" / "plugins")
    share = prefix / "share" / "penstock"
    share.mkdir(parents=True)
    (share / "migrations").symlink_to(ROOT / "migrations")
    shutil.copytree(ROOT / "scripts", share / "scripts")
    return prefix


def admin_socket(server):
    return str(server.folder / "data" / "admin.sock")


def places(server):
    """Where it finds this server."""
    return {"PENSTOCK_URL": f"http://127.0.0.1:{server.port}", "PENSTOCK_SOCKET": admin_socket(server)}


class Screen:
    """penstockctl, or another program, in a terminal of so many rows and columns. With `errors`, standard error is the
    terminal as well, else what is written there is read from process.stderr."""

    def __init__(self, *arguments, rows=24, columns=100, program=CTL, errors=False, **environment):
        self.seen = b""
        self.ours, self.terminal = pty.openpty()
        self.before = termios.tcgetattr(self.terminal)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-c", "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
             "os.execv(sys.argv[1], sys.argv[1:])", program, *arguments],
            stdin=self.terminal, stdout=self.terminal, stderr=self.terminal if errors else subprocess.PIPE,
            env={**passed_on, "TERM": "xterm", **environment})

    def resize(self, rows, columns):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.ours, keys)

    def until(self, fact, seconds=20):
        """Reads on until fact(what was seen) holds."""
        deadline = time.monotonic() + seconds
        while not fact(self.seen):
            ready, _, _ = select.select([self.ours], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, self.seen[-2000:]
            self.seen += os.read(self.ours, 65536)

    def end(self):
        """Its exit status once it has ended; everything it has written is in `seen`."""
        status = self.process.wait(30)
        while select.select([self.ours], [], [], 0)[0]:
            self.seen += os.read(self.ours, 65536)
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()
        os.close(self.terminal)
        os.close(self.ours)
