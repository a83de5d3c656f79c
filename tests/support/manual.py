"""Reads manual pages in their source, and what the programs say of themselves."""

import re
import subprocess

from driver import BUILD, ROOT

MAN = ROOT / "packaging" / "man"


def said_by(program, *arguments):
    run = subprocess.run([BUILD / "bin" / program, *arguments], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return run.stdout


def plain(source):
    """Text of a page's source without escapes."""
    return re.sub(r"\\f[BIR]", "", source).replace("\\-", "-").replace("\\&", "").replace("\\e", "\\")


def sections(page, heading):
    """What stands under each heading of one level, .SH or .SS, by its title."""
    found, title = {}, None
    for line in page.splitlines():
        if line.startswith(".SH") or line.startswith(heading + " "):
            title = plain(line[4:]).strip('"') if line.startswith(heading + " ") else None
            assert title not in found, f"{title} is there twice"
            if title is not None:
                found[title] = ""
        elif title is not None:
            found[title] += line + "\n"
    return found


def tags(text):
    """The lines that .TP takes as tags."""
    return [plain(tag) for tag in re.findall(r"^\.TP.*\n(.*)$", text, re.MULTILINE)]


def options(text):
    return {name for tag in tags(text) for name in re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", tag)}


def helped(text):
    """The options that a program's help begins a line with."""
    found = set()
    for line in re.findall(r"^ *(-.*)$", text, re.MULTILINE):
        found |= {f"-{letter}" for letter in re.findall(r"^-([A-Za-z])", line)}
        found |= set(re.findall(r"(?:^|,\s?)(--[a-z][a-z-]*)", re.split(r"\s{2}", line)[0]))
    return found


def page(name):
    return (MAN / name).read_text(encoding="utf-8")


def commands(*words):
    """The help of penstockctl and of all its sub-commands, by their words."""
    text = said_by("penstockctl", *words, "--help")
    found = {words: text}
    block = re.search(r"^Subcommands:\n((?:  .*\n)+)", text, re.MULTILINE)
    for name in re.findall(r"^  (\S+)", block[1], re.MULTILINE) if block else []:
        found |= commands(*words, name)
    return found
