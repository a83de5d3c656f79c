"""packaging/abi: a changed file of the SDK is not passed over in silence."""

import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def tree(tmp_path):
    """What the check reads, to be altered."""
    for folder in ("host/include/penstock", "host/sdk", "packaging/cmake"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "packaging/sdk").mkdir(parents=True)
    shutil.copy(ROOT / "CHANGELOG.md", tmp_path)
    shutil.copy(ROOT / "packaging/abi", tmp_path / "packaging")
    layout = tmp_path / "packaging/abi-layout"
    layout.write_text('#!/bin/sh\necho "$*" >>layouts\n', encoding="utf-8")
    layout.chmod(0o755)
    subprocess.run([tmp_path / "packaging/abi", "--write"], check=True)
    return tmp_path


def abi(tree, *words):
    ended = subprocess.run([tree / "packaging/abi", *words], check=False, capture_output=True, text=True)
    return ended.returncode, ended.stderr


def append(file, text):
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_files_that_are_as_they_were_pass(tree):
    assert abi(tree) == (0, "")


@pytest.mark.parametrize("file, name", [("host/include/penstock/queue.h", "queue.h"), ("host/sdk/event.cpp", "sdk/event.cpp"),
                                        ("host/sdk/address.h", "sdk/address.h"), ("packaging/cmake/plugin.map", "plugin.map"),
                                        ("packaging/cmake/PenstockPlugin.cmake", "PenstockPlugin.cmake")])
def test_a_comment_alone_asks_for_a_line_in_the_changelog(tree, file, name):
    append(tree / file, "# or // another comment\n")
    status, said = abi(tree)
    assert status == 1 and f"the SDK's {name} has changed" in said and f"names `{name}`" in said
    append(tree / "CHANGELOG.md", f"- SDK: `{name}`. Rebuild plugins.\n")
    assert abi(tree, "--write") == (0, "")
    assert abi(tree) == (0, "")


def test_writing_takes_down_the_layouts_too(tree):
    (tree / "layouts").unlink()
    assert abi(tree, "--write") == (0, "")
    assert (tree / "layouts").read_text(encoding="utf-8") == "--write\n"


@pytest.mark.parametrize("change", ["has changed", "is gone", "is new"])
def test_a_change_fails_until_the_changelog_names_it_and_the_reference_is_written(tree, change):
    name = "another.h" if change == "is new" else "queue.h"
    header = tree / "host/include/penstock" / name
    if change == "is gone":
        header.unlink()
    elif change == "is new":
        header.write_text("#pragma once\n", encoding="utf-8")
    else:
        append(header, "struct Another {};\n")
    for words in ((), ("--write",)):
        status, said = abi(tree, *words)
        assert status == 1 and f"{name} {change}" in said and f"names `{name}`, then run packaging/abi --write" in said

    append(tree / "CHANGELOG.md", f"- SDK header `{name}`: another. Rebuild plugins.\n")
    status, said = abi(tree)
    assert status == 1 and f"{name} {change} and CHANGELOG.md names it" in said
    assert abi(tree, "--write") == (0, "")
    assert abi(tree) == (0, "")


def test_what_the_changelog_said_before_does_not_count(tree):
    append(tree / "CHANGELOG.md", "- SDK header `queue.h`: first. Rebuild plugins.\n")
    append(tree / "host/include/penstock/queue.h", "struct First {};\n")
    assert abi(tree, "--write")[0] == 0
    append(tree / "host/include/penstock/queue.h", "struct Second {};\n")
    assert abi(tree, "--write")[0] == 1


def test_a_wrong_word_is_refused(tree):
    assert abi(tree, "--wrong")[0] == 64
