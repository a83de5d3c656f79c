"""The SDK as `cmake --install` lays it out builds plugins that the penstockd of this build runs."""

import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

from driver import BUILD  # noqa: E402
from foreign_plugin import build_by_pkg_config, greet  # noqa: E402


def cmake(*words):
    ended = subprocess.run(["cmake", *map(str, words)], check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    cmake("--install", BUILD, "--component", "sdk", "--prefix", folder)
    return folder


@pytest.fixture
def template(prefix, tmp_path):
    return pathlib.Path(shutil.copytree(prefix / "share/penstock/plugin-template", tmp_path / "hello"))


def greeted(plugin, folder):
    greet(plugin, folder, BUILD / "bin/penstockd", BUILD / "lib/penstock/plugins", {"config": "penstock"})


def variable(prefix, name):
    pc = next(prefix.glob("lib*/**/pkgconfig/penstock.pc"))
    return subprocess.run(["pkg-config", f"--variable={name}", pc], check=True, capture_output=True, text=True).stdout.strip()


def test_the_template_by_pkg_config_alone(prefix, template, tmp_path):
    plugin = build_by_pkg_config(template, next(prefix.glob("lib*/**/pkgconfig/penstock.pc")), prefix)
    greeted(plugin, tmp_path)


def test_the_template_by_cmake_which_knows_what_a_package_depends_on(prefix, template, tmp_path):
    lists = template / "CMakeLists.txt"
    lists.write_text(lists.read_text(encoding="utf-8") + 'message(STATUS "${PENSTOCK_DEB_DEPENDS} ${PENSTOCK_RPM_REQUIRES}")\n',
                     encoding="utf-8")
    said = cmake("-S", template, "-B", template / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
    assert f"-- {variable(prefix, 'deb_depends')} {variable(prefix, 'rpm_requires')}\n" in said
    cmake("--build", template / "build")
    greeted(template / "build/hello.so", tmp_path)


def test_a_dependency_names_the_fingerprint(prefix):
    digits = variable(prefix, "fingerprint")[:16]
    assert len(digits) == 16
    assert variable(prefix, "deb_depends") == f"penstock-sdk-{digits}"
    assert variable(prefix, "rpm_requires") == f"penstock-sdk({digits})"


@pytest.mark.parametrize("changed", ["include/penstock/plugin.h", "lib/**/cmake/penstock/PenstockPlugin.cmake",
                                     "lib/**/cmake/penstock/plugin.map"])
def test_a_changed_file_is_another_sdk(prefix, template, tmp_path, changed):
    altered = tmp_path / "altered"
    shutil.copytree(prefix, altered)
    file = next(altered.glob(changed))
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    refused = subprocess.run(["cmake", "-S", template, "-B", template / "build", f"-DCMAKE_PREFIX_PATH={altered}"],
                             check=False, capture_output=True, text=True)
    assert refused.returncode != 0
    assert "would refuse a plugin of this build" in " ".join(refused.stderr.split())
