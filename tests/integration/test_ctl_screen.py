"""What penstockctl draws on a terminal: top, and the progress of what takes long."""

import json
import re
import signal
import socket
import termios

import pytest

from driver import phone
from penstockctl import Screen, ctl, places

ENTER, LEAVE, HIDE, SHOW = b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?25l", b"\x1b[?25h"


def frames(seen):
    """The screens that were drawn."""
    return seen.split(b"\x1b[H")[2:]


# top


@pytest.mark.parametrize("leave", ["q", "ctrl-c", "term", "hup", "count"])
def test_top_redraws_and_leaves_the_terminal_as_it_was(server, leave):
    arguments = ("top", "--interval", "100") + (("--count", "3") if leave == "count" else ())
    with Screen(*arguments, **places(server)) as screen:
        screen.until(lambda seen: len(frames(seen)) >= 3)
        if leave == "q":
            screen.type(b"q")
        elif leave == "ctrl-c":
            screen.type(b"\x03")
        elif leave == "term":
            screen.process.send_signal(signal.SIGTERM)
        elif leave == "hup":
            screen.process.send_signal(signal.SIGHUP)
        assert screen.end() == 0
        assert screen.seen.startswith(ENTER + HIDE)
        assert screen.seen.endswith(SHOW + LEAVE)
        assert screen.seen.count(ENTER) == screen.seen.count(LEAVE) == 1
        assert termios.tcgetattr(screen.terminal) == screen.before
        drawn = frames(screen.seen)
        assert b"Penstock " in drawn[0] and b"queue" in drawn[0]
        # Ctrl-C makes the terminal forget what it has not shown yet, which may be in the last one.
        assert b"a second" in drawn[-2]


def rows(frame):
    """The lines of a screen as they are seen."""
    return re.sub(r"\x1b\[[KJ]", "", frame.decode()).split("\r\n")


def test_top_shows_everything_that_matters_in_a_window_of_80_by_24(server):
    with Screen("top", "--interval", "100", rows=24, columns=80, **places(server)) as screen:
        screen.until(lambda seen: len(frames(seen)) >= 3)
        screen.type(b"q")
        assert screen.end() == 0
    seen = rows(frames(screen.seen)[1])
    assert len(seen) <= 24 and max(map(len, seen)) < 80
    at = next(i for i, line in enumerate(seen) if line.startswith("queue "))
    queue = " ".join(line for i, line in enumerate(seen) if i == at or (i == at + 1 and line.startswith(" ")))
    for what in ("ready", "leased", "scheduled", "dead", "oldest"):
        assert re.search(rf"\b{what} [-\d]", queue), seen
    at = next(i for i, line in enumerate(seen) if line.startswith("a second "))
    rates = " ".join(seen[at:at + 2])
    for what in ("accepted", "persisted", "sent", "not sent", "unknown", "retried", "dead", "refused", "duplicates"):
        assert re.search(rf"\b{what} \d", rates), seen
    assert seen[-1].startswith("q or Ctrl-C leaves")


def test_top_fits_itself_to_the_window(server):
    with Screen("top", "--interval", "100", rows=4, columns=30, **places(server)) as screen:
        screen.until(lambda seen: len(frames(seen)) >= 2)
        frame = frames(screen.seen)[0].decode()
        lines = frame.split("\r\n")
        assert len(lines) == 4 and all(len(line.replace("\x1b[K", "").replace("\x1b[J", "")) <= 30 for line in lines)
        assert "q or Ctrl-C" not in frame
        screen.resize(30, 120)
        screen.until(lambda seen: b"q or Ctrl-C leaves" in seen)
        screen.type(b"q")
        assert screen.end() == 0


def test_top_goes_on_while_the_service_is_away(start, tmp_path):
    server = start(folder=tmp_path)
    with Screen("top", "--interval", "100", **places(server)) as screen:
        screen.until(lambda seen: len(frames(seen)) >= 2)
        assert server.stop() == 0
        screen.until(lambda seen: b"NO ANSWER" in seen)
        screen.type(b"q")
        assert screen.end() == 0
        assert screen.seen.endswith(SHOW + LEAVE)


def test_top_without_a_terminal_is_plain_lines(server):
    ended = ctl("top", "--interval", "100", "--count", "3", **places(server))
    assert (ended.status, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert len(lines) == 3 and "\x1b" not in ended.out
    assert "accepted/s" not in lines[0] and "accepted/s 0" in lines[2]
    documents = [json.loads(line) for line in ctl("top", "--interval", "100", "--count", "2", "--json", **places(server)).out.splitlines()]
    assert documents[0]["rates"] is None and documents[1]["rates"]["sent"] is not None


def test_top_without_a_service_is_69(tmp_path):
    with Screen("top", PENSTOCK_SOCKET=str(tmp_path / "none.sock")) as screen:
        assert screen.end() == 69
        assert ENTER not in screen.seen
        assert b"none.sock" in screen.process.stderr.read()




@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"TERM": ""}])
def test_what_cannot_be_drawn_on_is_no_terminal(server, environment):
    with Screen("top", "--interval", "100", "--count", "2", errors=True, **places(server), **environment) as screen:
        assert screen.end() == 0
        assert b"\x1b" not in screen.seen and screen.seen.count(b"\r\n") == 2
    with Screen("bench", "--here", "--seconds", "1", "--queue", "memory", errors=True, **environment) as screen:
        screen.until(lambda seen: b"Safe is" in seen, 60)
        assert screen.end() == 0
        assert b"\x1b" not in screen.seen and b"[#" not in screen.seen


# progress

BAR = re.compile(rb"\r(\[[#.]{24}\] [^\r\n]*?)\x1b\[K")
CLEAR = b"\r\x1b[K"


def assert_bars_and_then_a_clean_line(seen, result):
    """Bars were shown, none wider than the window, and the line was clear before the result."""
    assert BAR.search(seen), seen
    before, found, _ = seen.rpartition(result)
    assert found and before.rpartition(b"\n")[2].endswith(CLEAR), seen


def test_bench_shows_how_far_it_is_and_takes_it_away(tmp_path):
    arguments = ("bench", "--here", "--seconds", "1", "--queue", "memory", "--folder", str(tmp_path))
    with Screen(*arguments, errors=True) as screen:
        screen.until(lambda seen: b"Safe is" in seen, 60)
        assert screen.end() == 0
    shown = [bar.decode() for bar in BAR.findall(screen.seen)]
    assert any("accepting, " in bar for bar in shown)
    assert shown[0].startswith("[.") and any("#" in bar for bar in shown)
    header = re.search(rb"\d+ cores?, memory-queue on ", screen.seen)[0]
    assert_bars_and_then_a_clean_line(screen.seen, header)


def test_drain_shows_how_long_it_takes_and_takes_it_away(start, tmp_path):
    server = start(folder=tmp_path)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        body = json.dumps({"from": phone(), "to": phone(), "body": "in hand"}).encode()
        client.sendall(b"POST /api/messages/sms HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                       b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
        assert client.recv(64).startswith(b"HTTP/1.1 100 ")
        with Screen("drain", errors=True, **places(server)) as screen:
            screen.until(lambda seen: BAR.search(seen))
            client.sendall(body)
            assert client.recv(64).startswith(b"HTTP/1.1 202 ")
            screen.until(lambda seen: b"drained in" in seen, 60)
            assert screen.end() == 0
    assert b"draining for " in screen.seen
    assert_bars_and_then_a_clean_line(screen.seen, b"drained in")


NONE = {"code": "not_found", "title": "Not Found", "status": 404}


def test_a_wait_shows_how_far_it_is_in_a_narrow_window_and_takes_it_away(scripted):
    place, script = scripted
    script += [("POST /api/messages/sms", 202, {"id": "7", "status": "accepted"})]
    script += [("GET /api/messages/7", 404, NONE), ("GET /api/dead-letters/7", 404, NONE)] * 2
    script += [("GET /api/messages/7", 200, {"id": "7", "status": "sent", "attempts": []})]
    arguments = ("send", "sms", "--from", phone(), "--to", phone(), "--body", "Hello", "--wait")
    with Screen(*arguments, columns=34, errors=True, **place) as screen:
        screen.until(lambda seen: b"sent\r\n" in seen)
        assert screen.end() == 0
    assert_bars_and_then_a_clean_line(screen.seen, b"sent\r\n")
    assert max(len(bar.decode()) for bar in BAR.findall(screen.seen)) == 33 and "…" in screen.seen.decode()
