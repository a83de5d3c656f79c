"""The scheduler as an operator meets it: starts, stops and the pace, of one process and of several."""

import time

from driver import phone, until

HOURLY = {"worker.interval": "1h", "worker.batch": "2"}
SHARED = {"QUEUE_BACKEND": "pg", "STORE_BACKEND": "pg"}


def accept(server, count):
    """Messages that are kept; their ids."""
    ids = [
        server.accepted("/api/messages/sms", {"from": phone(), "to": phone(), "body": "hello"})["id"]
        for _ in range(count)
    ]
    for id in ids:
        server.message(id)
    return ids


def statuses(server, ids):
    return sorted(server.message(id)["status"] for id in ids)


def sends(*servers):
    return sum(server.metric("penstock_sends_total") for server in servers)


def waits(cause, *servers):
    return sum(server.metric(f'penstock_send_waits_total{{cause="{cause}"}}') for server in servers)


def put_aside(server, count):
    """Comes back once so many messages wait, and all of them have asked twice more."""
    until(lambda: server.metric("penstock_queue_scheduled") == count, what=f"{count} messages put aside")
    asked = waits("pace", server) + waits("paused", server)
    until(lambda: waits("pace", server) + waits("paused", server) >= asked + 2 * count, what="asking again")


def shown(server):
    answer = server.get("/scheduler")
    assert answer.status == 200, answer
    return answer.json


def say(server, word):
    answer = server.call("POST", f"/scheduler/{word}")
    assert answer.status == 200, answer
    assert answer.json["running"] == (word == "start")
    return answer.json


def running(server):
    return server.metric("penstock_worker_scheduler_running") == 1


def test_messages_leave_as_they_come_unless_somebody_stops_that(start):
    server = start()
    until(lambda: shown(server) == {"running": True, "interval": "0s", "batch": 2}, what="the worker's settings")
    ids = accept(server, 3)
    until(lambda: statuses(server, ids) == ["sent"] * 3, what="the sends")
    for _ in range(2):
        assert say(server, "stop") == {"running": False, "interval": "0s", "batch": 2}
    until(lambda: not running(server), 2, "the stop")
    ids = accept(server, 3)
    put_aside(server, 3)
    assert statuses(server, ids) == ["accepted"] * 3
    say(server, "start")
    until(lambda: statuses(server, ids) == ["sent"] * 3, what="the sends")

    def said():
        events = [line.get("event", "").removeprefix("worker.scheduler_") for line in server.log_lines()]
        return [event for event in events if event in ("started", "stopped")]

    until(lambda: said() == ["started", "stopped", "started"], what="each change in the log, once")


def test_without_autostart_messages_are_kept_until_a_start(start):
    server = start(environment={"AUTOSTART": "false"})
    ids = accept(server, 3)
    put_aside(server, 3)
    until(lambda: shown(server) == {"running": False, "interval": "0s", "batch": 2}, what="the worker's settings")
    assert statuses(server, ids) == ["accepted"] * 3
    assert sends(server) == 0
    assert say(server, "start") == {"running": True, "interval": "0s", "batch": 2}
    until(lambda: statuses(server, ids) == ["sent"] * 3, what="the sends")


def test_an_attempt_says_for_what_and_how_long_its_message_waited(start, tmp_path_factory):
    folder = tmp_path_factory.mktemp("waited")
    server = start(folder=folder, environment={"AUTOSTART": "false"})
    [id] = accept(server, 1)
    put_aside(server, 1)
    assert server.stop() == 0
    server = start(folder=folder, environment={"AUTOSTART": "false"})
    put_aside(server, 1)
    assert server.message(id)["wait_seconds"] == {}, "waits are shown with the attempt that they end in"
    say(server, "start")
    until(lambda: statuses(server, [id]) == ["sent"], what="the send")
    message = server.message(id)
    [attempt] = message["attempts"]
    # Put aside twice by each process, for a second at least.
    assert attempt["wait_seconds"]["paused"] >= 4
    assert message["wait_seconds"] == attempt["wait_seconds"]


def test_each_interval_has_its_batch_and_a_start_opens_one_at_once(start):
    server = start(HOURLY)
    ids = accept(server, 5)
    for batch in (1, 2):
        until(lambda: sends(server) == 2 * batch, what="a batch")
        put_aside(server, 5 - 2 * batch)
        assert statuses(server, ids) == ["accepted"] * (5 - 2 * batch) + ["sent"] * 2 * batch
        assert sends(server) == 2 * batch
        assert shown(server) == {"running": True, "interval": "1h", "batch": 2}
        say(server, "stop")
        until(lambda: not running(server), 2, "the stop")
        say(server, "start")
    until(lambda: sends(server) == 5, what="the last one")


def test_short_intervals_follow_each_other(start):
    server = start({"worker.interval": "1s", "worker.batch": "2"})
    begun = time.monotonic()
    ids = accept(server, 7)
    until(lambda: statuses(server, ids) == ["sent"] * 7, 30, "the sends")
    assert time.monotonic() - begun > 2.5, "two at once and two in each of three more seconds, the last of them one"


def test_a_restart_keeps_the_pace(start, tmp_path_factory):
    folder = tmp_path_factory.mktemp("paced")
    server = start(HOURLY, folder)
    ids = accept(server, 4)
    until(lambda: sends(server) == 2, what="the batch")
    put_aside(server, 2)
    assert server.stop() == 0
    server = start(HOURLY, folder)
    put_aside(server, 2)
    assert sends(server) == 0
    assert statuses(server, ids) == ["accepted", "accepted", "sent", "sent"]


def test_a_stop_outlasts_a_restart_although_sending_would_start_by_itself(start, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stopped")
    server = start(folder=folder, environment={"AUTOSTART": "true"})
    say(server, "stop")
    assert server.stop() == 0
    server = start(folder=folder, environment={"AUTOSTART": "true"})
    assert shown(server)["running"] is False
    ids = accept(server, 1)
    put_aside(server, 1)
    assert statuses(server, ids) == ["accepted"]
    say(server, "start")
    until(lambda: statuses(server, ids) == ["sent"], what="the send")


def test_a_process_without_a_worker_stops_the_workers_of_others(start, postgres):
    environment = {**SHARED, "DATABASE_URL": postgres.create("told")}
    api = start(environment={**environment, "WORKER_ENABLED": "false"})
    assert shown(api) == {"running": True, "interval": None, "batch": None}
    worker = start({"worker.interval": "0s", "worker.batch": "7"}, environment=environment)
    until(lambda: running(worker), what="the worker's start")
    until(lambda: shown(api) == {"running": True, "interval": "0s", "batch": 7}, what="the worker's settings")
    say(api, "stop")
    until(lambda: not running(worker), 2, "the stop in another process")
    ids = accept(api, 2)
    put_aside(worker, 2)
    assert statuses(api, ids) == ["accepted"] * 2
    say(api, "start")
    until(lambda: running(worker), 2, "the start in another process")
    until(lambda: statuses(api, ids) == ["sent"] * 2, what="the sends")


def test_two_workers_keep_one_pace(start, postgres):
    environment = {**SHARED, "DATABASE_URL": postgres.create("paced")}
    workers = [start(HOURLY, environment=environment) for _ in range(2)]
    owned = "penstock_queue_partitions"
    until(lambda: [worker.metric(owned) for worker in workers] == [32, 32], 15, "an even share")
    ids = accept(workers[0], 6)
    until(lambda: sends(*workers) == 2, what="the batch")
    asked = waits("pace", *workers)
    until(lambda: waits("pace", *workers) >= asked + 12, 20, "asking again")
    assert statuses(workers[0], ids) == ["accepted"] * 4 + ["sent"] * 2
    assert sends(*workers) == 2
