"""The manual pages: they render, and they say what the programs say of themselves, no more and no less."""

import os
import re
import subprocess

import pytest

from driver import BUILD, ROOT

MAN = ROOT / "packaging" / "man"
WRITTEN = ["penstockd.8", "penstockctl.1", "penstock-conformance.1", "penstock-policy.7", "penstock-plugin.7", "penstock-operations.7"]


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


@pytest.fixture(scope="module")
def reference():
    return said_by("penstockd", "--config-reference")


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """penstock.lua(5)."""
    page = tmp_path_factory.mktemp("man") / "penstock.lua.5"
    run = subprocess.run([MAN / "make-config-page", BUILD / "bin" / "penstockd", page], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    return page


def page(name):
    return (MAN / name).read_text(encoding="utf-8")


def render(path):
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MANWIDTH": "100"}
    return subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", str(path)], capture_output=True, text=True,
                          env=environment, timeout=60)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_page_renders_without_a_warning(name):
    run = render(MAN / name)
    assert (run.returncode, run.stderr) == (0, "")
    assert name.rsplit(".", 1)[0].upper() in run.stdout


def test_the_generated_page_renders_without_a_warning(generated):
    run = render(generated)
    assert (run.returncode, run.stderr) == (0, "")
    assert "worker.breaker.failures" in run.stdout


def test_a_warning_would_be_seen(tmp_path):
    wrong = tmp_path / "wrong.1"
    wrong.write_text('.TH WRONG 1\n.SH NAME\nwrong \\- page\n.FORGOTTEN macro\n', encoding="utf-8")
    assert render(wrong).stderr != ""


def test_a_page_without_keys_is_not_made():
    run = subprocess.run([MAN / "make-config-page", "/bin/true"], capture_output=True, text=True, timeout=60)
    assert run.returncode != 0 and "names no keys" in run.stderr


def test_every_page_refers_to_pages_that_are_there(generated):
    there = {tuple(name.rsplit(".", 1)) for name in WRITTEN} | {("penstock.lua", "5")}
    for path in [*(MAN / name for name in WRITTEN), generated]:
        text = plain(path.read_text(encoding="utf-8"))
        named = re.findall(r"^\.BR (penstock[\w.-]*) \((\d)\)", text, re.MULTILINE)
        assert named and set(named) <= there, path


def test_options_of_penstockd():
    text = said_by("penstockd", "--help")
    assert {"-t", "--migrate"} <= helped(text)
    assert options(sections(page("penstockd.8"), ".SH")["OPTIONS"]) == helped(text)


def test_exit_statuses_of_penstockd():
    told = set(re.findall(r"\b\d+\b", re.sub(r"(?s).*Exit codes:", "", said_by("penstockd", "--help"))))
    written = set(re.findall(r"\d+", " ".join(tags(sections(page("penstockd.8"), ".SH")["EXIT STATUS"]))))
    assert "78" in told
    assert written == told | {"130", "143"}  # 128 and the number of a second signal


def commands(*words):
    """The help of penstockctl and of all its sub-commands, by their words."""
    text = said_by("penstockctl", *words, "--help")
    found = {words: text}
    block = re.search(r"^Subcommands:\n((?:  .*\n)+)", text, re.MULTILINE)
    for name in re.findall(r"^  (\S+)", block[1], re.MULTILINE) if block else []:
        found |= commands(*words, name)
    return found


def test_sub_commands_and_options_of_penstockctl():
    text, found = page("penstockctl.1"), commands()
    written = sections(text, ".SS")
    shared = {title: options(section) for title, section in written.items() if title.startswith("options ")}
    assert set(written) - set(shared) == {" ".join(words) for words in found if words}
    assert options(sections(text, ".SH")["OPTIONS"]) == helped(found[()])
    for words, said in found.items():
        if not words:
            continue
        section = written[" ".join(words)]
        taken = [names for title, names in shared.items() if title in section]
        assert options(section).union(*taken) == helped(said) - {"-h", "--help"}, words


def test_exit_statuses_of_penstockctl():
    told = re.findall(r"^ +(\d+)  ", said_by("penstockctl", "--help").split("Exit status:")[1], re.MULTILINE)
    assert "66" in told
    assert tags(sections(page("penstockctl.1"), ".SH")["EXIT STATUS"]) == [f".B {status}" for status in told]


def test_options_and_exit_statuses_of_penstock_conformance():
    text, said = page("penstock-conformance.1"), said_by("penstock-conformance", "--help")
    assert options(sections(text, ".SH")["OPTIONS"]) == helped(said)
    told = re.findall(r"^ +(\d+)  ", said.split("Exit status:")[1], re.MULTILINE)
    assert tags(sections(text, ".SH")["EXIT STATUS"]) == [f".B {status}" for status in told]


def test_every_configuration_key_is_in_its_page(reference, generated):
    keys = re.findall(r"^[a-z].*$", reference, re.MULTILINE)
    assert "http.public.port" in keys and len(keys) > 100
    keys_section = sections(generated.read_text(encoding="utf-8"), ".SS")
    written = [tag for title, text in keys_section.items() if title != "Values" for tag in tags(text)]
    assert written == [f".B {key}" for key in keys]


def test_the_environment_of_the_shipped_configuration_is_in_its_page(generated):
    config = re.sub(r"--.*", "", (ROOT / "config" / "penstock.lua").read_text(encoding="utf-8"))
    read = set(re.findall(r"\benv\.([A-Z_]+)", config)) | set(re.findall(r'\bchoose\("([A-Z_]+)"', config))
    assert {"PORT", "QUEUE_BACKEND"} <= read
    text = sections(generated.read_text(encoding="utf-8"), ".SH")["ENVIRONMENT"]
    assert set(re.findall(r"^\.BR? ([A-Z_]+)", text, re.MULTILINE)) == read


def test_every_function_of_a_script_is_in_its_page():
    text = plain(page("penstock-policy.7"))
    names = set()
    for path in (ROOT / "host" / "policy").glob("*_functions.cpp"):
        source = path.read_text(encoding="utf-8")
        names |= set(re.findall(r'(?:addFunction|guardField)\(lua, "(\w+)"', source))
        for group in re.findall(r"copyFields\(lua, \{([^}]*)\}", source):
            names |= set(re.findall(r'"(\w+)"', group))
    assert {"normalize_phone", "gsub", "verify_ecdsa"} <= names
    assert {name for name in names if not re.search(rf"\b{name}\b", text)} == set()


def test_every_interface_of_a_plugin_is_in_its_page():
    headers = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "host" / "include" / "penstock").glob("*.h"))
    given = set(re.findall(r'kInterface = "([^"]+)"', headers))
    assert "penstock.queue/1" in given
    assert {tag[3:] for tag in tags(sections(page("penstock-plugin.7"), ".SH")["INTERFACES"])} == given


def test_the_runbook_has_what_operators_ask_for():
    titles = sections(page("penstock-operations.7"), ".SH")
    assert {"DRAINING", "BACKUP AND RESTORE", "DATABASE LOCKS", "STUCK ROTATION", "REPLAYING DEAD LETTERS", "UPGRADING",
            "SIZING"} <= set(titles)
