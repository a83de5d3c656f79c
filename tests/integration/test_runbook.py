"""The runbook, penstock-operations(7): what it names is there, and its commands do what it says they do."""

import os
import re
import stat
import subprocess
import threading

import pytest

from driver import ROOT, Server, phone
from manual import commands, helped, page, plain, said_by, sections

RUNBOOK = page("penstock-operations.7")
CODE = {path: path.read_text(encoding="utf-8") for room in ("host", "plugins") for ending in ("*.h", "*.cpp")
        for path in (ROOT / room).rglob(ending)}

# What belongs to others: PostgreSQL, systemd, containers, dpkg, and pages of the manual.
OTHERS_WORDS = {"pg_dump", "pg_basebackup", "pg_read_all_stats", "pg_blocking_pids", "pg_stat_activity", "pg_terminate_backend",
                "archive_command", "synchronous_standby_names", "max_connections", "application_name", "xact_start", "waits_for",
                "current_database", "stop_grace_period", "penstock_"}
OTHERS_FILES = {"policy-rc.d"}
MADE_FILES = {"queue-copy.db", "store-copy.db"}  # by its own commands
OTHERS_OPTIONS = {"--schema", "--owner", "--encoding", "--template"}


def text_of(source):
    """In one line, without macros, tags and quotes between words."""
    lines = [re.sub(r'^\.[A-Z]{1,2} ?', "", line) if line.startswith(".") else line for line in plain(source).splitlines()]
    return re.sub(r"\s+", " ", " ".join(line.replace('"', "") for line in lines if not line.startswith((".nf", ".fi", ".\\"))))


TEXT = text_of(RUNBOOK)


@pytest.fixture(scope="module")
def keys():
    found = set(re.findall(r"^[a-z].*$", said_by("penstockd", "--config-reference"), re.MULTILINE))
    assert "shutdown.drain_timeout" in found
    return found


def events():
    """The stable names of lines of the log."""
    found = set()
    engines = {what for text in CODE.values() for what in re.findall(r'\.what = "(\w+)"', text)}
    for text in CODE.values():
        found |= set(re.findall(r'(?:trace|debug|information|notice|warning|error|critical|tellOnce)\([^";]*"([a-z]+\.[a-z_]+)"', text))
        found |= {what + name for name in re.findall(r'what_? \+ "(\.[a-z_]+)",', text) for what in engines}
    assert {"queue.rotation_blocked", "store.transaction_held"} <= found
    return found


def test_the_runbook_has_what_operators_ask_for():
    titles = sections(RUNBOOK, ".SH")
    assert {"DRAINING", "BACKUP AND RESTORE", "SWITCHING TO POSTGRESQL", "DATABASE LOCKS", "STUCK ROTATION",
            "REPLAYING DEAD LETTERS", "UPGRADING", "SIZING"} <= set(titles)


def test_every_key_event_and_file_exists(keys):
    files = {path.name for folder in ("config", "scripts", "packaging") for path in (ROOT / folder).rglob("*")}
    files |= OTHERS_FILES | MADE_FILES | {f"{name}.db{more}" for name in ("queue", "store") for more in ("", "-")}
    there = keys | events() | files
    dotted = set(re.findall(r"(?<![\w./:@-])[a-z][a-z-]*(?:\.[a-z_*-]+)+(?![\w/])", TEXT))
    assert len(dotted) > 30
    wrong = {name for name in dotted if name not in there
             and not (name.endswith(".*") and any(key.startswith(name[:-1]) for key in keys))}
    assert wrong == set()


def test_every_other_word_of_ours_exists(keys):
    """Members of keys, metrics, and words that labels have."""
    parts = {part for key in keys for part in key.split(".")}
    literals = {word for text in CODE.values() for word in re.findall(r'"([a-z_]+)"', text)}
    metrics = {name for text in CODE.values() for name in re.findall(r'Spec k\w+\{\s*"(\w+)"', text)}
    words = set(re.findall(r"(?<![\w.])[a-z]+_[a-z_]+(?![\w.])", TEXT))
    assert "penstock_queue_rotation_blocked_seconds" in words and "crash_suspect" in words
    assert {word for word in words if word not in parts | literals | metrics | OTHERS_WORDS} == set()
    named = {word for word in words if word.startswith("penstock_")} - OTHERS_WORDS
    assert named <= metrics


def test_every_name_of_the_environment_is_read():
    config = re.sub(r"--.*", "", (ROOT / "config" / "penstock.lua").read_text(encoding="utf-8"))
    read = set(re.findall(r'\benv\.([A-Z_]+)|\bchoose\("([A-Z_]+)"', config))
    read = {name for pair in read for name in pair if name}
    named = set(re.findall(r"\b[A-Z]+_[A-Z_]+\b", TEXT))
    assert {"WORKER_ENABLED", "DATABASE_URL"} <= named <= read


def test_every_sub_command_and_option_exists():
    every = commands()
    ours = {words: text for words, text in every.items()  # without those that only have sub-commands
            if not any(other != words and other[:len(words)] == words for other in every)}
    called = re.findall(r"\bpenstockctl((?: [a-z][a-z-]*)*)((?: --?[a-z-]+(?: [A-Z0-9][A-Za-z0-9]*)?)*)", TEXT)
    called = [(tuple(words.split()), given) for words, given in called if words]
    assert len(called) > 5
    for words, given in called:
        known = next((words[:length] for length in range(len(words), 0, -1) if words[:length] in ours), None)
        assert known, f"penstockctl {' '.join(words)}"
        assert set(re.findall(r"--?[a-z-]+", given)) <= helped(ours[known]), f"penstockctl {' '.join(words)}{given}"
    daemon = helped(said_by("penstockd", "--help"))
    called = re.findall(r"\bpenstockd((?: --?[a-z][a-z-]*)+)", TEXT)
    assert {option for given in called for option in given.split()} == {"--as-service", "--check-config", "--migrate"} <= daemon
    everywhere = daemon.union(*(helped(text) for text in every.values()))
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", TEXT)) <= everywhere | OTHERS_OPTIONS


def test_every_call_of_the_api_exists():
    api = (ROOT / "plugins" / "http-ingest" / "openapi.yaml").read_text(encoding="utf-8")
    paths = set(re.findall(r"^  (/[^:]*):$", api, re.MULTILINE))
    called = set(re.findall(r"(?:GET|POST|PUT) (/[a-z/-]+)", TEXT)) | set(re.findall(r"(?<![\w/])/(?:readyz|livez|metrics)\b", TEXT))
    assert {"/scheduler/stop", "/readyz"} <= called <= paths | {"/metrics"}


def test_every_reference_within_the_page_leads_somewhere():
    titles = set(sections(RUNBOOK, ".SH")) | set(sections(RUNBOOK, ".SS"))
    named = set(re.findall(r"\b(?:[Ss]ee|as for|As) ((?:[A-Z]{3,}|AND)(?: (?:[A-Z]{2,}))*|Penstock[A-Z]\w+)", TEXT))
    assert {"BACKUP AND RESTORE", "PenstockQueueSlow"} <= named
    assert {name for name in named if name not in titles} == set()


def shown(section, begins):
    """The commands of the one block in a section that begins so."""
    blocks = [plain(block).strip() for block in re.findall(r"^\.nf\n(.*?)^\.fi$", section, re.MULTILINE | re.DOTALL)]
    [found] = [block for block in blocks if block.startswith(begins)]
    return found


@pytest.fixture
def first(tmp_path):
    """A server that is killed, at the latest when the test is over."""
    server = Server(tmp_path / "first")
    yield server
    server.kill()


@pytest.fixture
def here(tmp_path):
    """Runs commands as a shell of an administrator would, on this data folder in place of the installed one."""

    def run(text, data):
        text = text.replace("/var/lib/penstock", str(data)).replace("/etc/default", str(tmp_path))
        text = text.replace("-o penstock -g penstock", f"-o {os.getuid()} -g {os.getgid()}")
        lines = [line for line in text.splitlines() if not line.startswith("systemctl ")]
        subprocess.run(["sh", "-euc", "umask 022\n" + "\n".join(lines)], check=True, cwd=tmp_path, timeout=120)
        return tmp_path

    return run


def test_readme_switches_to_postgresql_by_the_same_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    ours = {"runuser", "echo", "sed", "systemctl start"}
    told = [re.sub(r" +#.*", "", line) for line in re.search(r"in PostgreSQL, as root:\n\n```sh\n(.*?)```", readme, re.DOTALL)[1].splitlines()]
    runbook = shown(sections(RUNBOOK, ".SH")["SWITCHING TO POSTGRESQL"], "apt").splitlines()

    def steps(lines):
        return [line for line in lines if line.startswith(tuple(ours))]

    assert len(steps(told)) == 5 and steps(told) == steps(runbook)
    head = (ROOT / "packaging" / "config" / "50-postgresql.lua.in").read_text(encoding="utf-8")
    shorter = [re.sub(r" +#.*", "", line) for line in re.findall(r"^--   (\S.*)$", head, re.MULTILINE)]
    assert [line for line in shorter if line.startswith(("runuser", "echo"))] \
        == [line for line in steps(told) if line.startswith(("runuser", "echo"))]


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_backup_of_a_busy_service_is_private_and_can_be_restored(start, first, here, tmp_path):
    found = sections(RUNBOOK, ".SS")
    server = first
    data = server.folder / "data"
    kept = [server.accepted("/api/messages/sms", {"from": phone(), "to": phone(), "body": "before"})["id"] for _ in range(5)]
    for id in kept:
        server.sent(id)
    over = threading.Event()
    later = []

    def traffic():
        while not over.is_set():
            later.append(server.accepted("/api/messages/sms", {"from": phone(), "to": phone(), "body": "meanwhile"})["id"])

    busy = threading.Thread(target=traffic)
    busy.start()
    try:
        here(shown(found["SQLite"], "umask"), data)
    finally:
        over.set()
        busy.join()
    copies = [tmp_path / "queue-copy.db", tmp_path / "store-copy.db"]
    assert [mode(copy) for copy in copies] == [0o600, 0o600]
    assert later
    lost = server.accepted("/api/messages/sms", {"from": phone(), "to": phone(), "body": "after"})["id"]
    server.sent(lost)
    server.kill()  # old write-ahead logs stay, and must not be put over what is restored

    here(shown(found["Restoring"], "rm"), data)

    assert [mode(data / name) for name in ("queue.db", "store.db")] == [0o600, 0o600]
    here(shown(found["Restoring"], "echo"), data)
    name, value = (tmp_path / "penstock").read_text(encoding="utf-8").strip().split("=")
    looking = start(folder=server.folder, environment={name: value})
    assert looking.get("/readyz").status == 200
    assert [len(looking.message(id)["attempts"]) for id in kept] == [1] * len(kept)
    assert looking.get(f"/api/messages/{lost}").status == 404
    assert looking.stop() == 0
    here(shown(found["Restoring"], "sed"), data)
    assert (tmp_path / "penstock").read_text(encoding="utf-8") == ""
    working = start(folder=server.folder)
    again = working.accepted("/api/messages/sms", {"from": phone(), "to": phone(), "body": "again"})["id"]
    assert working.sent(again)["status"] == "sent"
