"""What penstock-conformance says and how it ends."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/support"))

from postgres import cluster  # noqa: E402

BUILD = pathlib.Path(os.environ.get("PENSTOCK_BUILD", ROOT / "build/release"))
TOOL, PLUGINS = BUILD / "bin/penstock-conformance", BUILD / "lib/penstock/plugins"
ENGINE = PLUGINS / "memory-queue.so"
EXAMPLE = pathlib.Path(os.environ.get("PENSTOCK_EXAMPLE", BUILD / "tests/sdk/plugins/example-queue.so"))


def conformance(*words):
    return subprocess.run([TOOL, *map(str, words)], check=False, capture_output=True, text=True, timeout=600)


def test_an_engine_that_keeps_its_promises_is_told_so():
    tried = conformance(ENGINE)
    assert tried.returncode == 0, tried.stdout + tried.stderr
    first, *promises, last = tried.stdout.splitlines()
    assert first.startswith("memory-queue ") and first.endswith("says that it is volatile")
    assert "keys: same key is known while leased ... holds" in promises
    assert "volatility: a restart begins empty ... holds" in promises
    assert not [promise for promise in promises if promise.startswith("durability:")]
    assert last == f"All {len(promises)} promises hold."


@pytest.mark.parametrize("engine", [EXAMPLE, PLUGINS / "sqlite-queue.so"], ids=lambda engine: engine.stem)
def test_the_example_and_a_durable_engine_keep_theirs(engine):
    tried = conformance(engine)
    assert tried.returncode == 0, tried.stdout + tried.stderr
    first, *promises, last = tried.stdout.splitlines()
    durable = engine.stem == "sqlite-queue"
    assert first.endswith("says that it is " + ("durable" if durable else "volatile"))
    kind = "durability: " if durable else "volatility: "
    assert [promise for promise in promises if promise.startswith(kind)]
    assert last == f"All {len(promises)} promises hold."


@pytest.fixture(scope="module")
def postgres():
    with cluster() as server:
        yield server


COUNTS = ("--only", "counts: [er][efv]*")  # of all that is there, at one time


def test_reset_empties_what_an_engine_keeps_on_a_server(postgres):
    url = postgres.create("resettable")
    reset = f"psql '{url}' -Xqc 'DROP SCHEMA IF EXISTS penstock CASCADE'"

    emptied = conformance(*COUNTS, "--reset", reset, PLUGINS / "pg-queue.so", f"pg.url={url}")
    assert emptied.returncode == 0, emptied.stdout + emptied.stderr

    left = conformance(*COUNTS, PLUGINS / "pg-queue.so", f"pg.url={url}")
    assert left.returncode == 1 and "broken" in left.stdout, left.stdout + left.stderr


def test_reset_runs_before_each_engine_that_is_to_be_empty(tmp_path):
    runs = tmp_path / "runs"
    tried = conformance(*COUNTS, "--reset", f"read never || echo >>{runs}", ENGINE)
    assert tried.returncode == 0, tried.stdout + tried.stderr
    promises = tried.stdout.count(" ... holds")
    assert promises > 1 and len(runs.read_text(encoding="utf-8")) > promises


@pytest.mark.parametrize("command, why", [("echo the server is away >&2; exit 3", "ended with exit status 3"),
                                          ("echo the server is away; kill -9 $$", "was ended by signal 9")])
def test_a_reset_that_fails_ends_the_trial_with_what_it_wrote(command, why):
    tried = conformance("--reset", command, ENGINE)
    assert tried.returncode == 69
    assert tried.stderr == f"penstock-conformance: --reset: the command {why}: {command}\nthe server is away\n"
    assert "..." not in tried.stdout  # no promise was tried


def test_a_reset_that_fails_later_does_not_judge_the_engine(tmp_path):
    tried = conformance("--reset", f"mkdir {tmp_path}/once", ENGINE)
    assert tried.returncode == 69 and "ended with exit status 1" in tried.stderr
    assert " ... \n" in tried.stdout and "holds" not in tried.stdout and "broken" not in tried.stdout


def test_a_plugin_of_another_kind_is_told_from_an_engine():
    refused = conformance(PLUGINS / "metrics.so", "unknown=1")
    assert refused.returncode == 69
    assert refused.stderr == "penstock-conformance: metrics is no engine: it does not give penstock.queue/1\n"


def test_a_broken_promise_says_what_was_found():
    tried = conformance("--only", "receive: never more than asked", ENGINE, "max_events=1")
    assert tried.returncode == 1
    lines = tried.stdout.splitlines()
    assert lines[1] == "receive: never more than asked ... broken"
    assert "Accepted" in tried.stdout and lines[2].startswith("    engine_under_test.cpp:")
    assert lines[-1] == "1 of 1 promises are broken."


def test_the_promises_of_both_kinds_are_listed_without_an_engine():
    listed = conformance("--list")
    assert listed.returncode == 0
    assert {"volatility: the engine says so", "durability: the engine says so"} <= set(listed.stdout.splitlines())
    some = conformance("--list", "--only", "dead letter*: *page*")
    assert some.stdout.splitlines() == ["dead letter list: pages follow each other and count all"]


@pytest.mark.parametrize("words", [(), ("--unknown",), ("--only",), ("--reset",), ("--reset", "", ENGINE), (ENGINE, "words"),
                                   ("--only", "nothing like it", ENGINE)])
def test_a_wrong_command_line_is_refused(words):
    assert conformance(*words).returncode == 64


def test_what_is_no_engine_is_told_from_what_is_not_there(tmp_path):
    assert conformance(tmp_path / "missing.so").returncode == 66
    wrong = tmp_path / "wrong.so"
    wrong.write_text("no library\n", encoding="utf-8")
    refused = conformance(wrong)
    assert refused.returncode == 69 and "wrong.so" in refused.stderr
    assert conformance(ENGINE, "unknown=1").returncode == 69
