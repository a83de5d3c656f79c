"""The service on PostgreSQL: starts, refusals, outages, migrations by hand, several processes."""

import subprocess
import time

from driver import BUILD, phone, until

PG = {"QUEUE_BACKEND": "pg", "STORE_BACKEND": "pg"}


def penstockd(url, *arguments, data="/nowhere"):
    return subprocess.run(
        [str(BUILD / "bin" / "penstockd"), "-D", f"data_dir={data}", *arguments],
        env={"PATH": "/usr/bin:/bin", **PG, **({"DATABASE_URL": url} if url else {})},
        capture_output=True, text=True, timeout=60, check=False)


def sms(server, body="hello"):
    sender, recipient = phone(), phone()
    accepted = server.accepted("/api/messages/sms", {"from": sender, "to": recipient, "body": body})
    return accepted["id"]


def test_a_message_arrives_in_the_database(start, postgres):
    url = postgres.create("arrives")
    server = start(environment={**PG, "DATABASE_URL": url})
    message = server.message(sms(server, "grüße"))
    assert message["body"] == "grüße"
    assert postgres.query("arrives", "SELECT convert_from(body, 'UTF8') FROM penstock.messages") == "grüße"
    assert server.get("/api/conversations").json["meta"]["total"] == 1


def test_a_start_without_the_database_is_alive_and_ready_once_it_comes(start, postgres):
    url = postgres.create("late")
    postgres.stop()
    server = start(environment={**PG, "DATABASE_URL": url})
    assert server.get("/livez").status == 200
    away = server.get("/readyz")
    assert away.status == 503
    assert "pg-store" in away.body.decode() and "pg-queue" in away.body.decode() and "cannot connect" in away.body.decode()
    postgres.start()
    until(lambda: server.get("/readyz").status == 200, 10, "readiness")
    server.message(sms(server))
    postgres.stop()
    gone = time.monotonic()
    until(lambda: server.get("/readyz").status == 503, 5, "the end of readiness")
    assert time.monotonic() - gone < 1.5
    assert server.get("/livez").status == 200
    postgres.start()
    until(lambda: server.get("/readyz").status == 200, 5, "readiness")
    assert "hush" not in server.log_text()


def test_migrate_brings_the_schema_up_to_date_and_a_start_can_insist_on_it(start, postgres, tmp_path):
    url = postgres.create("byhand")
    old = penstockd(url, "-D", "pg.migrate=false", "-D", "http.public.port=0", data=tmp_path)
    assert old.returncode == 78
    assert "0001_store.sql" in old.stderr and "penstockd --migrate" in old.stderr
    for _ in range(2):
        migrated = penstockd(url, "--migrate", data=tmp_path)
        assert migrated.returncode == 0, migrated.stderr
    server = start({"pg.migrate": "false"}, environment={**PG, "DATABASE_URL": url})
    server.message(sms(server))


def test_migrate_says_what_is_in_the_way(postgres, tmp_path):
    away = penstockd("postgres://penstock:hush@/none?host=/nowhere-at-all", "--migrate", data=tmp_path)
    assert away.returncode == 69
    assert "cannot connect to host=/nowhere-at-all" in away.stderr
    missing = penstockd(postgres.url("missing"), "--migrate", data=tmp_path)
    assert missing.returncode == 69 and "no such database" in missing.stderr
    broken = penstockd("postgres://penstock:hush@[/x", "--migrate", data=tmp_path)
    assert broken.returncode == 78 and "pg.url cannot be read" in broken.stderr
    url = postgres.create("newer")
    assert penstockd(url, "--migrate", data=tmp_path).returncode == 0
    postgres.query("newer", "INSERT INTO penstock.migrations SELECT 9999, '9999_later.sql', '', now(), shapes "
                            "FROM penstock.migrations ORDER BY version DESC LIMIT 1")
    newer = penstockd(url, "--migrate", data=tmp_path)
    assert newer.returncode == 78 and "9999_later.sql, which this version does not know" in newer.stderr
    for answer in (away, missing, broken, newer):
        assert "hush" not in answer.stdout + answer.stderr


def test_the_configuration_needs_an_address_and_never_prints_it(postgres):
    without = penstockd(None, "--check-config")
    assert without.returncode == 78 and "pg.url is not set" in without.stderr
    shown = penstockd(postgres.url("any"), "--show-config")
    assert shown.returncode == 0 and "***" in shown.stdout and "hush" not in shown.stdout
    assert penstockd(postgres.url("any"), "--check-config").returncode == 0


def settled(workers, events):
    """How many each has finished, once all are; a message can be read before its event is settled."""
    done = [worker.metric("penstock_worker_processed_total") for worker in workers]
    return done if sum(done) >= events else None


def test_the_work_is_shared_by_processes_that_differ_in_their_plugins_alone(start, postgres):
    url = postgres.create("shared")
    api = start({"config": "api"}, environment={"DATABASE_URL": url})
    workers = [start({"config": "worker"}, environment={"DATABASE_URL": url}) for _ in range(2)]
    owned = "penstock_queue_partitions"
    until(lambda: [worker.metric(owned) for worker in workers] == [32, 32], 15, "an even share")
    ids = [sms(api) for _ in range(100)]
    for id in ids:
        api.message(id)
    done = until(lambda: settled(workers, 100), what="the last settlement")
    assert sum(done) == 100 and min(done) > 0, done
    assert api.metric("penstock_queue_ready") == 0
    workers[1].stop()
    until(lambda: workers[0].metric(owned) == 64, 10, "the whole share")
    api.message(sms(api))


def test_what_a_process_accepted_is_worked_off_by_the_next(start, postgres):
    url = postgres.create("handed_on")
    api = start({"config": "api"}, environment={"DATABASE_URL": url})
    ids = [sms(api) for _ in range(20)]
    assert api.metric("penstock_queue_ready") == 20
    assert api.stop() == 0
    server = start(environment={**PG, "DATABASE_URL": url})
    for id in ids:
        server.message(id)


def test_partitions_that_were_not_read_yet_are_left_as_they_came(postgres):
    """A process that dies right after a take-over must not have vouched for what the owner before left to do."""
    postgres.create("floors")
    assert penstockd(postgres.url("floors"), "--migrate").returncode == 0

    def ask(sql):
        return postgres.query("floors", f"SELECT {sql}")

    def attend(consumer, floor, known):
        return ask("string_agg(partition::text, ',') FROM "
                   f"penstock.queue_attend({consumer}, '1h', {floor}, '{{{known}}}', false) WHERE partition >= 0")

    one, other = (ask("penstock.queue_join('x', '1h')") for _ in range(2))
    of_one = attend(one, 0, "")
    attend(one, 5000, of_one)
    of_other = attend(other, 0, "")
    attend(other, 7000, of_other)
    ask(f"penstock.queue_leave({one}, penstock.queue_timeline(), 5000, '{{{of_one}}}')")
    everything = attend(other, 7000, of_other)
    assert everything.count(",") == 63
    assert ask(f"floor FROM penstock.queue_consumers WHERE consumer = {other}") == "5000"
    # The answer was lost: it still does not know.
    attend(other, 7100, of_other)
    assert ask(f"floor FROM penstock.queue_consumers WHERE consumer = {other}") == "5000"
    attend(other, 5100, everything)
    assert ask(f"floor FROM penstock.queue_consumers WHERE consumer = {other}") == "5100"
