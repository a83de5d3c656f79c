"""Scripts and YAML of the tree, as their checkers see them."""

import pathlib
import subprocess

import pytest

from driver import ROOT

NOT_OURS = {"build", "var", ".git", "node_modules", "__pycache__", ".pytest_cache"}


def files():
    folders = [ROOT]
    for folder in folders:
        for path in sorted(folder.iterdir()):
            if path.is_symlink() or path.name in NOT_OURS:
                continue
            if path.is_dir():
                folders.append(path)
            else:
                yield path


def shell_of(path):
    """The shell that reads it, or None."""
    if path.parent == ROOT / "packaging" / "rpm" and path.name in ("pre", "post", "preun", "postun"):
        return "sh"  # scriptlets have no first line
    if path.suffix == ".bash":
        return "bash"
    with open(path, "rb") as file:
        first = file.readline(64)
    return {b"#!/bin/sh\n": "sh", b"#!/bin/bash\n": "bash"}.get(first)


SCRIPTS = {str(path.relative_to(ROOT)): shell for path in files() if (shell := shell_of(path))}
YAML = [str(path.relative_to(ROOT)) for path in files() if path.suffix in (".yaml", ".yml")]


def passes(*command):
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr


def test_all_of_them_are_found():
    assert {"packaging/deb/penstock.postinst": "sh", "packaging/rpm/post": "sh", "packaging/test": "sh",
            "packaging/completion/penstockctl.bash": "bash", "packaging/container/kubernetes/prometheusrule": "sh"}.items() \
        <= SCRIPTS.items()
    assert {"packaging/container/compose.yaml", "packaging/alerts/penstock.rules.yml", "plugins/http-ingest/openapi.yaml"} <= set(YAML)
    assert all(not pathlib.PurePath(name).is_absolute() for name in [*SCRIPTS, *YAML])


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_shellcheck_finds_nothing(shell):
    passes("shellcheck", "--severity=warning", f"--shell={shell}", *(name for name, one in SCRIPTS.items() if one == shell))


def test_yamllint_finds_nothing():
    passes("yamllint", "--strict", "--config-file", "packaging/yamllint.yaml", *YAML)
