"""What penstock-conformance says and how it ends."""

import os
import subprocess

import pytest

TOOL, ENGINE = os.environ["PENSTOCK_CONFORMANCE"], os.environ["PENSTOCK_ENGINE"]


def conformance(*words):
    return subprocess.run([TOOL, *map(str, words)], check=False, capture_output=True, text=True, timeout=100)


def test_an_engine_that_keeps_its_promises_is_told_so():
    tried = conformance(ENGINE)
    assert tried.returncode == 0, tried.stdout + tried.stderr
    first, *promises, last = tried.stdout.splitlines()
    assert first.startswith("memory-queue ") and first.endswith("says that it is volatile")
    assert "keys: same key is known while leased ... holds" in promises
    assert "volatility: a restart begins empty ... holds" in promises
    assert not [promise for promise in promises if promise.startswith("durability:")]
    assert last == f"All {len(promises)} promises hold."


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


@pytest.mark.parametrize("words", [(), ("--unknown",), ("--only",), (ENGINE, "words"), ("--only", "nothing like it", ENGINE)])
def test_a_wrong_command_line_is_refused(words):
    assert conformance(*words).returncode == 64


def test_what_is_no_engine_is_told_from_what_is_not_there(tmp_path):
    assert conformance(tmp_path / "missing.so").returncode == 66
    wrong = tmp_path / "wrong.so"
    wrong.write_text("no library\n", encoding="utf-8")
    refused = conformance(wrong)
    assert refused.returncode == 69 and "wrong.so" in refused.stderr
    assert conformance(ENGINE, "unknown=1").returncode == 69
