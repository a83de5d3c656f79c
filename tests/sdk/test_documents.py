"""The C++ that README and the manual show compiles, without a warning of those that the tree asks for."""

import json
import os
import pathlib
import re
import shlex
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PENSTOCK_BUILD", ROOT / "build/release"))
TEMPLATE = ROOT / "packaging/sdk/template/plugin.cpp"


def compiler():
    """The command that compiles the template in this build, without what it reads and writes."""
    commands = json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8"))
    words = shlex.split(next(one["command"] for one in commands if pathlib.Path(one["file"]) == TEMPLATE))
    return words[: words.index("-o")]


def blocks_of_readme():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^```cpp\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def blocks_of_page():
    text = (ROOT / "packaging/man/penstock-plugin.7").read_text(encoding="utf-8")
    blocks = re.findall(r"^\.nf\n(.*?)^\.fi$", text, re.MULTILINE | re.DOTALL)
    return [block.replace("\\-", "-").replace("\\&", "").replace("\\e", "\\") for block in blocks if "#include" in block]


BLOCKS = {f"{name}-{number}": block for name, blocks in (("readme", blocks_of_readme()), ("page", blocks_of_page()))
          for number, block in enumerate(blocks, 1)}


def compile_text(text):
    command = [*compiler(), "-fsyntax-only", "-Wextra", "-Werror", "-x", "c++", "-"]
    return subprocess.run(command, input=text, check=False, capture_output=True, text=True, cwd=ROOT)


@pytest.mark.parametrize("block", BLOCKS)
def test_what_is_shown_compiles(block):
    compiled = compile_text(BLOCKS[block])
    assert compiled.returncode == 0, compiled.stderr


def test_both_show_a_whole_plugin():
    assert {"readme-1", "page-1"} <= set(BLOCKS)
    assert all("PENSTOCK_PLUGIN(" in BLOCKS[name] for name in ("readme-1", "page-1"))


def test_a_warning_would_be_seen():
    wrong = BLOCKS["readme-1"].replace('.version = "1.0.0", ', "")
    compiled = compile_text(wrong)
    assert compiled.returncode != 0 and "missing-field-initializers" in compiled.stderr
