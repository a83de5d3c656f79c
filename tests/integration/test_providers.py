"""Providers as an operator meets them: sections, faults, a provider of one's own, reload."""

import os
import re
import shutil
import signal
import subprocess

import pytest

from driver import BUILD, PASSED_ON, ROOT, until

DAEMON = str(BUILD / "bin" / "penstockd")


def run(mode, *overrides, environment=None):
    """What penstockd says of a configuration: exit status and everything it printed."""
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    command = [DAEMON, mode]
    for override in overrides:
        command += ["-D", override]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                           env={**passed_on, **(environment or {})}, check=False)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture
def scripts(tmp_path):
    """A copy of the shipped scripts, and the provider of README.md."""
    copy = shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    acme = re.search(r"^-- scripts/providers/acme\.lua\n.*?(?=^```)", readme, re.M | re.S)[0]
    (copy / "providers" / "acme.lua").write_text(acme, encoding="utf-8")
    return copy


def test_the_provider_of_the_readme_is_the_one_that_the_sdk_has_as_an_example():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in ("acme.lua", "50-acme.lua"):
        example = (ROOT / "packaging/sdk/examples/provider" / name).read_text(encoding="utf-8")
        assert f"```lua\n{example}```\n" in readme


@pytest.mark.parametrize(
    "overrides, sentence",
    [
        (["routes.sms=twillio"], 'routes.sms = "twillio": there is no script providers/twillio.lua; did you mean twilio?'),
        (["providers.mock.tiemout_pct=5"], "unknown key; did you mean providers.mock.timeout_pct?"),
        (["providers.mock.error_pct=101"], "providers.mock.error_pct = \"101\": expected a whole number from 0 to 100"),
        (["providers.twilio.account_sid=AC1"], "providers.twilio.auth_token is not set: expected { file ="),
        (["routes.email=sendgrid"], "providers.sendgrid.api_key is not set: expected { file ="),
        (["providers.nobody.key=1"], "providers.nobody.key: unknown key"),
    ],
)
def test_a_wrong_section_is_refused_with_a_sentence(overrides, sentence):
    status, said = run("--check-config", *overrides)
    assert status == 78
    assert sentence in said


def test_a_secret_is_never_written_in_the_configuration_nor_shown(scripts):
    status, said = run("--check-config", "providers.twilio.account_sid=AC1", "providers.twilio.auth_token=t0psecret")
    assert status == 78
    assert "providers.twilio.auth_token = ***" in said and "t0psecret" not in said
    status, said = run("--show-config", f"scripts_dir={scripts}", "providers.acme.token.env=TOKEN",
                       environment={"TOKEN": "t0psecret"})
    assert status == 0, said
    assert '"***"' in said and "t0psecret" not in said


def test_a_new_provider_is_one_file_and_one_section(scripts, start):
    values = {"scripts_dir": str(scripts), "routes.sms": "acme", "providers.acme.token.env": "TOKEN"}
    overrides = [f"{key}={value}" for key, value in values.items()]
    status, said = run("--check-config", *overrides, environment={"TOKEN": "x"})
    assert (status, said) == (0, "configuration is good\n")
    status, said = run("--config-reference", f"scripts_dir={scripts}")
    assert status == 0
    assert "providers.acme.url" in said and "https://api.acme.example/v1/messages" in said
    server = start(values, environment={"TOKEN": "x"})
    assert server.call("GET", "/livez").status == 200


def test_without_a_section_or_a_route_a_provider_is_not_loaded():
    status, said = run("--show-config")
    assert status == 0
    assert re.search(r"\bmock\b", said) and not re.search(r"\b(twilio|webhook)\b", said)


def test_a_webhook_in_the_environment_is_everybodys_provider():
    status, said = run("--show-config", environment={"WEBHOOK_URL": "https://hook.example/in", "WEBHOOK_AUTH_KEY": "k3y"})
    assert status == 0, said
    assert said.count('"webhook"') >= 3
    assert "https://hook.example/in" in said and "k3y" not in said
    status, said = run("--check-config", environment={"WEBHOOK_URL": "https://hook.example/in"})
    assert status == 0, said


@pytest.mark.parametrize(
    "script, sentence",
    [
        ("return {\n  request = = 1,\n}\n", r"providers/acme\.lua:2"),
        ("return {}\n", r"providers/acme\.lua: needs request and outcome"),
        ("return {settings = {a = {type = 'integer', default = 'x'}}}", r"providers/acme\.lua: setting a: its default"),
        ("return {settings = {a = {type = 'integer', default = 1, bounds = '1-9'}}}", r"setting a: bounds .* cannot be read"),
    ],
)
def test_a_script_of_another_shape_is_refused_with_its_file(scripts, script, sentence):
    (scripts / "providers" / "acme.lua").write_text(script)
    status, said = run("--check-config", f"scripts_dir={scripts}", "routes.sms=acme")
    assert status == 78
    assert re.search(sentence, said), said


def test_a_reload_takes_providers_whole_or_not_at_all(start, scripts):
    server = start({"scripts_dir": str(scripts), "providers.acme.token.env": "TOKEN"}, environment={"TOKEN": "x"})
    lines = lambda event: [line for line in server.log_lines() if line.get("event") == event]
    acme = scripts / "providers" / "acme.lua"
    good = acme.read_text(encoding="utf-8")
    acme.write_text("return {\n  request = = 1,\n}\n", encoding="utf-8")
    server.process.send_signal(signal.SIGHUP)
    failed = until(lambda: lines("host.reload_failed"), what="the refusal")
    assert "providers/acme.lua:2" in failed[0]["message"]
    acme.write_text(good.replace("takes_key = true", "takes_key = false"), encoding="utf-8")
    server.process.send_signal(signal.SIGHUP)
    done = until(lambda: lines("host.reloaded"), what="the reload")
    assert done[0]["policy"] != lines("host.started")[0]["policy"]
