"""penstockctl's completion for bash, and how it names what is wrong with a command line."""

import re
import shlex
import subprocess

import pytest

from driver import ROOT
from penstockctl import Screen, ctl

COMPLETION = ROOT / "packaging/completion/penstockctl.bash"


def commands(*path):
    """Every command with what its help lists: {("queue", "stats"): {"--help"}, …}."""
    text = ctl(*path, "--help").out
    section = lambda title: re.search(rf"^{title}:\n((?:  .*\n?|\n(?=  ))*)", text, re.M)
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", section("Options")[1]))
    found = {path: options}
    below = section("Subcommands")
    for name in re.findall(r"^  ([a-z][a-z-]*)", below[1], re.M) if below else []:
        found.update(commands(*path, name))
    return found


def completed(words):
    """What bash offers for the last of the words."""
    script = ('. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _penstockctl; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    run = subprocess.run(["bash", "-c", script, "bash", str(COMPLETION), *words], capture_output=True, text=True, timeout=30)
    assert (run.returncode, run.stderr) == (0, ""), run.stderr
    return set(run.stdout.split())


def test_the_completion_knows_every_command_and_option():
    known = commands()
    assert {("dead-letters", "replay"), ("queue", "stats"), ("bench",)} <= known.keys()
    everywhere = known[()] - {"--version"}
    for path, options in known.items():
        assert completed(["penstockctl", *path, "--"]) == options | everywhere, path
        below = {other[-1] for other in known if other[:-1] == path and other}
        assert completed(["penstockctl", *path, ""]) == below, path
    assert completed(["penstockctl", "--url", "http://a", "--json", "queue", "st"]) == {"stats"}
    assert completed(["penstockctl", "bench", "--queue", "m"]) == {"memory"}


class Shell:
    """A bash at a terminal, with the completion; penstockctl prints the words that it gets."""

    def __init__(self, folder):
        start = folder / "bashrc"
        start.write_text(f"""PS1='ready> '
. {shlex.quote(str(COMPLETION))}
penstockctl() {{ printf 'word(%s)\\n' "$@"; }}
cd {shlex.quote(str(folder))}
""", encoding="utf-8")
        self.screen = Screen("--noprofile", "--rcfile", str(start), "-i", columns=200, program="/bin/bash",
                             errors=True, HOME=str(folder), INPUTRC="/dev/null", HISTFILE="")

    def words(self, typed):
        """Types that and a tab at the prompt; the words of the command line that becomes of it."""
        self.screen.until(lambda seen: seen.endswith(b"ready> "))
        self.screen.seen = b""
        self.screen.type(typed.encode() + b"\t\n")
        self.screen.until(lambda seen: seen.endswith(b"ready> "))
        return re.findall(r"word\((.*)\)\r\n", self.screen.seen.decode())

    def __enter__(self):
        return self

    def __exit__(self, *of):
        self.screen.__exit__(*of)


@pytest.fixture
def shell(tmp_path):
    with Shell(tmp_path) as bash:
        yield bash


@pytest.mark.parametrize(
    "typed, words",
    [("penstockctl dead-le", ["dead-letters"]),
     ("penstockctl --url=http://127.0.0.1:8080 dead-letters rep", ["--url=http://127.0.0.1:8080", "dead-letters", "replay"]),
     ("penstockctl --url http://[::1]:8080 queue st", ["--url", "http://[::1]:8080", "queue", "stats"]),
     ("penstockctl bench --queue=m", ["bench", "--queue=memory"]),
     ("penstockctl bench --queue mem", ["bench", "--queue", "memory"]),
     ("penstockctl dead-letters list --kind=del", ["dead-letters", "list", "--kind=delivery_status"]),
     ("penstockctl config show -D worker.lease=45s --def", ["config", "show", "-D", "worker.lease=45s", "--define"]),
     ("penstockctl config check --config own\\ fi", ["config", "check", "--config", "own file.lua"]),
     ("penstockctl config check --config=own\\ fi", ["config", "check", "--config=own file.lua"]),
     ("penstockctl bench --folder=da", ["bench", "--folder=data/"]),
     ("penstockctl bench --folder da", ["bench", "--folder", "data/"])],
)
def test_words_are_completed_as_bash_splits_them(shell, tmp_path, typed, words):
    (tmp_path / "own file.lua").touch()
    (tmp_path / "data.txt").touch()
    (tmp_path / "data").mkdir()
    assert shell.words(typed) == words


@pytest.mark.parametrize(
    "arguments",
    [("queue",), ("send",), ("send", "fax"), ("config",), ("send", "sms"), ("status", "--interval", "-1"),
     ("status", "--interval", "60001"), ("top", "--interval", "99"), ("bench", "--here", "--seconds", "0"),
     ("bench", "--here", "--folder", "/nonexistent"), ("bench", "--here", "--queue", "pg"), ("drain", "now")],
)
def test_a_wrong_command_line_is_64_and_said_on_stderr(arguments):
    ended = ctl(*arguments)
    assert ended.status == 64 and ended.out == ""
    assert ended.err.startswith("penstockctl: ")


@pytest.mark.parametrize(
    "arguments, sentence",
    [(("nonsense",), "there is no command 'nonsense' of penstockctl; see penstockctl --help"),
     (("queue", "stast"), "there is no command 'stast' of penstockctl queue; did you mean stats? See penstockctl queue --help"),
     (("--json", "stauts"), "there is no command 'stauts' of penstockctl; did you mean status? See penstockctl --help")],
)
def test_a_wrong_word_is_named_with_the_nearest_right_one(arguments, sentence):
    ended = ctl(*arguments)
    assert (ended.status, ended.err) == (64, f"penstockctl: {sentence}\n")


def test_a_wrong_option_is_named_with_the_help_that_lists_the_right_ones():
    ended = ctl("dead-letters", "list", "--colour")
    assert "--colour" in ended.err and ended.err.endswith("; see penstockctl dead-letters list --help\n")
