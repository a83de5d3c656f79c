"""A primary and its standby: what was accepted is lost with neither, and the service follows by itself."""

import contextlib
import os
import pathlib
import shutil
import signal

import pytest

from driver import until
from ledger import Ledger, rng, rounds
from pg_site import Site, is_away, pause, works
from postgres import Postgres, cluster_folder

MORE_ROUNDS = max(1, rounds() // 3)  # each begins with a copy of the whole cluster


@pytest.fixture
def places():
    """Two places for servers, by turns the primary's and the standby's."""
    with cluster_folder() as one, cluster_folder() as other:
        yield pathlib.Path(one), pathlib.Path(other)


@contextlib.contextmanager
def running(server):
    try:
        yield server
    finally:
        server.end()


def standby_of(primary, folder):
    shutil.rmtree(folder / "data", ignore_errors=True)
    return Postgres(folder, primary=primary)


def wait_for_each_other(primary):
    """A commit is answered once the standby has it too."""
    primary.reconfigure("synchronous_standby_names = '*'")
    until(lambda: primary.query("postgres", "SELECT sync_state FROM pg_stat_replication") == "sync", 20, "a sync standby")


def has_all(standby, primary):
    """The standby has got whatever was committed up to now."""
    now = primary.query("postgres", "SELECT pg_current_wal_flush_lsn()")
    until(lambda: standby.query("postgres", f"SELECT pg_last_wal_replay_lsn() >= '{now}'") == "t", 20, "the standby")


def test_the_standby_is_promoted(start, places, tmp_path):
    random = rng("promotion")
    with contextlib.ExitStack() as stack:
        primary = stack.enter_context(running(Postgres(places[0])))
        site = Site(start, primary, "promoted", tmp_path)
        both = f"postgres://penstock:hush@/promoted?host={places[0]},{places[1]}"
        ledger = Ledger()
        api, other = site.start(url=both), site.start(url=both)
        for number in range(MORE_ROUNDS):
            place = next(place for place in places if place != primary.folder)
            standby = stack.enter_context(running(standby_of(primary, place)))
            wait_for_each_other(primary)
            with ledger.load(api):
                pause(random, 0.3, 1.0)
                # What the standby has not got at the end was answered to nobody.
                receiver = int(standby.query("postgres", "SELECT pid FROM pg_stat_wal_receiver"))
                os.kill(receiver, signal.SIGSTOP)
                pause(random, 0.1, 0.3)
                primary.stop(random.choice([signal.SIGKILL, signal.SIGQUIT]))
                os.kill(receiver, signal.SIGCONT)
                until(lambda: api.get("/readyz").status == 503, 5, "the end of readiness")
                assert api.get("/livez").status == 200
                pause(random, 0.0, 0.5)
                standby.query("postgres", "SELECT pg_promote()")
                site.postgres = primary = standby
                works(ledger, api, 5)
                pause(random, 0.2, 0.5)
            site.finished(ledger, other)
        assert len(ledger.accepted) > 0


# Processes that could ask for no events for 5 s give their partitions away, and say how far they had come.
@pytest.mark.parametrize(("least", "most"), [(0.0, 0.5), (5.0, 8.0)], ids=["at_once", "late"])
def test_a_standby_is_promoted_that_had_not_got_all(start, places, tmp_path, least, most):
    """Who lets commits be answered before the standby has them loses those it had not got, and only those: the sequences of
    what was lost are given to other events, and processes that still hold them must not mistake one for the other."""
    random = rng(f"asynchronous promotion after {least} s")
    lost = 0
    with contextlib.ExitStack() as stack:
        primary = stack.enter_context(running(Postgres(places[0])))
        site = Site(start, primary, "behind", tmp_path)
        both = f"postgres://penstock:hush@/behind?host={places[0]},{places[1]}"
        ledger = Ledger()
        api, other = site.start(url=both), site.start(url=both)
        for number in range(MORE_ROUNDS):
            place = next(place for place in places if place != primary.folder)
            standby = stack.enter_context(running(standby_of(primary, place)))
            with ledger.load(api):
                pause(random, 0.3, 1.0)
            has_all(standby, primary)
            receiver = int(standby.query("postgres", "SELECT pid FROM pg_stat_wal_receiver"))
            os.kill(receiver, signal.SIGSTOP)
            doubtful = Ledger()
            # Workers may be in the middle of them.
            with doubtful.load(random.choice([api, other])):
                pause(random, 0.3, 1.0)
                primary.stop(signal.SIGKILL)
            os.kill(receiver, signal.SIGKILL)  # it reads no more of what the kernel has
            pause(random, least, most)
            standby.query("postgres", "SELECT pg_promote()")
            site.postgres = primary = standby
            works(ledger, api, 5)
            with ledger.load(api):
                pause(random, 0.2, 0.5)
            site.finished(ledger, other)
            told = len(doubtful.accepted)
            doubtful.unknown |= set(doubtful.accepted)
            doubtful.accepted = {}
            lost += told - len(doubtful.check(api))
        assert lost > 0


def test_a_url_that_names_only_the_standby(start, places, tmp_path):
    with running(Postgres(places[0])) as primary:
        site = Site(start, primary, "reading", tmp_path)
        assert site.start().stop() == 0
        with running(standby_of(primary, places[1])) as standby:
            ledger = Ledger()
            service = site.start(url=standby.url("reading"))
            is_away(service, "the server is a standby that only reads; let pg.url name the primary, or all of them")
            assert ledger.post(service) == 503
            # It goes on asking.
            primary.stop()
            standby.query("postgres", "SELECT pg_promote()")
            works(ledger, service, 5)
            site.postgres = standby
            site.finished(ledger, service, answers_lost=False)
