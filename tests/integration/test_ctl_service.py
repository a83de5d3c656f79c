"""penstockctl as it tends the service: status, send, queue, reload, drain, config."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess

import pytest

from driver import BUILD, PASSED_ON, ROOT, mailbox, phone
from penstockctl import CTL, Ended, admin_socket, ctl, places

COUNTERS = ["accepted", "persisted", "sent", "not_sent", "unknown", "retried", "dead", "refused", "duplicates"]


@pytest.fixture(scope="module")
def tend(server):
    """penstockctl on the server that the tests share."""
    return lambda *arguments, **more: ctl(*arguments, **{**places(server), **more})


@pytest.fixture
def scripts(tmp_path):
    """A copy of the shipped scripts to edit."""
    return shutil.copytree(ROOT / "scripts", tmp_path / "scripts")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(server, method, path, **headers):
    """One call on the admin listener; status and JSON."""
    connection = UnixConnection(admin_socket(server))
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


# The calls themselves.


def test_the_admin_calls_are_not_on_the_public_listener(server):
    assert server.get("/admin/status").status == 404
    for path in ("/admin/reload", "/admin/drain"):
        assert server.post(path, None).status == 404
    assert server.get("/readyz").status == 200


def test_the_admin_socket_is_its_owners_alone(server):
    assert os.stat(admin_socket(server)).st_mode & 0o777 == 0o600


def test_the_status_tells_the_service(server, queue):
    status, told = ask(server, "GET", "/admin/status")
    assert status == 200
    assert told["pid"] == server.process.pid
    assert told["state"] == "ready"
    assert told["listeners"] == {"public": f"127.0.0.1:{server.port}", "admin": admin_socket(server)}
    assert {plugin["plugin"] for plugin in told["plugins"]} >= {"http-ingest", queue, "worker", "metrics"}
    assert re.fullmatch("[0-9a-f]{32}", told["policy"]["hash"]) and told["policy"]["last_reload_taken"] is True
    assert told["queue"]["engine"] == queue and told["queue"]["up"] is True
    assert sorted(told["counters"]) == sorted(COUNTERS)
    assert {breaker["provider"] for breaker in told["breakers"]} >= {"mock"}
    assert [database["up"] for database in told["databases"]] == ([True, True] if queue == "pg-queue" else [])
    assert told["stalled"] == []


def test_a_page_in_a_browser_may_not_administer(server):
    status, problem = ask(server, "POST", "/admin/drain", Origin="http://evil.example")
    assert (status, problem["code"]) == (403, "no_browsers")
    assert server.get("/readyz").status == 200


def test_the_admin_calls_want_their_method(server):
    assert ask(server, "GET", "/admin/drain")[0] == 405
    assert ask(server, "POST", "/admin/status")[0] == 405
    assert server.process.poll() is None


# status, queue stats


def test_status_is_one_screen(tend, server, queue):
    ended = tend("status", "--interval", "200")
    assert (ended.status, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0].startswith("Penstock ") and f"pid {server.process.pid}" in lines[0]
    assert any(line.startswith("queue") and queue in line and "oldest" in line for line in lines)
    assert any(line.startswith("a second") and "accepted" in line for line in lines)
    for title in ("listens", "sending", "breakers", "database", "policy"):
        assert any(line.startswith(title) for line in lines), title
    assert len(lines) <= 24
    assert not any(line.startswith("a second") for line in tend("status", "--interval", "0").out.splitlines())


def test_status_as_json_has_the_rates_beside_the_services_answer(tend, server):
    told = tend("status", "--json", "--interval", "100").json
    assert told["pid"] == server.process.pid
    assert list(told["rates"]) == COUNTERS
    assert told["rates"]["accepted"] == 0
    assert tend("status", "--json", "--interval", "0").json["rates"] is None


def test_queue_stats_are_a_table_and_json(tend, queue):
    ended = tend("queue", "stats")
    assert (ended.status, ended.err) == (0, "")
    head, row = ended.out.splitlines()
    assert head.split()[:2] == ["ENGINE", "READY"] and row.split()[0] == queue
    assert tend("queue", "stats", "--json").json["engine"] == queue


def test_the_socket_is_found_where_data_dir_says_and_in_var(server, tmp_path):
    found = ctl("queue", "stats", DATA_DIR=str(server.folder / "data"), cwd=tmp_path)
    assert found.status == 0, found
    (tmp_path / "var").symlink_to(server.folder / "data")
    assert ctl("queue", "stats", cwd=tmp_path).status == 0


def test_no_socket_anywhere_is_69_and_names_the_places(tmp_path):
    ended = ctl("status", cwd=tmp_path, DATA_DIR=str(tmp_path))
    assert ended.status == 69 and ended.out == ""
    assert str(tmp_path / "admin.sock") in ended.err and "--socket" in ended.err


def test_a_socket_that_nobody_listens_on_is_69(tmp_path):
    path = str(tmp_path / "dead.sock")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    ended = ctl("--socket", path, "status")
    assert ended.status == 69 and "refused" in ended.err and "PENSTOCK_SOCKET" in ended.err
    assert ctl("--socket", "x" * 200, "status").status == 64


def test_the_public_listener_is_no_admin_listener(server):
    ended = ctl("--socket", f"http://127.0.0.1:{server.port}", "status")
    assert ended.status == 66 and f"http://127.0.0.1:{server.port} is not the admin listener" in ended.err, ended


# send


def test_send_tells_the_id_and_a_repeat_the_first_one(tend, server):
    sms = ("send", "sms", "--from", phone(), "--to", phone(), "--body", "Hello", "--key", f"key-{phone()}")
    first = tend(*sms)
    assert (first.status, first.err) == (0, "")
    id = re.fullmatch(r"accepted (\S+)\n", first.out)[1]
    assert server.message(id)["body"] == "Hello"
    again = tend(*sms)
    assert again.out == f"accepted {id}, which an earlier call has sent\n"
    assert tend(*sms, "--json").json["id"] == id


def test_send_with_wait_shows_the_way_until_it_is_sent(tend):
    ended = tend("send", "sms", "--from", phone(), "--to", phone(), "--body", "Hello", "--wait")
    assert (ended.status, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0].startswith("accepted ") and lines[-1] == "sent"
    assert "attempt 1 sent by mock" in ended.out


def test_send_with_wait_as_json_is_two_documents(tend):
    ended = tend("--json", "send", "email", "--from", mailbox(), "--to", mailbox(), "--subject", "S", "--body", "<b>B</b>", "--wait")
    accepted, message = [json.loads(line) for line in ended.out.splitlines()]
    assert message["id"] == accepted["id"] and message["status"] == "sent" and message["subject"] == "S"


def test_an_mms_has_attachments_and_a_body_may_come_from_standard_input(tend, server):
    url = "https://example.com/a.png"
    ended = tend("send", "mms", "--from", phone(), "--to", phone(), "--body", "-", "--attach", url, "--attach", url + "?2",
                 "--json", stdin="Grüße\n".encode())
    assert ended.status == 0, ended
    message = server.message(ended.json["id"])
    assert message["type"] == "mms" and message["attachments"] == [url, url + "?2"] and message["body"] == "Grüße\n"
    assert tend("send", "mms", "--from", phone(), "--to", phone(), "--body", "x").status == 64
    assert tend("send", "sms", "--from", phone(), "--to", phone(), "--body", "-", stdin=b"x" * (256 * 1024 + 1)).status == 64


def test_what_the_policy_refuses_is_64_with_every_fault(tend):
    ended = tend("send", "sms", "--from", "?", "--to", "?", "--body", "Hello")
    assert ended.status == 64 and ended.out == ""
    assert "\n  from: " in ended.err and "\n  to: " in ended.err


def test_a_message_that_fails_ends_the_wait_with_2(start, tmp_path):
    server = start(folder=tmp_path, overrides={"providers.mock.error_pct": "100"}, environment={"RETRY_MAX_ATTEMPTS": "1"})
    ended = ctl("send", "sms", "--from", phone(), "--to", phone(), "--body", "Hello", "--wait", **places(server))
    assert ended.status == 2, ended
    assert "attempt 1 not_sent by mock, HTTP 500" in ended.out
    assert re.search("the message is (failed|dead)", ended.err)


def test_one_that_was_given_up_between_two_looks_shows_its_attempts_all_the_same(scripted):
    place, script = scripted
    none = {"code": "not_found", "title": "Not Found", "status": 404}
    attempt = {"number": 1, "outcome": "not_sent", "provider": "mock", "http_status": 500}
    script += [
        ("POST /api/messages/sms", 202, {"id": "7", "status": "accepted"}),
        ("GET /api/messages/7", 404, none),
        ("GET /api/dead-letters/7", 200, {"id": "7", "reason": "gave up"}),
        ("GET /api/messages/7", 200, {"id": "7", "status": "dead", "reason": "gave up", "attempts": [attempt]}),
    ]
    ended = ctl("send", "sms", "--from", phone(), "--to", phone(), "--body", "Hello", "--wait", **place)
    assert ended.status == 2 and "attempt 1 not_sent by mock, HTTP 500" in ended.out, ended
    assert script == []


def test_one_that_was_given_up_before_it_was_a_message_is_dead(scripted):
    place, script = scripted
    none = {"code": "not_found", "title": "Not Found", "status": 404}
    script += [
        ("POST /api/messages/sms", 202, {"id": "7", "status": "accepted"}),
        ("GET /api/messages/7", 404, none),
        ("GET /api/dead-letters/7", 200, {"id": "7", "reason": "gave up"}),
        ("GET /api/messages/7", 404, none),
    ]
    ended = ctl("send", "sms", "--from", phone(), "--to", phone(), "--body", "Hello", "--wait", **place)
    assert ended.status == 2 and "the message is dead: gave up" in ended.err, ended


def test_a_wait_that_takes_too_long_is_75(start, tmp_path):
    server = start(folder=tmp_path, overrides={"providers.mock.error_pct": "100"},
                   environment={"RETRY_BACKOFF_MIN": "1h", "RETRY_BACKOFF_MAX": "2h"})
    ended = ctl("send", "sms", "--from", phone(), "--to", phone(), "--body", "x", "--wait", "--for", "1", **places(server))
    assert ended.status == 75, ended


# reload


def test_reload_puts_a_new_rule_in_force_and_tells_the_policy(start, scripts, tmp_path):
    server = start(folder=tmp_path, overrides={"scripts_dir": str(scripts)})
    before = ask(server, "GET", "/admin/status")[1]["policy"]["hash"]
    (scripts / "validate.lua").write_text('return function() return { { field = "body", message = "never" } } end\n')
    ended = ctl("reload", **places(server))
    assert (ended.status, ended.err) == (0, "")
    after = ask(server, "GET", "/admin/status")[1]["policy"]["hash"]
    assert after != before and f"the policy in force is {after}" in ended.out
    assert server.post("/api/messages/sms", {"from": phone(), "to": phone(), "body": "x"}).status == 400
    assert ctl("reload", "--json", **places(server)).json == {
        "status": "reloaded", "changed": [], "needs_restart": [], "kept_old": [], "policy": after}


def test_a_broken_script_is_refused_with_file_and_line_and_the_old_one_stays(start, scripts, tmp_path):
    server = start(folder=tmp_path, overrides={"scripts_dir": str(scripts)})
    before = ask(server, "GET", "/admin/status")[1]["policy"]["hash"]
    (scripts / "validate.lua").write_text("return function(draft)\n  local = 5\nend\n")
    ended = ctl("reload", **places(server))
    assert ended.status == 78 and ended.out == ""
    assert re.search(rf"\n  {re.escape(str(scripts))}/validate\.lua:2: ", ended.err), ended.err
    status, problem = ask(server, "POST", "/admin/reload")
    assert (status, problem["code"]) == (422, "reload_refused")
    assert problem["errors"][0]["field"].endswith("validate.lua:2")
    told = ask(server, "GET", "/admin/status")[1]["policy"]
    assert told["hash"] == before and told["last_reload_taken"] is False
    assert "THE LAST RELOAD WAS REFUSED" in ctl("status", **places(server)).out
    assert server.accepted("/api/messages/sms", {"from": phone(), "to": phone(), "body": "fine"})


@pytest.fixture
def own_configuration(tmp_path, surroundings):
    """A service on a configuration of its own, whose drop-in the test writes; (server's folder, drop-in, environment)."""
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "penstock.lua").write_text((ROOT / "config" / "penstock.lua").read_text())
    drop_in = tmp_path / "conf.d" / "10-test.lua"

    def write(more=""):
        drop_in.write_text('return { http = { public = { port = 0 } }, logging = { format = "json" }, ' + more + " }\n")

    write()
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    (tmp_path / "data").mkdir()
    process = subprocess.Popen([str(BUILD / "bin" / "penstockd"), "--config", str(tmp_path / "penstock.lua")],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               env={**passed_on, **surroundings(tmp_path), "DATA_DIR": str(tmp_path / "data")})
    next(line for line in process.stderr if "host.started" in line)
    yield write, {"PENSTOCK_SOCKET": str(tmp_path / "data" / "admin.sock")}
    process.send_signal(signal.SIGTERM)
    process.stderr.read()
    assert process.wait(60) == 0


def test_reload_names_what_changed_and_what_waits_for_a_restart(own_configuration):
    write, environment = own_configuration
    write("policy = { max_attachments = 3 }, worker = { concurrency = 7 }")
    told = ctl("reload", "--json", **environment).json
    assert told["changed"] == ["policy.max_attachments"] and told["needs_restart"] == ["worker.concurrency"]
    assert "restart for" in ctl("status", "--interval", "0", **environment).out
    again = ctl("reload", **environment)
    assert again.out.splitlines()[1:] == ["takes effect after a restart: worker.concurrency"]
    write('policy = { deadline = "never" }')
    refused = ctl("reload", **environment)
    assert refused.status == 78 and "policy.deadline" in refused.err


# drain


def test_drain_ends_the_service_with_0_and_waits_for_it(start, tmp_path):
    server = start(folder=tmp_path)
    ids = [server.accepted("/api/messages/sms", {"from": phone(), "to": phone(), "body": "kept"})["id"] for _ in range(50)]
    ended = ctl("drain", **places(server))
    assert (ended.status, ended.err) == (0, "")
    assert re.match("drained in .*; the service has ended\n", ended.out)
    assert server.process.wait(1) == 0
    assert not os.path.exists(admin_socket(server))
    again = start(folder=tmp_path)
    assert [id for id in ids if again.get(f"/api/messages/{id}").status != 200] == []


def test_drain_as_json_and_without_waiting(start, tmp_path):
    server = start(folder=tmp_path)
    told = ctl("drain", "--json", "--no-wait", **places(server)).json
    assert told["status"] == "draining" and told["pid"] == server.process.pid and told["drain_timeout_ms"] == 25000
    assert server.process.wait(60) == 0


def test_a_drain_that_takes_longer_than_one_will_wait_is_75(start, tmp_path):
    server = start(folder=tmp_path, overrides={"shutdown.drain_timeout": "8s"})
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"POST /api/messages/sms HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                       b"Expect: 100-continue\r\nContent-Length: 50\r\n\r\n")
        assert client.recv(64).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"{")
        ended = ctl("drain", "--for", "1", **places(server))
        assert ended.status == 75 and "still drains" in ended.err
    assert server.process.wait(60) == 0


# config


def test_config_check_tells_every_fault_and_the_daemons_exit_status():
    good = ctl("config", "check")
    assert (good.status, good.err) == (0, "") and "good" in good.out
    assert ctl("config", "check", "--json").json == {"good": True, "faults": []}
    bad = ctl("config", "check", "-D", "worker.lease=30x", "-D", "worker.leese=1s")
    assert bad.status == 78 and bad.out == ""
    assert "worker.lease" in bad.err and "did you mean" in bad.err
    faults = ctl("config", "check", "--json", "-D", "worker.lease=30x")
    assert faults.status == 78 and faults.json["good"] is False and "worker.lease" in faults.json["faults"][0]
    assert ctl("config", "check", "-c", "/nonexistent.lua").status == 78


def test_config_show_and_reference_are_the_daemons():
    shown = ctl("config", "show", "-D", "worker.lease=45s", "-D", "worker.batch=3")
    assert shown.status == 0 and "45s" in shown.out
    assert "worker.lease" in ctl("config", "reference").out


def test_config_show_as_json_has_a_value_a_key():
    shown = ctl("config", "show", "--json", "-D", "worker.lease=45s", "-D", "worker.batch=3", REDIS_URL="redis://:hush@localhost/")
    assert (shown.status, shown.err) == (0, "") and shown.out.count("\n") == 1
    values = shown.json
    assert values["worker.lease"] == "45s" and values["worker.batch"] == 3
    assert values["plugins"][0] == "http-ingest" and values["providers.mock.seed"] == 1
    assert values["redis-cache.url"] == "***" and "hush" not in shown.out
    assert True in values.values()


def test_config_reference_as_json_tells_programs_all_that_it_tells_people():
    rows = {row["key"]: row for row in ctl("config", "reference", "--json").json}
    assert all(list(row) == ["key", "type", "default", "bounds", "secret", "reload", "help"] for row in rows.values())
    told = re.findall(r"^[a-z].*$", ctl("config", "reference").out, re.M)
    assert list(rows) == told and len(told) > 100
    assert {row["type"] for row in rows.values()} == {"text", "integer", "boolean", "duration", "size", "choice", "list"}
    port = rows["http.public.port"]
    assert (port["type"], port["default"], port["bounds"]) == ("integer", 8080, "0..65535")
    assert rows["worker.lease"]["default"] == "30s" and rows["worker.lease"]["help"]
    assert rows["logging.format"]["bounds"] == "auto|json|text"
    assert rows["pg.url"]["secret"] is True and rows["pg.url"]["default"] is None
    assert {row["reload"] for row in rows.values()} == {True, False}


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_the_reference_is_everybodys_where_the_configuration_is_not(installed, form):
    program = installed / "bin" / "penstockctl"
    told = ctl("config", "reference", *form, program=program)
    assert told.status == 0, told
    assert told.out == ctl("config", "reference", *form).out
    assert re.fullmatch(r"penstockd: cannot read /etc/penstock/penstock\.lua: .*; these are the keys of .*\n", told.err)
    for command in ("show", "check"):
        assert ctl("config", command, program=program).status == 78
    assert ctl("config", "reference", "--config", "/nonexistent.lua", program=program).status == 78


def test_without_a_penstockd_beside_it_config_is_69(tmp_path):
    alone = shutil.copy(CTL, tmp_path / "penstockctl")
    ended = Ended(subprocess.run([alone, "config", "check"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60))
    assert ended.status == 69 and "no penstockd beside" in ended.err
