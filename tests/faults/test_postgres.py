"""Queue and store in PostgreSQL when a process, the server or the network between them fails: nothing that was accepted
is lost, nothing is there twice."""

import os
import signal
import time

import pytest

from driver import until
from ledger import SMS, Ledger, rng, rounds
from pg_site import EVENT_TABLES, LEASE, MARGIN, NO_WORKER, PATIENCE, SESSIONS, before_persisting, pause, site_of, works
from proxy import Proxy


@pytest.fixture
def site(start, postgres, tmp_path, request):
    return site_of(request, start, postgres, tmp_path)


@pytest.fixture
def proxy(postgres):
    proxy = Proxy(str(postgres.folder / ".s.PGSQL.5432"))
    yield proxy
    proxy.close()


def through(proxy, site):
    return f"postgres://penstock:hush@127.0.0.1:{proxy.port}/{site.name}?sslmode=disable"


def test_kill_9_under_load(site):
    random = rng("kill -9")
    ledger = Ledger()
    server = site.start()
    for _ in range(rounds()):
        with ledger.load(server):
            pause(random, 0.1, 1.0)
            server.kill()
        server = site.start()
        site.finished(ledger, server, LEASE + PATIENCE + 10)
    assert len(ledger.accepted) > 0


def test_kill_9_of_one_of_two_in_the_middle_of_a_batch(site):
    random = rng("one of two")
    ledger = Ledger(pairs=40)
    api, other = site.start(), site.start()
    for number in range(rounds()):
        victim = random.choice([api, other])
        survivor = other if victim is api else api
        until(lambda: min(api.metric("penstock_queue_partitions"), other.metric("penstock_queue_partitions")) == 32,
              10, "the processes' shares")
        with ledger.load(api), site.postgres.transaction(site.name, "LOCK TABLE penstock.messages IN EXCLUSIVE MODE"):
            # Whatever is handed out stays so.
            pause(random, 0.3, 0.8)
            victim.kill()
        site_time = time.monotonic()
        until(lambda: site.work_left() == 0, LEASE + 2 + MARGIN, f"the end of the other's work in round {number}")
        print(f"round {number}: finished {time.monotonic() - site_time:.1f} s after the kill")
        site.finished(ledger, survivor)
        if victim is api:
            api, other = other, site.start()
        else:
            other = site.start()
    assert len(ledger.accepted) > 0


def test_the_server_crashes_and_comes_back(site):
    random = rng("server crash")
    ledger = Ledger()
    server = site.start()
    for number in range(rounds()):
        with ledger.load(server):
            pause(random, 0.2, 0.8)
            site.postgres.stop(signal.SIGQUIT)
            until(lambda: server.get("/readyz").status == 503, 5, "the end of readiness")
            assert server.get("/livez").status == 200
            pause(random, 0.0, 1.5)
            site.postgres.start()
            back = time.monotonic()
            works(ledger, server, 5)
            print(f"round {number}: at work again {time.monotonic() - back:.1f} s after the server was back")
        site.finished(ledger, server)
    assert len(ledger.accepted) > 0


def test_sessions_are_ended(site):
    random = rng("sessions ended")
    ledger = Ledger()
    server = site.start()
    for _ in range(rounds()):
        with ledger.load(server):
            for _ in range(3):
                pause(random, 0.1, 0.5)
                site.query(f"SELECT count(pg_terminate_backend(pid)) {SESSIONS}")
            works(ledger, server, 5)
        site.finished(ledger, server)


def test_a_session_of_the_server_is_killed(site):
    random = rng("backend killed")
    ledger = Ledger()
    server = site.start()
    for _ in range(rounds()):
        with ledger.load(server):
            pause(random, 0.2, 0.6)
            pids = site.query(f"SELECT pid {SESSIONS} AND backend_type = 'client backend'").split()
            os.kill(int(random.choice(pids)), signal.SIGKILL)
            works(ledger, server, 10)  # all other sessions end, and the server recovers as after a crash
        site.finished(ledger, server)


def payload(ledger, body):
    return {"from": ledger.pairs[0][0], "to": ledger.pairs[0][1], "body": body}


@pytest.mark.parametrize("what", ["answer", "statement"])
def test_what_is_lost_at_a_commit(proxy, site, what):
    ledger = Ledger(pairs=1)
    api = site.start(NO_WORKER, through(proxy, site))
    worker = site.start()
    lose = proxy.lose_answer if what == "answer" else proxy.lose_statement
    for number in range(rounds()):
        body, key = f"lost {what} {number}", f"{what}-{number}"
        lose(body.encode())
        first = api.post(SMS, payload(ledger, body), Idempotency_Key=key)
        assert first.status in (202, 503)
        assert proxy.cut == number + 1
        until(lambda: api.post(SMS, payload(ledger, body), Idempotency_Key=key).status == 202, 5, "acceptance")
        again = api.post(SMS, payload(ledger, body), Idempotency_Key=key)
        assert (again.status, again.headers["Idempotent-Replayed"]) == (202, "true")
        if first.status == 202:
            assert first.json["id"] == again.json["id"]
            assert first.headers["Idempotent-Replayed"] in (None, "false")
        ledger.accepted[body] = again.json["id"]
        site.finished(ledger, worker)


@pytest.mark.parametrize("call", ["queue_attend", "queue_leases_of", "queue_handed_after", "queue_read_due",
                                  "queue_events", "queue_next_due", "queue_hand_over", "queue_done"])
def test_a_worker_is_cut_off_at(proxy, site, call):
    """Cut where the call is first prepared, and where it is first run: what was read before is handed out all the same,
    and nothing twice."""
    ledger = Ledger(pairs=10)
    api = site.start(NO_WORKER)
    for lose in (proxy.lose_statement, proxy.lose_answer, proxy.lose_result):
        for _ in range(20):
            assert ledger.post(api) == 202
        cuts = proxy.cut
        lose(f"penstock.{call}".encode())
        worker = site.start(url=through(proxy, site))
        site.finished(ledger, worker, LEASE + PATIENCE + MARGIN)
        assert proxy.cut == cuts + 1
        assert worker.metric("penstock_worker_dequeued_total") == 20
        assert worker.stop() == 0


def test_a_worker_stands_still_and_goes_on(site):
    random = rng("standstill")
    ledger = Ledger(pairs=40)
    api, sleeper = site.start(), site.start()
    for number in range(rounds()):
        until(lambda: sleeper.metric("penstock_queue_partitions") == 32, 10, "the processes' shares")
        with ledger.load(api, threads=3):
            pause(random, 0.1, 0.5)
            with site.postgres.transaction(site.name, "LOCK TABLE penstock.messages IN EXCLUSIVE MODE"):
                pause(random, 0.1, 0.3)
                sleeper.process.send_signal(signal.SIGSTOP)
        try:
            stopped = time.monotonic()
            until(lambda: site.work_left() == 0, LEASE + 2 + MARGIN, "the end of the other's work")
            print(f"round {number}: finished {time.monotonic() - stopped:.1f} s after the stop")
        finally:
            sleeper.process.send_signal(signal.SIGCONT)
        with ledger.load(api, threads=2):
            pause(random, 0.2, 0.5)
        until(lambda: sleeper.get("/readyz").status == 200, 5, "readiness")
        site.finished(ledger, api)
    site.finished(ledger, sleeper)


def test_the_clock_of_the_database_is_set_ahead(site):
    """Every lease seems to have run out at once: what was handed out comes again, and nothing is forgotten."""
    ledger = Ledger(pairs=40)
    server = site.start({"worker.lease": "60s"})
    for number in range(rounds()):
        before = server.metric("penstock_worker_dequeued_total")
        with ledger.load(server, threads=3):
            with site.postgres.transaction(site.name, "LOCK TABLE penstock.messages IN EXCLUSIVE MODE"):
                until(lambda: server.metric("penstock_worker_dequeued_total") > before, 10, "a hand-over")
                site.query("CREATE OR REPLACE FUNCTION penstock.now() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
                           f"'SELECT clock_timestamp() + make_interval(hours => {number + 1})'")
        until(lambda: site.work_left() == 0, 20, "the end of the work, long before the leases would have ended")
        site.finished(ledger, server)


LONG = {"worker.lease": "60s", "pg-queue.patience": "30s"}  # nobody comes to work by what runs out


def test_a_stop_under_load(site):
    random = rng("stop")
    ledger = Ledger(pairs=40)
    server = site.start(LONG)
    for _ in range(rounds()):
        successor = site.start(LONG)
        with ledger.load(server):
            pause(random, 0.2, 1.0)
            assert server.stop() == 0
        # Leases that were given back are not waited for.
        until(lambda: site.work_left() == 0, 2, "the successor's end of the work")
        site.finished(ledger, successor)
        server = successor
    assert len(ledger.accepted) > 0


def test_a_worker_is_stopped_under_load(site):
    """SIGTERM while it holds events: others have all of them within 2 s of its end, under a load that goes on."""
    random = rng("stop of a worker")
    ledger = Ledger(pairs=40)
    api = site.start({**LONG, **NO_WORKER})
    workers = [site.start(LONG), site.start(LONG)]
    for _ in range(rounds()):
        until(lambda: min(worker.metric("penstock_queue_partitions") for worker in workers) == 32, 10, "the shares")
        victim = workers.pop(random.randrange(2))
        with ledger.load(api, threads=3):
            taken = victim.metric("penstock_worker_dequeued_total")
            until(lambda: victim.metric("penstock_worker_dequeued_total") > taken + 20, 10, "events in its hands")
            assert victim.stop() == 0
            head = site.head()
            until(lambda: site.work_left(up_to=head) == 0, 2, "the end of what was there at its end")
        workers.append(site.start(LONG))
    site.finished(ledger, api)
    assert not ledger.unknown and not ledger.refused and not ledger.shed


def test_a_dump_keeps_tables_from_being_emptied(site):
    ledger = Ledger()
    server = site.start({"pg-queue.slot_events": "100"})
    filled = "SELECT count(*) FROM penstock.queue_slots WHERE first IS NOT NULL"
    for _ in range(rounds()):
        with ledger.load(server):
            until(lambda: len(ledger.accepted) > 100, 20, "some messages")
            with site.postgres.transaction(site.name, f"LOCK TABLE {EVENT_TABLES} IN ACCESS SHARE MODE"):
                before = len(ledger.accepted)
                until(lambda: int(site.query(filled)) == 4, 30, "the ring's end")
                until(lambda: server.metric("penstock_queue_rotation_blocked_seconds") > 0, 10, "the metric")
                until(lambda: len(ledger.accepted) > before + 600, 30, "messages meanwhile")
            until(lambda: server.metric("penstock_queue_rotation_blocked_seconds") == 0, 10, "the metric's end")
        assert not ledger.unknown and not ledger.refused and not ledger.shed
        until(lambda: int(site.query(filled)) == 1, 20, "empty slots")
        site.finished(ledger, server)


@pytest.mark.parametrize("how", ["swallow", "freeze"])
def test_a_black_hole(proxy, site, how):
    """A network that loses everything, and a server that hangs while its TCP answers, are noticed within 10 s, and the
    process stays alive: nobody waits longer than that."""
    ledger = Ledger()
    server = site.start({"worker.lease": "30s"}, through(proxy, site))
    for number in range(max(1, rounds() // 3)):
        with ledger.load(server, threads=3):
            before = len(ledger.accepted)
            until(lambda: len(ledger.accepted) > before + 10, 10, "messages")
            getattr(proxy, how)()
            try:
                frozen = time.monotonic()
                until(lambda: server.get("/readyz").status == 503, 10, "the end of readiness")
                print(f"round {number}: not ready after {time.monotonic() - frozen:.1f} s")
                assert server.get("/livez").status == 200
                until(lambda: server.get("/livez").status != 200 or time.monotonic() > frozen + 12, 20, "the end of the hole")
                assert server.get("/livez").status == 200
            finally:
                proxy.thaw()
            back = time.monotonic()
            works(ledger, server, 10)
            print(f"round {number}: at work again after {time.monotonic() - back:.1f} s")
        site.finished(ledger, server)


def test_no_connection_is_left(site):
    site.query("CREATE ROLE gateway LOGIN")
    site.query(f"ALTER DATABASE {site.name} OWNER TO gateway")
    ledger = Ledger()
    server = site.start(url=site.url.replace("penstock:hush", "gateway:hush"))
    for _ in range(rounds()):
        for _ in range(10):
            assert ledger.post(server) == 202
        site.query("ALTER ROLE gateway CONNECTION LIMIT 0")
        site.query(f"SELECT count(pg_terminate_backend(pid)) {SESSIONS} AND usename = 'gateway'")
        until(lambda: ledger.post(server) == 503, 5, "a refusal")  # with Retry-After
        until(lambda: server.get("/readyz").status == 503, 5, "the end of readiness")
        assert server.get("/livez").status == 200
        site.query("ALTER ROLE gateway CONNECTION LIMIT -1")
        works(ledger, server, 5)
        site.finished(ledger, server)


# Messages whose text ends with 7 are refused by the store. Of the calls that settle such outcomes, which follow one that
# settles those that are done, five in six end their session, which is more than are repeated at once.
NO_SEVENS = before_persisting("""
  IF to_regclass('public.calls') IS NOT NULL AND EXISTS (SELECT FROM unnest($16) AS snippet WHERE snippet LIKE '%7') THEN
    RAISE EXCEPTION 'no sevens' USING ERRCODE = 'check_violation';
  END IF;""")
CUT_BETWEEN = """
CREATE SEQUENCE public.calls;
ALTER FUNCTION penstock.queue_settle RENAME TO queue_settle_as_ever;
CREATE FUNCTION penstock.queue_settle(
  slots smallint[], leases bigint[], sequences bigint[], bytes integer[], outcomes smallint[], delays interval[],
  reasons text[], causes text[], providers text[], waited text[])
RETURNS TABLE (settled boolean) LANGUAGE plpgsql AS $$
BEGIN
  IF nextval('public.calls') % 6 <> 0 THEN
    PERFORM pg_terminate_backend(pg_backend_pid(), 60000);  -- it does not come back from waiting for its own end
  END IF;
  RETURN QUERY SELECT * FROM penstock.queue_settle_as_ever(slots, leases, sequences, bytes, outcomes, delays, reasons,
    causes, providers, waited);
END $$
"""


def test_a_session_that_ends_between_the_two_calls_that_settle_a_batch(site):
    assert site.start().stop() == 0  # for the schema
    site.query(NO_SEVENS + CUT_BETWEEN)
    ledger = Ledger(pairs=40)
    api = site.start(NO_WORKER)
    for _ in range(rounds()):
        for _ in range(100):
            assert ledger.post(api) == 202
        worker = site.start()
        until(lambda: site.work_left() == 0, 60, "the end of the queue's work")
        assert worker.stop() == 0
    refused = sorted(id for body, id in ledger.accepted.items() if body.endswith("7"))
    assert site.query("SELECT string_agg(id::text, ' ' ORDER BY id::text) FROM penstock.queue_dead").split() == refused
    cut = int(site.query("SELECT last_value FROM public.calls")) // 6
    assert cut >= rounds()
    site.query("DROP SEQUENCE public.calls CASCADE; DROP FUNCTION penstock.queue_settle; "
               "ALTER FUNCTION penstock.queue_settle_as_ever RENAME TO queue_settle; "
               "SELECT penstock.queue_replay(ARRAY(SELECT sequence FROM penstock.queue_dead), '0', '0', 1000000, 1000000000)")
    site.finished(ledger, site.start(), answers_lost=False)
