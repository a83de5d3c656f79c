"""A plugin that is built against the installed SDK is one that the installed penstockd loads."""

import re
import shutil
import subprocess

import pytest


@pytest.fixture
def template(unpacked, tmp_path):
    shutil.copytree(unpacked / "usr/share/penstock/plugin-template", tmp_path / "hello")
    return tmp_path / "hello"


def cmake(*words):
    return subprocess.run(["cmake", *map(str, words)], check=False, capture_output=True, text=True)


def configure(template, root, *words):
    return cmake("-S", template, "-B", template / "build", f"-DCMAKE_PREFIX_PATH={root}/usr", *words)


def listed(root, plugins):
    daemon = subprocess.run(
        [root / "usr/sbin/penstockd", "--list-plugins", "--config", root / "etc/penstock/penstock.lua",
         "-D", f"plugin_dir={plugins}", "-D", f"scripts_dir={root}/etc/penstock/scripts"],
        check=False, capture_output=True, text=True)
    assert daemon.returncode == 0, daemon.stderr
    return daemon.stdout


def test_the_template_is_built_and_loaded(unpacked, template):
    configured = configure(template, unpacked)
    assert configured.returncode == 0, configured.stdout + configured.stderr
    built = cmake("--build", template / "build")
    assert built.returncode == 0, built.stdout + built.stderr

    said = listed(unpacked, template / "build")

    assert "hello 1.0.0" in said and "refused" not in said, said


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
