"""penstockctl when what it says cannot be written, and when there is nothing good to say."""

import os
import signal
import subprocess

import pytest

from driver import PASSED_ON, phone, until
from penstockctl import CTL, ctl, places

MESSAGE = ("send", "sms", "--from", "+15550100001", "--to", "+15550100002", "--body", "Hello")

COMMANDS = [
    ("--help",), ("--version",), ("queue", "stats", "--help"),
    ("status", "--interval", "0"), ("status", "--interval", "0", "--json"),
    ("top", "--interval", "100", "--count", "2"), ("top", "--interval", "100", "--count", "2", "--json"),
    ("queue", "stats"), ("queue", "stats", "--json"),
    MESSAGE, (*MESSAGE, "--json"), (*MESSAGE, "--wait"), (*MESSAGE, "--wait", "--json"),
    ("dead-letters", "list"), ("dead-letters", "list", "--json"), ("dead-letters", "causes"), ("dead-letters", "causes", "--json"),
    ("dead-letters", "replay", "--all", "--yes"), ("dead-letters", "replay", "--all", "--yes", "--json"),
    ("reload",), ("reload", "--json"),
    ("config", "check"), ("config", "check", "--json"), ("config", "show"), ("config", "show", "--json"),
    ("config", "reference"), ("config", "reference", "--json"),
    ("bench", "--here", "--seconds", "1", "--queue", "memory"), ("bench", "--here", "--seconds", "1", "--queue", "memory", "--json"),
]


def environment_of(server):
    return {**{name: os.environ[name] for name in PASSED_ON if name in os.environ}, **places(server)}


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_what_cannot_be_written_is_74(server, arguments):
    with open("/dev/full", "wb") as full:
        run = subprocess.run([CTL, *arguments], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True,
                             env=environment_of(server), timeout=120)
    assert (run.returncode, run.stderr.count("\n")) == (74, 1), run.stderr
    assert "standard output cannot be written: No space left on device" in run.stderr


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_without_a_standard_output_it_is_74_as_well(server, arguments):
    run = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", CTL, *arguments], stdin=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, text=True, env=environment_of(server), timeout=120)
    assert run.returncode == 74 and "standard output cannot be written: Bad file descriptor" in run.stderr, run.stderr


def test_a_drain_that_cannot_be_told_of_is_74_and_done(start, tmp_path):
    server = start(folder=tmp_path)
    with open("/dev/full", "wb") as full:
        run = subprocess.run([CTL, "drain"], stdin=subprocess.DEVNULL, stdout=full, env=environment_of(server), timeout=60)
    assert run.returncode == 74
    assert server.process.wait(60) == 0


def test_with_all_streams_closed_it_does_its_work(server):
    run = subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", CTL, *MESSAGE, "--key", phone()],
                         env=environment_of(server), timeout=60)
    assert run.returncode == 74


def test_a_reader_that_leaves_ends_it_by_the_signal(server):
    process = subprocess.Popen([CTL, "top", "--interval", "100"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=environment_of(server))
    assert process.stdout.readline().startswith(b"ready ")
    process.stdout.close()
    assert process.wait(30) == -signal.SIGPIPE
    assert process.stderr.read() == b""
    process.stderr.close()


def test_queue_stats_of_an_engine_that_is_away_are_69_in_either_form(start, tmp_path):
    server = start(folder=tmp_path, environment={"QUEUE_BACKEND": "pg", "STORE_BACKEND": "sqlite",
                                                 "DATABASE_URL": f"postgres://nobody@/none?host={tmp_path}"})
    until(lambda: server.get("/readyz").status == 503, 10, "it being not ready")
    for form in ((), ("--json",)):
        ended = ctl("queue", "stats", *form, **places(server))
        assert ended.status == 69 and "does not answer" in ended.err, ended
        assert "pg-queue" in ended.out
    assert ended.json["up"] is False
    for form in ((), ("--json",)):
        ended = ctl("status", "--interval", "0", *form, **places(server))
        assert (ended.status, ended.err) == (0, ""), ended
    lines = ctl("status", "--interval", "0", **places(server)).out.splitlines()
    assert lines[1].startswith("NOT READY  pg-queue "), lines
    assert any("AWAY" in line for line in lines)
