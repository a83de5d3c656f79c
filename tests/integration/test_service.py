"""The life of the service: command line, faults, reload, drain, restart."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading

import pytest

from driver import BUILD, PASSED_ON, ROOT, phone, until

DAEMON = str(BUILD / "bin" / "penstockd")


def run(*arguments, environment=None, timeout=60):
    """penstockd with these arguments, to its end."""
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return subprocess.run([DAEMON, *arguments], capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL,
                          env={**passed_on, **(environment or {})}, check=False)


def sms(body="Hello", **members):
    return {"from": phone(), "to": phone(), "body": body, **members}


@pytest.fixture
def scripts(tmp_path):
    """A copy of the shipped scripts to edit."""
    return shutil.copytree(ROOT / "scripts", tmp_path / "scripts")


def test_help_version_and_lists_are_answered_without_starting(tmp_path):
    assert "--check-config" in run("--help").stdout
    assert re.match(r"penstockd \d+\.\d+\.\d+ ", run("--version").stdout)
    plugins = run("--list-plugins")
    assert plugins.returncode == 0
    for name in ("http-ingest", "memory-queue", "sqlite-queue", "sqlite-store", "worker", "http-transport", "metrics"):
        assert re.search(rf"^{name} \d", plugins.stdout, re.M), plugins.stdout
    reference = run("--config-reference")
    assert reference.returncode == 0
    for key in ("worker.lease", "http.public.port", "retry.max_attempts", "memory-queue.max_events"):
        assert key in reference.stdout


def test_the_plugins_are_listed_for_programs_too():
    told = run("--list-plugins", "--json")
    assert told.returncode == 0 and told.stdout.count("\n") == 1
    listed = json.loads(told.stdout)
    assert [pathlib.Path(folder) for folder in listed["searched"]] == [BUILD / "lib" / "penstock" / "plugins"]
    plugins = {plugin["plugin"]: plugin for plugin in listed["plugins"]}
    assert "penstock.queue/1" in plugins["sqlite-queue"]["gives"] and "penstock.queue/1" in plugins["worker"]["needs"]
    assert all(plugin["version"] and plugin["summary"] for plugin in plugins.values())


@pytest.mark.parametrize("arguments", [["--json"], ["--json", "--check-config"], ["--migrate", "--json"]])
def test_json_is_for_what_is_printed(arguments):
    refused = run(*arguments)
    assert refused.returncode == 64 and refused.stdout == ""
    assert "--json goes with" in refused.stderr


def test_a_good_configuration_is_called_good():
    checked = run("--check-config")
    assert (checked.returncode, checked.stderr) == (0, "")


def test_all_configuration_faults_come_at_once_with_exit_78():
    checked = run("--check-config", "-D", "worker.lease=30x", "-D", "worker.leese=30s", "-D", "http.public.port=70000")
    assert checked.returncode == 78
    assert "worker.lease" in checked.stderr and "expected a duration such as 30s" in checked.stderr
    assert "worker.leese" in checked.stderr and "did you mean worker.lease" in checked.stderr
    assert "http.public.port" in checked.stderr
    together = run("--check-config", "-D", "worker.lease=20s", "-D", "worker.send_timeout=19s", "-D", "worker.interval=50ms")
    assert together.returncode == 78
    assert "worker.lease: must be at least 1s longer than worker.send_timeout, worker.send_margin and worker.wait" in together.stderr
    assert "worker.interval: must be 0s or at least 100ms" in together.stderr
    started = run("-D", "worker.lease=30x")
    assert started.returncode == 78


def test_a_missing_engine_is_refused_with_the_cure():
    started = run("-D", "plugins=http-ingest,sqlite-store,worker")
    assert started.returncode == 78
    assert "penstock.queue/1" in started.stderr and "memory-queue" in started.stderr


@pytest.mark.parametrize("arguments", [["--no-such-option"], ["-D", "novalue"], ["stray"]])
def test_a_wrong_command_line_is_exit_64(arguments):
    refused = run(*arguments)
    assert refused.returncode == 64
    assert "penstockd --help" in refused.stderr


def test_a_script_that_does_not_compile_stops_the_start_with_file_and_line(scripts):
    (scripts / "validate.lua").write_text("return function(draft)\n  if then\nend\n")
    refused = run("--check-config", "-D", f"scripts_dir={scripts}")
    assert refused.returncode == 78
    assert re.search(r"validate\.lua:2", refused.stderr), refused.stderr


def test_a_taken_port_is_exit_69_and_names_the_place(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = run("-D", f"http.public.port={port}", "-D", f"data_dir={tmp_path}")
    assert refused.returncode == 69
    assert f"127.0.0.1:{port}" in refused.stderr


def test_a_second_process_on_the_same_queue_file_is_refused(start, tmp_path):
    start(folder=tmp_path, environment={"QUEUE_BACKEND": "sqlite"})
    refused = run("-D", "http.public.port=0", "-D", f"data_dir={tmp_path / 'data'}", timeout=20)
    assert refused.returncode == 69
    assert "another process works on" in refused.stderr and "queue.db" in refused.stderr


def test_a_plugin_that_breaks_while_running_is_drained_around_with_exit_70(tmp_path):
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    for plugin in [*(BUILD / "lib/penstock/plugins").glob("*.so"), BUILD / "tests/loader/plugins/running/breaks-later.so"]:
        (plugins / plugin.name).symlink_to(plugin)
    ended = run("-D", f"plugin_dir={plugins}", "-D", "plugins=http-ingest,memory-queue,sqlite-store,worker,http-transport,breaks-later",
                "-D", "http.public.port=0", "-D", f"data_dir={tmp_path}", "-D", "logging.format=json")
    assert ended.returncode == 70
    events = [json.loads(line) for line in ended.stderr.splitlines()]
    broke = next(line for line in events if line["event"] == "host.fatal")
    assert broke["plugin"] == "breaks-later" and broke["message"] == "the licence has run out"
    assert events[-1]["event"] == "host.stopped"


def test_a_refused_plugin_is_the_one_fault_and_not_its_keys(tmp_path):
    stranger = BUILD / "tests/loader/plugins/fingerprint"
    (tmp_path / "penstock.lua").write_text(
        'return { plugins = { "other-fingerprint" }, ["other-fingerprint"] = { max_waiting = 5, retry = { first = "1s" } } }\n',
        encoding="utf-8")
    checked = run("--check-config", "--config", str(tmp_path / "penstock.lua"), "-D", f"plugin_dir={stranger}")
    assert checked.returncode == 78
    assert re.fullmatch(r".*other-fingerprint\.so: built against another SDK \(found 3f9c0123456789ab…, host is [0-9a-f]{16}…\); "
                        r"rebuild it with the SDK of this penstockd\n", checked.stderr), checked.stderr


def test_a_logging_fault_is_found_by_the_check():
    checked = run("--check-config", "-D", "logging.loggers.worker.level=loudly")
    assert checked.returncode == 78
    assert "logging.loggers.worker.level" in checked.stderr, checked.stderr


def test_the_environment_names_work_from_a_checkout_without_arguments(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    process = subprocess.Popen([DAEMON], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               env={**passed_on, "QUEUE_BACKEND": "memory", "PORT": str(port), "WORKER_CONCURRENCY": "4",
                                    "DATA_DIR": str(tmp_path / "made")})
    try:
        started = until(lambda: next((line for line in process.stderr if "host.started" in line), None), 30, "the start")
        assert '"level":' in started
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert client.recv(64).startswith(b"HTTP/1.1 200")
    finally:
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        assert process.wait(30) == 0
    assert (tmp_path / "made" / "store.db").exists()


def test_what_was_persisted_survives_a_restart(start, tmp_path):
    first = start(folder=tmp_path)
    id = first.accepted("/api/messages/sms", sms("kept"))["id"]
    first.message(id)
    assert first.stop() == 0
    second = start(folder=tmp_path)
    assert second.message(id)["body"] == "kept"


MEMORY = {"QUEUE_BACKEND": "memory"}
BUSY = {"worker.receive": "5", "worker.concurrency": "1"}


def test_a_drain_of_the_memory_queue_persists_everything_that_was_accepted(start, tmp_path):
    server = start(folder=tmp_path, overrides=BUSY, environment=MEMORY)
    ids = [server.accepted("/api/messages/sms", sms(f"number {number}"))["id"] for number in range(300)]
    assert server.stop() == 0
    again = start(folder=tmp_path, environment=MEMORY)
    assert [id for id in ids if again.get(f"/api/messages/{id}").status != 200] == []


def test_what_a_drain_gives_back_to_a_durable_queue_is_persisted_after_the_restart(start, tmp_path):
    server = start(folder=tmp_path, overrides=BUSY)
    ids = [server.accepted("/api/messages/sms", sms(f"number {number}"))["id"] for number in range(300)]
    assert server.stop() == 0
    again = start(folder=tmp_path)
    assert [again.message(id)["body"] for id in ids] == [f"number {number}" for number in range(300)]


def get_stuck(client):
    """The client is in the middle of its body, and the server knows."""
    client.sendall(b"POST /api/messages/sms HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                   b"Expect: 100-continue\r\nContent-Length: 50\r\n\r\n")
    assert client.recv(64).startswith(b"HTTP/1.1 100 ")
    client.sendall(b"{")


def test_a_second_signal_leaves_at_once(start, tmp_path):
    server = start(folder=tmp_path)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        get_stuck(client)
        server.process.send_signal(signal.SIGTERM)
        until(lambda: any(line.get("event") == "host.stopping" for line in server.log_lines()), 10, "the drain")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(5) == 128 + signal.SIGTERM
    server.stop = lambda: 0


class Load:
    """Posts from several connections until stopped; every status that is not 202 is kept."""

    def __init__(self, server, threads=4):
        self.server = server
        self.sent = 0
        self.wrong = []
        self.halt = threading.Event()
        self.threads = [threading.Thread(target=self.run) for _ in range(threads)]

    def run(self):
        while not self.halt.is_set():
            answer = self.server.post("/api/messages/sms", sms("under load"))
            self.sent += 1
            if answer.status != 202:
                self.wrong.append((answer.status, answer.body))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.halt.set()
        for thread in self.threads:
            thread.join()


RULE = """
local shipped = (function() {shipped} end)()
return function(draft, settings)
  if draft.body == "forbidden" then
    return {{ {{ field = "body", message = "is forbidden" }} }}
  end
  return shipped(draft, settings)
end
"""


def test_a_new_rule_holds_after_sighup_and_no_request_fails_meanwhile(start, scripts, tmp_path):
    server = start(folder=tmp_path, overrides={"scripts_dir": str(scripts)})
    validate = scripts / "validate.lua"
    shipped = validate.read_text()
    reloads = lambda event: sum(line.get("event") == event for line in server.log_lines())
    assert server.post("/api/messages/sms", sms("forbidden")).status == 202
    with Load(server) as load:
        for round in range(1, 6):
            validate.write_text(RULE.format(shipped=shipped))
            server.process.send_signal(signal.SIGHUP)
            until(lambda: reloads("host.reloaded") == 2 * round - 1, 10, "the reload")
            refused = server.post("/api/messages/sms", sms("forbidden"))
            assert refused.status == 400
            assert refused.json["errors"] == [{"field": "body", "message": "is forbidden"}]
            validate.write_text(shipped)
            server.process.send_signal(signal.SIGHUP)
            until(lambda: reloads("host.reloaded") == 2 * round, 10, "the reload")
            assert server.post("/api/messages/sms", sms("forbidden")).status == 202
    assert load.sent > 0 and load.wrong == []


def test_a_syntax_error_keeps_the_old_rule_and_says_where(start, scripts, tmp_path):
    server = start(folder=tmp_path, overrides={"scripts_dir": str(scripts)})
    (scripts / "validate.lua").write_text("return function(draft)\n  local = 5\nend\n")
    server.process.send_signal(signal.SIGHUP)
    failed = until(lambda: next((line for line in server.log_lines() if line.get("event") == "host.reload_failed"), None), 10)
    assert re.search(r"validate\.lua:2", failed["message"]), failed
    assert server.post("/api/messages/sms", sms("")).status == 400
    assert server.post("/api/messages/sms", sms("fine")).status == 202
    assert server.metric("penstock_config_last_reload_successful") == 0


def test_reload_names_the_keys_that_need_a_restart(start, tmp_path):
    configuration = tmp_path / "penstock.lua"
    configuration.write_text((ROOT / "config" / "penstock.lua").read_text())
    (tmp_path / "conf.d").mkdir()
    drop_in = tmp_path / "conf.d" / "10-test.lua"
    drop_in.write_text('return { http = { public = { port = 0 } }, logging = { format = "json" } }\n')
    process = subprocess.Popen([DAEMON, "--config", str(configuration), "-D", f"data_dir={tmp_path / 'data'}"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        lines = iter(process.stderr)
        next(line for line in lines if "host.started" in line)
        drop_in.write_text('return { http = { public = { port = 0 } }, logging = { format = "json", level = "debug" }, '
                           'worker = { concurrency = 7 } }\n')
        process.send_signal(signal.SIGHUP)
        restart = next(line for line in lines if "host.restart_required" in line)
        assert "worker.concurrency" in restart
        reloaded = next(line for line in lines if "host.reloaded" in line)
        assert "logging.level" in reloaded and "worker.concurrency" not in reloaded
    finally:
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        assert process.wait(30) == 0


def test_broken_input_before_the_drain_does_not_hold_it_up(start, tmp_path):
    server = start(folder=tmp_path, overrides={"shutdown.drain_timeout": "1s"})
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"POST /api/messages/sms HTTP/1.1\r\nHost: a\r\n")
        assert server.stop() == 0


def test_a_client_stuck_in_its_body_does_not_cost_what_was_accepted(start, tmp_path):
    server = start(folder=tmp_path, overrides={"shutdown.drain_timeout": "12s", **BUSY}, environment=MEMORY)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        get_stuck(client)
        ids = [server.accepted("/api/messages/sms", sms(f"number {number}"))["id"] for number in range(300)]
        assert server.stop() == 0
        assert client.recv(64).startswith((b"HTTP/1.1 503", b"")), "the stuck request must not be accepted"
    again = start(folder=tmp_path, environment=MEMORY)
    assert [id for id in ids if again.get(f"/api/messages/{id}").status != 200] == []


def test_the_rule_in_the_readme_works_as_shown(start, scripts, tmp_path):
    shown = re.search(r"```lua\n(-- scripts/validate\.lua.*?)```", (ROOT / "README.md").read_text(), re.S)[1]
    validate = scripts / "validate.lua"
    head, tail = validate.read_text().rsplit("  return faults\n", 1)
    validate.write_text(head + shown + "  return faults\n" + tail)
    server = start(folder=tmp_path, overrides={"scripts_dir": str(scripts)})
    refused = server.post("/api/messages/sms", sms("see http://example.com"))
    assert refused.status == 400
    assert refused.json["errors"] == [{"field": "body", "message": "must not hold a link"}]
    assert server.post("/api/messages/sms", sms("no link")).status == 202
