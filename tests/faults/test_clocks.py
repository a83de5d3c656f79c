"""Processes whose clocks are wrong share one queue in PostgreSQL: its times are the database's."""

import datetime
import email.utils
import json
import pathlib

from driver import until
from ledger import Ledger, rounds
from pg_site import before_persisting, site_of

HOUR = 3600
# Every message fails, without being kept, as long as there is a row in `trouble`.
FAILING = "CREATE TABLE public.trouble (reason text);" + before_persisting("""
  IF EXISTS (SELECT FROM public.trouble) THEN
    RETURN QUERY SELECT n, NULL::uuid, NULL::bigint, NULL::text, false, false
    FROM generate_series(1, cardinality($1)::bigint) AS n;
    RETURN;
  END IF;""")
# Who waits for another attempt: when it is due, and the times and numbers of its attempts.
WAITING = """
SELECT coalesce(json_agg(json_build_array(sequence, attempts, extract(epoch FROM due_at), failures)), '[]')
FROM penstock.queue_delayed WHERE lease IS NULL
"""


def wall_clock(shift):
    """What makes a process believe that it is earlier or later."""
    found = sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    assert found, "no libfaketimeMT.so.1 below /usr/lib; run packaging/deps test"
    # The allocator of the C library: jemalloc reads the clock before libfaketime can say what it is.
    return {"LD_PRELOAD": f"{found[0]} libc.so.6 libstdc++.so.6", "FAKETIME": shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def is_ahead_by(server):
    said = email.utils.parsedate_to_datetime(server.get("/livez").headers["Date"])
    return (said - datetime.datetime.now(datetime.timezone.utc)).total_seconds()


def two_clocks(site, overrides=None, environment=None):
    """One process an hour ahead, one an hour behind; both hand out events."""
    ahead = site.start(overrides, environment={**wall_clock("+1h"), **(environment or {})})
    behind = site.start(overrides, environment={**wall_clock("-1h"), **(environment or {})})
    assert abs(is_ahead_by(ahead) - HOUR) < 10 and abs(is_ahead_by(behind) + HOUR) < 10
    shared(ahead, behind)
    return ahead, behind


def shared(*servers):
    until(lambda: all(server.metric("penstock_queue_partitions") == 64 / len(servers) for server in servers), 10,
          "the processes' shares")


def test_clocks_that_are_two_hours_apart(request, start, postgres, tmp_path):
    """Nobody takes the other to be gone, no lease ends early, and processes may die under load all the same."""
    site = site_of(request, start, postgres, tmp_path)
    ledger = Ledger(pairs=40)
    services = two_clocks(site)
    for _ in range(rounds()):
        with ledger.load(services[0], threads=3), ledger.load(services[1], threads=3):
            began = len(ledger.accepted)
            until(lambda: len(ledger.accepted) > began + 300, 20, "messages")
        for service in services:
            site.finished(ledger, service, answers_lost=False)
    assert not ledger.unknown and not ledger.refused and not ledger.shed
    for service in services:
        assert service.metric("penstock_queue_partitions") == 32
        assert service.metric("penstock_queue_lease_expiries_total") == 0
        assert service.metric("penstock_worker_dequeued_total") > 0


def test_retries_under_wrong_clocks(request, start, postgres, tmp_path):
    """They come neither before they are due nor an hour later."""
    site = site_of(request, start, postgres, tmp_path)
    assert site.start().stop() == 0  # for the schema
    site.query(FAILING)
    ledger = Ledger(pairs=40)
    patient = {"RETRY_BACKOFF_MIN": "800ms", "RETRY_BACKOFF_MAX": "800ms", "RETRY_MAX_ATTEMPTS": "1000", "RETRY_MAX_AGE": "30m"}
    services = two_clocks(site, environment=patient)
    for _ in range(rounds()):
        site.query("INSERT INTO public.trouble VALUES ('no')")
        for number in range(20):
            assert ledger.post(services[number % 2]) == 202
        due = {}
        attempted = 0

        def tried_again():
            """Looks at what waits until enough has been seen to come back."""
            nonlocal attempted
            moment, waiting = site.query(f"SELECT extract(epoch FROM clock_timestamp()); {WAITING}").split("\n", 1)
            for sequence, attempts, due_at, failures in json.loads(waiting):
                assert float(due_at) < float(moment) + 1
                failed_at, attempt, _ = failures[-1]
                assert attempt == attempts
                if (earlier := due.get((sequence, attempts - 1))) is not None:
                    assert failed_at / 1e6 >= earlier, "an attempt before its time"
                    attempted += 1
                due[sequence, attempts] = due_at
            return attempted >= 40

        until(tried_again, 20, "more attempts")
        site.query("TRUNCATE public.trouble")
        for service in services:
            site.finished(ledger, service, answers_lost=False)
    assert len(ledger.accepted) == 20 * rounds()
