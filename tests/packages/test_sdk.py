"""A plugin that is built against the installed SDK is one that the installed penstockd loads, and the examples do what they are
examples of."""

import re
import shutil
import subprocess

import pytest
from driver import Server
from foreign_plugin import build_by_pkg_config, greet
from receiver import Receiver, answer

EXAMPLES = "usr/share/doc/libpenstock-dev/examples"


@pytest.fixture
def template(unpacked, tmp_path):
    shutil.copytree(unpacked / "usr/share/penstock/plugin-template", tmp_path / "hello")
    return tmp_path / "hello"


def cmake(*words):
    return subprocess.run(["cmake", *map(str, words)], check=False, capture_output=True, text=True)


def configure(template, root, *words):
    return cmake("-S", template, "-B", template / "build", f"-DCMAKE_PREFIX_PATH={root}/usr", *words)


def greeted(root, plugin, folder):
    etc = folder / "etc"
    shutil.copytree(root / "etc/penstock", etc, ignore=shutil.ignore_patterns("50-*.lua"))  # neither database is here
    greet(plugin, folder, root / "usr/sbin/penstockd", next(root.glob("usr/lib/*/penstock/plugins")),
          {"config": etc / "penstock", "scripts_dir": etc / "scripts"})


def test_the_template_is_built_and_greets(unpacked, template, tmp_path):
    configured = configure(template, unpacked)
    assert configured.returncode == 0, configured.stdout + configured.stderr
    built = cmake("--build", template / "build")
    assert built.returncode == 0, built.stdout + built.stderr
    greeted(unpacked, template / "build/hello.so", tmp_path)


def test_the_template_is_built_by_pkg_config_alone_and_greets(unpacked, template, tmp_path):
    pc = next(unpacked.glob("usr/lib/*/pkgconfig/penstock.pc"))
    greeted(unpacked, build_by_pkg_config(template, pc, unpacked / "usr"), tmp_path)


def test_another_header_is_another_sdk_and_is_said_before_anything_is_compiled(unpacked, template, tmp_path):
    altered = tmp_path / "altered"
    shutil.copytree(unpacked / "usr", altered / "usr", symlinks=True)
    header = altered / "usr/include/penstock/plugin.h"
    header.write_text(header.read_text(encoding="utf-8") + "\n", encoding="utf-8")

    configured = configure(template, altered)

    assert configured.returncode != 0
    assert "would refuse a plugin of this build" in re.sub(r"\s+", " ", configured.stderr)


def test_pkg_config_tells_the_fingerprint_of_the_daemon(unpacked):
    pc = next(unpacked.glob("usr/lib/*/pkgconfig/penstock.pc"))
    told = subprocess.run(["pkg-config", "--variable=fingerprint", str(pc)], check=True, capture_output=True, text=True).stdout.strip()

    version = subprocess.run([unpacked / "usr/sbin/penstockd", "--version"], check=True, capture_output=True, text=True).stdout

    assert f"(SDK {told})" in version


@pytest.fixture(scope="module")
def engine(unpacked, tmp_path_factory):
    """The example engine, built as its first lines say."""
    source = tmp_path_factory.mktemp("engine") / "example-queue"
    shutil.copytree(unpacked / EXAMPLES / "engine", source)
    for words in (("-S", source, "-B", source / "build", f"-DCMAKE_PREFIX_PATH={unpacked}/usr"), ("--build", source / "build")):
        ended = cmake(*words)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    return source / "build/example-queue.so"


def test_the_example_engine_keeps_every_promise(unpacked, engine):
    tried = subprocess.run([unpacked / "usr/bin/penstock-conformance", engine], check=False, capture_output=True, text=True)

    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert re.search(r"^All \d{3} promises hold\.$", tried.stdout, re.MULTILINE)


def test_the_daemon_sends_through_the_example_engine_and_the_example_provider(unpacked, engine, tmp_path):
    etc = tmp_path / "etc"
    shutil.copytree(unpacked / "etc/penstock", etc, ignore=shutil.ignore_patterns("50-*.lua"))  # neither database is here
    plugins = tmp_path / "plugins"
    shutil.copytree(next(unpacked.glob("usr/lib/*/penstock/plugins")), plugins)
    shutil.copy(engine, plugins)
    examples = unpacked / EXAMPLES
    shutil.copy(examples / "engine/60-example-queue.lua", etc / "conf.d")
    shutil.copy(examples / "provider/acme.lua", etc / "scripts/providers")
    token = tmp_path / "acme.token"
    token.write_text("t0psecret", encoding="utf-8")
    section = (examples / "provider/50-acme.lua").read_text(encoding="utf-8")
    (etc / "conf.d/50-acme.lua").write_text(section.replace("/etc/penstock/acme.token", str(token)), encoding="utf-8")

    receiver = Receiver(answer(200, b'{"id": "acme-1"}'))
    server = Server(tmp_path / "run",
                    {"config": etc / "penstock", "plugin_dir": plugins, "scripts_dir": etc / "scripts",
                     "providers.acme.url": receiver.url},
                    {"SSRF_ALLOWLIST": f"127.0.0.1:{receiver.port}"}, program=unpacked / "usr/sbin/penstockd")
    try:
        accepted = server.accepted("/api/messages/sms", {"from": "+15551230001", "to": "+15551230002", "type": "sms", "body": "hello",
                                                         "timestamp": "2026-01-01T00:00:00Z"})
        message = server.sent(accepted["id"])
        assert server.metric('penstock_queue_dead_letters_total{engine="example_queue"') == 0
        assert server.stop() == 0
    finally:
        server.kill()
        receiver.close()

    assert message["provider"] == "acme"
    assert [request.headers["authorization"] for request in receiver.requests] == ["Bearer t0psecret"]
