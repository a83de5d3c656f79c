"""The manual pages: they render, and they say what the programs say of themselves, no more and no less."""

import email.utils
import os
import re
import subprocess

import pytest

from driver import BUILD, ROOT
from manual import MAN, commands, helped, options, page, plain, said_by, sections, tags

WIDTHS = (60, 80, 100)
WRITTEN = ["penstockd.8", "penstockctl.1", "penstock-conformance.1", "penstock-policy.7", "penstock-plugin.7", "penstock-operations.7"]


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


def render(path, width=100):
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MANWIDTH": str(width)}
    return subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", str(path)], capture_output=True, text=True,
                          env=environment, timeout=60)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", WRITTEN)
def test_a_page_renders_without_a_warning(name, width):
    run = render(MAN / name, width)
    assert (run.returncode, run.stderr) == (0, "")
    assert name.rsplit(".", 1)[0].upper() in run.stdout


@pytest.mark.parametrize("width", WIDTHS)
def test_the_generated_page_renders_without_a_warning(generated, width):
    run = render(generated, width)
    assert (run.returncode, run.stderr) == (0, "")
    assert "worker.breaker.failures" in run.stdout


def test_every_page_has_a_date_and_the_generated_one_that_of_the_packages(generated):
    dates = {path.name: re.search(r"^\.TH \S+ \d (\S+) ", path.read_text(encoding="utf-8"), re.MULTILINE)[1]
             for path in [*(MAN / name for name in WRITTEN), generated]}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", date) for date in dates.values()), dates
    newest = re.search(r"^ -- .*>  \w+, (.*)$", (ROOT / "packaging/deb/changelog").read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert dates["penstock.lua.5"] == email.utils.parsedate_to_datetime(newest).strftime("%Y-%m-%d")


def test_a_warning_would_be_seen(tmp_path):
    wrong = tmp_path / "wrong.1"
    wrong.write_text('.TH WRONG 1\n.SH NAME\nwrong \\- page\n.FORGOTTEN macro\n', encoding="utf-8")
    assert render(wrong).stderr != ""


def test_a_page_without_keys_is_not_made():
    run = subprocess.run([MAN / "make-config-page", "/bin/true"], capture_output=True, text=True, timeout=60)
    assert run.returncode != 0 and "names no keys" in run.stderr


def test_every_page_refers_to_pages_that_are_there(generated):
    """Pages of the service to pages of its own package; those of the SDK to any, because it recommends the service."""
    rules = (ROOT / "packaging" / "cmake" / "PenstockInstall.cmake").read_text(encoding="utf-8")
    of_sdk = re.search(r'page MATCHES "([^"]+)"\)\n\s*set\(component sdk\)', rules)[1]
    there = {tuple(name.rsplit(".", 1)) for name in WRITTEN} | {("penstock.lua", "5")}
    assert any(re.search(of_sdk, name) for name in WRITTEN)
    for path in [*(MAN / name for name in WRITTEN), generated]:
        text = plain(path.read_text(encoding="utf-8"))
        named = set(re.findall(r"^\.BR (penstock[\w.-]*) \((\d)\)", text, re.MULTILINE))
        within = there if re.search(of_sdk, path.name) else {page for page in there if not re.search(of_sdk, ".".join(page))}
        assert named and named <= within, (path, named - within)


def test_options_of_penstockd():
    text = said_by("penstockd", "--help")
    assert {"-t", "--migrate"} <= helped(text)
    assert options(sections(page("penstockd.8"), ".SH")["OPTIONS"]) == helped(text)


def test_exit_statuses_of_penstockd():
    told = set(re.findall(r"\b\d+\b", re.sub(r"(?s).*Exit codes:", "", said_by("penstockd", "--help"))))
    written = set(re.findall(r"\d+", " ".join(tags(sections(page("penstockd.8"), ".SH")["EXIT STATUS"]))))
    assert "78" in told
    assert written == told | {"130", "143"}  # 128 and the number of a second signal


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


def unit(name):
    return (ROOT / "packaging" / "systemd" / name).read_text(encoding="utf-8")


def test_the_page_of_the_service_says_what_its_unit_does():
    text = sections(page("penstockd.8"), ".SH")
    service = plain(text["SERVICE"])
    for file in re.findall(r"^EnvironmentFile=-(.*)$", unit("penstock.service"), re.MULTILINE):
        assert file in service and file in plain(text["FILES"]), file
    for kind in ("Runtime", "State", "Logs"):
        folder = {"Runtime": "/run/", "State": "/var/lib/", "Logs": "/var/log/"}[kind]
        folder += re.search(rf"^{kind}Directory=(.*)$", unit("penstock.service"), re.MULTILINE)[1]
        assert f".I {folder}\n" in text["FILES"], folder
    watchdog = re.search(r"^WatchdogSec=(\d+)s$", unit("penstock.service"), re.MULTILINE)[1]
    assert f"waits up to WatchdogSec=, {watchdog} s," in service
    listens = re.search(r"^ListenStream=(.*)$", unit("penstock.socket"), re.MULTILINE)[1]
    assert f"systemd listens, on {listens} unless" in service


def heartbeats():
    """Each limit of a heartbeat in the code, in seconds, by its file."""
    found = {}
    for path in [*(ROOT / "host").rglob("*.cpp"), *(ROOT / "plugins").rglob("*.cpp")]:
        source = path.read_text(encoding="utf-8")
        for name in re.findall(r"[.>]heartbeat\([^;]*?, (\w+)\)|heartbeat_\(health\.heartbeat\(\w+, (\w+)\)", source):
            constant = "".join(name)
            value = re.search(rf"constexpr [\w:]+ {constant}(?: = [\w:]*?(seconds|minutes)\(|\{{)(\d+)", source)
            if value:
                found[str(path.relative_to(ROOT))] = int(value[2]) * (60 if value[1] == "minutes" else 1)
    return found


def test_the_limits_of_heartbeats_are_the_ones_of_the_code(reference):
    limits = heartbeats()
    assert limits["host/http/loop.cpp"] == 5 and limits["plugins/shared/postgres/keeper.cpp"] == 120
    service = plain(sections(page("penstockd.8"), ".SH")["SERVICE"])
    told = [int(number) for number in re.findall(r"^(\d+) s +\w", service, re.MULTILINE)]
    assert sorted(set(told)) == sorted(set(limits.values()))
    worker = sum(float(re.search(rf"^worker\.{key}\n +duration.*default ([\d.]+)s;", reference, re.MULTILINE)[1])
                 for key in ("lease", "wait", r"outage\.longest"))
    assert f"together, {worker:g} s." in service
    readme = re.sub(r"\s+", " ", (ROOT / "README.md").read_text(encoding="utf-8"))
    sentence = re.search(r"The watchdog ends a service in which a loop has stood still.*?\.", readme)[0]
    assert sorted(set(re.findall(r"\d+", sentence)), key=int) == [str(one) for one in sorted({*told, int(worker), 30})]


def test_a_plugin_that_does_not_load_is_a_fault_of_the_configuration(tmp_path):
    (tmp_path / "broken.so").write_bytes(b"no library")
    command = [BUILD / "bin" / "penstockd", "-D", f"plugin_dir={tmp_path}", "-D", f"data_dir={tmp_path}", "-D", "plugins=broken"]
    for more in ([], ["--check-config"]):
        run = subprocess.run([*command, *more], capture_output=True, text=True, timeout=60)
        assert run.returncode == 78 and "broken.so: cannot be opened" in run.stderr, run
    text = sections(page("penstockd.8"), ".SH")["EXIT STATUS"]
    assert "does not load" in re.split(r"\.B 78\n", text)[1] and "does not load" not in re.split(r"\.B 78\n", text)[0]
    readme = re.sub(r"\s+", " ", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert "does not load" not in re.search(r"Other exit codes: .*?running\.", readme)[0]
