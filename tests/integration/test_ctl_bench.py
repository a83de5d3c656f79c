"""penstockctl bench: what this machine bears, measured on a service of its own."""

import os
import re
import shutil
import signal
import subprocess

import pytest

from driver import PASSED_ON, until
from penstockctl import CTL, ctl

SHORT = ("bench", "--here", "--seconds", "1", "--connections", "4")


@pytest.mark.parametrize("engine", ["sqlite", "memory"])
def test_bench_measures_this_machine_and_leaves_nothing_behind(tmp_path, engine):
    ended = ctl(*SHORT, "--queue", engine, "--folder", str(tmp_path),
                "--json", timeout=120, DATABASE_URL="postgres://nowhere.example/x", PORT="1")
    assert ended.status == 0, ended
    told = ended.json
    for row in ("accepts_per_second", "deliveries_per_second"):
        assert told[row]["measured"] > 0
        assert told[row]["safe"] == pytest.approx(told["safe_share"] * told[row]["measured"])
    assert told["accepts_per_second"]["p50_seconds"] <= told["accepts_per_second"]["p99_seconds"]
    assert told["queue"] == f"{engine}-queue"
    assert list(tmp_path.iterdir()) == []


def test_bench_has_to_be_told_where():
    ended = ctl("bench")
    assert ended.status == 64 and "--here" in ended.err


def test_bench_that_is_interrupted_leaves_nothing_behind(tmp_path):
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    process = subprocess.Popen([CTL, "bench", "--here", "--seconds", "100", "--folder", str(tmp_path)], env=passed_on,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(lambda: list(tmp_path.glob("*/admin.sock")), 30, "its penstockd")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, b""), err
    assert b"interrupted" in err
    assert list(tmp_path.iterdir()) == []


def installed_bench(prefix, folder, **environment):
    return ctl(*SHORT, "--queue", "memory", "--folder", str(folder), program=prefix / "bin" / "penstockctl", **environment)


def test_installed_it_needs_neither_configuration_nor_scripts_of_the_site(installed, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    ended = installed_bench(installed, folder, SCRIPTS_DIR="/nowhere")
    assert (ended.status, ended.err) == (0, ""), ended
    assert "accepts" in ended.out


NOTHING_PLEASES = 'return function() return { { field = "body", message = "never" } } end\n'


def test_when_nothing_is_accepted_it_says_what_the_service_said(installed, tmp_path):
    (installed / "share/penstock/scripts/validate.lua").write_text(NOTHING_PLEASES, encoding="utf-8")
    folder = tmp_path / "data"
    folder.mkdir()
    ended = installed_bench(installed, folder)
    assert ended.status == 70 and ended.out == ""
    assert re.search(r"nothing was accepted; \d+ messages refused, 400 validation_failed: ", ended.err), ended.err
    assert "\n  body: never" in ended.err
    assert list(folder.iterdir()) == []


REFUSES_SOME = '''local seen = 0
return function()
  seen = seen + 1
  if seen % 2 == 0 then return { { field = "body", message = "every other" } } end
end
'''


def test_refusals_are_counted_by_what_they_were(installed, tmp_path):
    (installed / "share/penstock/scripts/validate.lua").write_text(REFUSES_SOME, encoding="utf-8")
    folder = tmp_path / "data"
    folder.mkdir()
    ended = installed_bench(installed, folder)
    assert ended.status == 0, ended
    assert re.search(r"^\d+ messages refused, 400 validation_failed: .*\n  body: every other$", ended.out, re.M), ended
    assert "full" not in ended.out


def test_without_the_shipped_scripts_it_says_so(installed, tmp_path):
    shutil.rmtree(installed / "share/penstock/scripts")
    ended = installed_bench(installed, tmp_path)
    assert ended.status == 69 and "share/penstock/scripts" in ended.err and "install" in ended.err
