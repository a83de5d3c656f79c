"""A folder under plugins/ is a plugin of the build without being named anywhere."""

import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LISTS = """cmake_minimum_required(VERSION 3.25)
project(rooms LANGUAGES NONE)
function(penstock_add_plugin name)
  message(STATUS "plugin ${name}")
endfunction()
add_subdirectory(plugins)
"""


@pytest.fixture
def tree(tmp_path):
    """The tree's plugins/CMakeLists.txt with other rooms."""
    (tmp_path / "CMakeLists.txt").write_text(LISTS, encoding="utf-8")
    for room in ("hello", "pg-queue", "pg-store", "shared/postgres", "shared/backoff"):
        (tmp_path / "plugins" / room).mkdir(parents=True)
        (tmp_path / "plugins" / room / "CMakeLists.txt").write_text(f"penstock_add_plugin({room})\n", encoding="utf-8")
    (tmp_path / "plugins/no-room").mkdir()
    shutil.copy(ROOT / "plugins/CMakeLists.txt", tmp_path / "plugins")
    return tmp_path


@pytest.mark.parametrize("postgresql, rooms", [("ON", ["hello", "pg-queue", "pg-store", "shared/backoff", "shared/postgres"]),
                                               ("OFF", ["hello", "shared/backoff"])])
def test_rooms_are_found_but_those_of_postgresql_are_conditional(tree, postgresql, rooms):
    made = subprocess.run(["cmake", "-S", tree, "-B", tree / "build", f"-DPENSTOCK_POSTGRESQL={postgresql}"],
                          check=False, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert [line.removeprefix("-- plugin ") for line in made.stdout.splitlines() if line.startswith("-- plugin ")] == rooms


def test_every_plugin_of_the_tree_has_a_room():
    for source in (ROOT / "plugins").glob("*/plugin.cpp"):
        lists = (source.parent / "CMakeLists.txt").read_text(encoding="utf-8")
        assert f"penstock_add_plugin({source.parent.name} " in lists
