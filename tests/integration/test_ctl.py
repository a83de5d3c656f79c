"""penstockctl as a person or a script uses it."""

import os
import pty
import socket
import subprocess
import threading

import pytest

from driver import phone, until
from penstockctl import CTL, Ended, Screen

UNKNOWN = "0195513c-2a60-7c3e-9f4b-0d5a1c2b3e4f"


def ctl(*arguments, url=None, stdin=subprocess.DEVNULL, **environment):
    """Runs it to its end, with no more of an environment than it is given."""
    if url:
        environment["PENSTOCK_URL"] = url
    return Ended(subprocess.run([CTL, *arguments], stdin=stdin, capture_output=True, env=environment, timeout=60))


@pytest.fixture(scope="module")
def url(server, poison):
    poison(server)
    return f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
def letters(url):
    """penstockctl dead-letters on the server."""
    return lambda *arguments, **more: ctl("dead-letters", *arguments, url=url, **more)


@pytest.fixture
def bury(server, url):
    def made(**more):
        id = server.accepted("/api/messages/sms", {"from": phone(), "to": phone(), "body": "poison", **more})["id"]
        until(lambda: server.get(f"/api/dead-letters/{id}").status == 200, 10, f"dead letter {id}")
        return id

    return made


def table(ended):
    return [line.split() for line in ended.out.splitlines()]


def test_list_is_a_table_and_says_how_many_there_are(letters, bury):
    ids = [bury(customerId="listed") for _ in range(3)]
    ended = letters("list", "--customer", "listed", "--limit", "2")
    assert (ended.status, ended.err) == (0, "")
    rows = table(ended)
    assert rows[0][0] == "ID"
    assert [row[0] for row in rows[1:3]] == [ids[2], ids[1]]
    assert ended.out.splitlines()[-1] == "2 of 3 dead letters; --page 2 shows more"
    assert table(letters("list", "--customer", "listed", "--limit", "2", "--page", "2"))[1][0] == ids[0]
    assert letters("list", "--customer", "nobody").out == "0 of 0 dead letters\n"


def test_a_list_fits_the_terminal_and_is_whole_elsewhere(url, letters, bury):
    id = bury(customerId="wide")
    reason = letters("show", id, "--json").json["reason"]
    assert reason in letters("list", "--customer", "wide").out
    for columns in (80, 120):
        with Screen("dead-letters", "list", "--customer", "wide", columns=columns, PENSTOCK_URL=url) as screen:
            screen.until(lambda seen: b"1 of 1 dead letter\r\n" in seen)
            assert screen.end() == 0
        lines = screen.seen.decode().splitlines()
        assert max(map(len, lines)) < columns, lines
        assert lines[1].startswith(id) and lines[0].endswith("REASON")
        assert ("CAUSE" in lines[0]) == (columns == 120), lines


def test_json_is_the_services_answer(server, letters, bury):
    id = bury(customerId="as-json")
    assert letters("list", "--customer", "as-json", "--json").json["items"][0]["id"] == id
    assert letters("show", id, "--json").json == server.get(f"/api/dead-letters/{id}").json
    assert letters("causes", "--customer", "as-json", "--json").json["items"][0]["count"] == 1
    assert letters("replay", id, "--json").json == {"replayed": 1}
    until(lambda: server.get(f"/api/dead-letters/{id}").status == 200, 10, "its second death")
    assert letters("discard", id, "--yes", "--json").json == {"discarded": 1}


def test_show_tells_everything_and_moves_no_cursor(letters, bury):
    id = bury(body="poison \x1b[2J\u202e\u0085 text", metadata={"order": 4711})
    ended = letters("show", id)
    assert ended.status == 0
    assert f"id: {id}" in ended.out
    assert "failures:\n" in ended.out and "attempt 1" in ended.out
    assert "4711" in ended.out
    assert "\\x1b[2J" in ended.out
    assert not any(sign in ended.out for sign in "\x1b\u202e\u0085")


def test_causes_are_a_table(letters, bury):
    bury(customerId="counted")
    bury(customerId="counted")
    rows = table(letters("causes", "--customer", "counted"))
    assert rows[0][:2] == ["COUNT", "CAUSE"]
    assert rows[1][0] == "2"
    found = letters("list", "--cause", rows[1][1], "--customer", "counted")
    assert found.out.splitlines()[-1] == "2 of 2 dead letters"
    assert letters("causes", "--customer", "nobody").out == "no dead letters\n"


def test_one_is_replayed_without_asking(server, letters, bury):
    id = bury()
    ended = letters("replay", id)
    assert (ended.status, ended.out) == (0, "1 dead letter replayed\n")
    again = until(lambda: server.get(f"/api/dead-letters/{id}").status == 200, 10, "its second death")
    assert again


def test_many_are_replayed_only_with_yes_where_there_is_no_terminal(letters, bury):
    ids = [bury(customerId="many") for _ in range(2)]
    for arguments in (("--customer", "many"), tuple(ids), ("--all",)):
        ended = letters("replay", *arguments)
        assert ended.status == 64
        assert "--yes" in ended.err and ended.out == ""
    ended = letters("replay", "--customer", "many", "--cap", "1", "--spread", "0s", "--yes")
    assert (ended.status, ended.out) == (0, "1 dead letter replayed\n")


def test_a_replay_without_a_choice_is_refused(letters):
    ended = letters("replay", "--yes")
    assert ended.status == 64
    assert "--all" in ended.err


def test_what_a_replay_would_not_do_is_refused(server, letters, bury):
    id = bury(customerId="kept")
    for arguments, what in (((id, "--spread", "10m"), "--spread"), ((id, "--cap", "5"), "--cap"), ((id, "--all"), "--all"),
                            (("--customer", "kept", "--all"), "--all"), ((id, "--customer", "kept", "--spread", "8d"), "7d")):
        ended = letters("replay", *arguments, "--yes")
        assert ended.status == 64 and ended.out == "" and what in ended.err, ended
    assert letters("list", "--customer", "kept").out.endswith("1 of 1 dead letter\n")


def test_cap_and_spread_hold_for_ids_as_well(server, letters, bury):
    ids = [bury(customerId="capped") for _ in range(3)]
    ended = letters("replay", *ids, "--cap", "2", "--spread", "1h", "--yes")
    assert (ended.status, ended.out) == (0, "2 dead letters replayed\n")
    assert server.get(f"/api/dead-letters/{ids[1]}").status == 404, "its turn is in half an hour"
    assert server.get(f"/api/dead-letters/{ids[2]}").status == 200


def test_discard_needs_yes_and_tells_what_was_not_there(server, letters, bury):
    id = bury()
    refused = letters("discard", id)
    assert refused.status == 64 and "--yes" in refused.err
    assert server.get(f"/api/dead-letters/{id}").status == 200
    ended = letters("discard", id, UNKNOWN, "--yes")
    assert (ended.status, ended.out) == (66, "1 dead letter removed\n")
    assert UNKNOWN in ended.err and id not in ended.err


@pytest.mark.parametrize("answer, status", [("y\n", 0), ("n\n", 1), ("\n", 1)])
def test_at_a_terminal_it_asks(server, letters, bury, answer, status):
    id = bury()
    terminal, other_end = pty.openpty()
    os.write(terminal, answer.encode())
    ended = letters("discard", id, stdin=other_end)
    os.close(other_end)
    os.close(terminal)
    assert ended.status == status
    assert "for good? [y/N]" in ended.err
    assert server.get(f"/api/dead-letters/{id}").status == (404 if status == 0 else 200)


def test_what_the_service_refuses_is_said_with_every_fault(letters):
    ended = letters("list", "--kind", "message", "--since", "yesterday", "--age", "1")
    assert ended.status == 64 and ended.out == ""
    for name in ("kind: ", "since: ", "age: "):
        assert f"\n  {name}" in ended.err


def test_an_unknown_id_and_one_that_is_none(letters):
    assert letters("show", UNKNOWN).status == 66
    for id in ("17", "../readyz", UNKNOWN + "/replay"):
        ended = letters("show", id)
        assert ended.status == 64 and "UUID" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [(), ("dead-letters",), ("deadletters",), ("dead-letters", "list", "--colour"), ("dead-letters", "show"),
     ("dead-letters", "list", "--limit", "51"), ("--timeout", "0", "dead-letters", "list"),
     ("--timeout", "-1", "dead-letters", "list"), ("--timeout", "9999999999", "dead-letters", "list"),
     ("--url", "ftp://x", "dead-letters", "list"), ("--url", "127.0.0.1:80", "dead-letters", "list"),
     ("--url", "http://", "dead-letters", "list"), ("--url", "http://a:b@h", "dead-letters", "list")],
)
def test_a_wrong_command_line_is_64(arguments):
    ended = ctl(*arguments)
    assert ended.status == 64, ended
    assert ended.err.startswith("penstockctl: ") and ended.out == ""


def test_help_tells_the_exit_statuses():
    ended = ctl("--help")
    assert (ended.status, ended.err) == (0, "")
    for status in ("0", "1", "2", "64", "66", "69", "70", "74", "75", "78", "128"):
        assert any(line.split()[:1] == [status] for line in ended.out.splitlines()), status
    assert "PENSTOCK_URL" in ended.out and "PENSTOCK_SOCKET" in ended.out and "http://127.0.0.1:8080" in ended.out
    assert ctl("--version").out.startswith("penstockctl ")
    assert "--spread" in ctl("dead-letters", "replay", "--help").out


def test_the_option_wins_over_the_environment(url):
    assert ctl("--url", url, "dead-letters", "causes", url="http://127.0.0.1:1").status == 0


def test_nobody_there_is_69_and_says_what_to_do():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        ended = ctl("dead-letters", "list", url=f"http://127.0.0.1:{free.getsockname()[1]}")
    assert ended.status == 69
    assert "refused" in ended.err and "--url" in ended.err


class Peer:
    """Takes one connection and answers it so, whatever was asked; without an answer it keeps silent."""

    def __init__(self, answer):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.serve, args=(answer,))
        self.thread.start()

    def serve(self, answer):
        connection, _ = self.listener.accept()
        with connection:
            connection.recv(65536)
            if answer is None:
                self.over.wait(60)
            else:
                connection.sendall(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        self.listener.close()


def test_one_that_keeps_silent_is_not_waited_for_longer_than_told():
    with Peer(None) as peer:
        ended = ctl("--timeout", "200", "dead-letters", "list", url=peer.url)
    assert ended.status == 69
    assert "200 ms" in ended.err


def http_answer(status, body, *headers):
    head = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    "answer, status",
    [(http_answer(503, b'{"detail":"The queue is away."}', "Retry-After: 3"), 69),
     (http_answer(500, b'{"detail":"The call failed."}'), 70),
     (http_answer(200, b"<html>"), 70),
     (http_answer(200, b"[]"), 70),
     (http_answer(200, b'{"items":7,"meta":{}}'), 70),
     (http_answer(200, b'{"items":[7],"meta":{"total":-1}}'), 70),
     (http_answer(302, b"", "Location: http://elsewhere.example/"), 70),
     (http_answer(404, b"[]"), 66),
     (b"garbage\r\n\r\n", 70),
     (b"HTTP/1.1 200 X\r\nContent-Length: 99999999999\r\n\r\n", 70),
     (b"", 69)],
)
def test_strange_answers_end_it_with_a_sentence(answer, status):
    with Peer(answer) as peer:
        ended = ctl("dead-letters", "list", url=peer.url)
    assert ended.status == status, ended
    assert ended.err.startswith("penstockctl: ") and ended.out == "" or status == 70
    if status == 69 and b"Retry-After" in answer:
        assert "in 3 s" in ended.err


def test_a_refusal_moves_no_cursor_either():
    with Peer(http_answer(400, b'{"detail":"\\u001b[31mred","errors":[{"field":"a\\nb","message":"\\u202e"}]}')) as peer:
        ended = ctl("dead-letters", "list", url=peer.url)
    assert ended.status == 64
    assert "\\x1b[31mred" in ended.err and "a\\x0ab" in ended.err
    assert "\x1b" not in ended.err and "\u202e" not in ended.err
