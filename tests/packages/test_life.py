"""Install, upgrade, remove, purge and install again, by the real dpkg in a Debian of its own."""

import contextlib
import json
import re
import shutil
import sqlite3
import subprocess

import pytest
from chroot import Service, field
from conftest import ROOT
from driver import phone, until
from postgres import cluster

SCRIPTS = "/etc/penstock/scripts"


@pytest.fixture
def serve(debian, tmp_path):
    """Starts the installed service; each must drain and exit 0."""
    services = []

    def begin(environment=None):
        services.append(Service(debian, tmp_path, environment=environment))
        return services[-1]

    yield begin
    statuses = [service.stop() for service in services]
    assert statuses == [0] * len(services), "\n".join(service.log_text()[-4000:] for service in services)


def first_calls(port):
    """The calls with curl that the README begins with, to this port."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    block = next(one for one in blocks if "/api/messages/sms" in one)
    lines = block.replace("\\\n", " ").replace("127.0.0.1:8080", f"127.0.0.1:{port}").splitlines()
    return [line for line in lines if line.startswith("curl ")]


def send(service):
    return service.accepted("/api/messages/sms", {"from": phone(), "to": phone(), "body": "it lives"})["id"]


def sent(service, id):
    return until(lambda: (message := service.message(id))["status"] == "sent" and message, 30, f"message {id} being sent")


def test_an_installed_service_runs_as_its_user_with_what_is_shipped(debian, debs, serve):
    debian.install(debs["penstock"])

    name, *_, home, shell = debian.run("getent", "passwd", "penstock").strip().split(":")
    assert (name, home, shell) == ("penstock", "/var/lib/penstock", "/usr/sbin/nologin")
    assert debian.owner("/var/lib/penstock") == "penstock:penstock 750"
    assert "good" in debian.run("/usr/sbin/penstockd", "--check-config", user="penstock")
    service = serve()
    sent(service, send(service))
    assert debian.path("/var/lib/penstock/store.db").exists() and debian.path("/var/lib/penstock/queue.db").exists()


def test_what_the_readme_shows_first_works(debian, debs, serve):
    debian.install(debs["penstock"])
    service = serve()

    def curl(command):
        done = subprocess.run(["sh", "-c", command.replace("curl ", "curl --fail-with-body ", 1)], capture_output=True, text=True,
                              timeout=60, check=False)
        return done.returncode == 0 and done.stdout

    shown = first_calls(service.port)
    posts, reads = [one for one in shown if " -d " in one], [one for one in shown if " -d " not in one]
    assert len(posts) >= 3 and len(reads) >= 2
    for command in posts:
        assert '"accepted"' in curl(command), command
    for command in reads:
        until(lambda: curl(command), 30, command)
    until(lambda: "Hello from Penstock" in curl(reads[-1]), 30, "the message in its conversation")


def test_configuration_is_the_groups_to_read_and_nobody_elses(debian, debs):
    debian.install(debs["penstock"], debs["penstock-postgresql"])

    assert debian.owner("/etc/default/penstock") == "root:penstock 640"
    for folder in ("", "/conf.d", "/scripts", "/scripts/providers"):
        assert debian.owner(f"/etc/penstock{folder}") == "root:penstock 750"
    files = [file for file in debian.path("/etc/penstock").rglob("*") if file.is_file()]
    assert len(files) > 10
    for file in files:
        assert debian.owner(f"/{file.relative_to(debian.root)}") == "root:penstock 640", file
    refused = debian.attempt("cat", "/etc/penstock/penstock.lua", user="nobody")
    assert refused.returncode != 0 and "Permission denied" in refused.stderr


def test_an_administrators_owner_and_mode_outlast_an_upgrade(debian, debs, previous):
    debian.install(previous["penstock"])
    debian.run("chown", "daemon:penstock", "/etc/penstock/penstock.lua")
    debian.run("chmod", "0600", f"{SCRIPTS}/retry.lua")
    debian.run("dpkg-statoverride", "--update", "--add", "root", "root", "0600", f"{SCRIPTS}/redact.lua")

    debian.install(debs["penstock"])

    assert debian.owner("/etc/penstock/penstock.lua") == "daemon:penstock 640"
    assert debian.owner(f"{SCRIPTS}/retry.lua") == "root:penstock 600"
    assert debian.owner(f"{SCRIPTS}/redact.lua") == "root:root 600"


def test_the_unit_is_enabled_once_and_stays_disabled_when_it_was(debian, debs, previous):
    wanted = debian.path("/etc/systemd/system/multi-user.target.wants/penstock.service")
    debian.install(previous["penstock"])
    assert wanted.is_symlink()

    wanted.unlink()
    debian.install(debs["penstock"])

    assert not wanted.is_symlink()


def test_the_socket_is_for_who_wants_it(debian, debs, previous):
    wanted = debian.path("/etc/systemd/system/sockets.target.wants/penstock.socket")
    debian.install(previous["penstock"])
    assert not wanted.is_symlink()
    debian.install(debs["penstock"])
    assert not wanted.is_symlink()

    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted.symlink_to("/lib/systemd/system/penstock.socket")  # what systemctl enable does
    debian.install(previous["penstock"])
    assert wanted.is_symlink()
    debian.purge("penstock")
    assert not wanted.is_symlink()


class Systemd:
    """What maintainer scripts ask of systemd, which does not run here: it answers what the test says and keeps what it was
    told to do."""

    def __init__(self, debian):
        self.debian = debian
        debian.path("/run/systemd/system").mkdir(parents=True)
        debian.path("/usr/sbin/policy-rc.d").unlink()
        self.folder = debian.path("/srv/systemd")
        self.folder.mkdir(parents=True)
        for program, script in (
            ("systemctl", 'case "$*" in\n'
                          '  *ActiveState*) cat /srv/systemd/state ;;\n'
                          '  *MainPID*) cat /srv/systemd/pid ;;\n'
                          '  *) echo "systemctl $*" >>/srv/systemd/told; case "$*" in reload*) exit "$(cat /srv/systemd/reload)" ;; esac ;;\n'
                          'esac\n'),
            ("deb-systemd-invoke", 'echo "invoke $*" >>/srv/systemd/told\n'),
        ):
            file = debian.path(f"/usr/bin/{program}")
            file.unlink(missing_ok=True)
            file.write_text("#!/bin/sh\n" + script, encoding="utf-8")
            file.chmod(0o755)

    def is_(self, state, process=0, reload=0):
        for name, value in (("state", state), ("pid", process), ("reload", reload), ("told", "")):
            (self.folder / name).write_text(f"{value}\n" if value != "" else "", encoding="utf-8")

    def told(self):
        lines = (self.folder / "told").read_text(encoding="utf-8").splitlines()
        (self.folder / "told").write_text("", encoding="utf-8")
        return [line for line in lines if "daemon-reload" not in line]


RELOADED, RESTARTED = "systemctl reload penstock.service", "invoke restart penstock.service"


def test_an_upgrade_restarts_what_runs_once_and_nothing_else(debian, debs, previous, serve):
    debian.install(previous["penstock"], previous["penstock-redis"])
    systemd = Systemd(debian)
    service = serve()
    systemd.is_("active", service.process.pid)

    debian.install(debs["penstock"], debs["penstock-redis"])
    assert systemd.told() == [RELOADED, RESTARTED]

    assert service.stop() == 0
    service = serve()
    systemd.is_("active", service.process.pid)
    debian.install(debs["penstock-postgresql"])  # nothing that runs knows it
    assert systemd.told() == []
    debian.remove("penstock-postgresql")
    assert systemd.told() == []

    systemd.is_("inactive")
    debian.install(debs["penstock"])
    assert systemd.told() == []
    systemd.is_("failed")
    debian.install(debs["penstock-redis"])
    assert systemd.told() == [RESTARTED]


def test_a_service_whose_configuration_does_not_fit_goes_on_with_the_old_version(debian, debs, previous, serve):
    debian.install(previous["penstock"])
    systemd = Systemd(debian)
    service = serve()
    systemd.is_("active", service.process.pid, reload=1)

    shutil.copy(debs["penstock"], debian.path("/tmp/new.deb"))
    said = debian.run("sh", "-c", "dpkg --force-confdef --force-confold --install /tmp/new.deb 2>&1")

    assert systemd.told() == [RELOADED]
    assert "finds faults in the configuration" in said and "systemctl restart penstock" in said
    assert service.get("/livez").status == 200


def test_an_upgrade_keeps_messages_what_waits_and_what_was_edited(debian, debs, previous, serve):
    debian.install(previous["penstock"])
    route = debian.path(f"{SCRIPTS}/route.lua")
    route.write_text(route.read_text(encoding="utf-8") + "-- edited here\n", encoding="utf-8")
    own = debian.path("/etc/penstock/conf.d/90-own.lua")
    own.write_text('return { http = { max_uri = "4KB" } }\n', encoding="utf-8")
    own.chmod(0o644)
    before = serve()
    kept = send(before)
    sent(before, kept)
    assert before.stop() == 0
    before = serve({"AUTOSTART": "false"})
    waiting = [send(before) for _ in range(20)]

    debian.install(debs["penstock"])  # while it serves

    assert before.get("/livez").status == 200
    assert before.stop() == 0
    assert debian.status("penstock") == f"installed {field(debs['penstock'], 'Version')}"
    assert route.read_text(encoding="utf-8").endswith("-- edited here\n")
    assert debian.path(f"{SCRIPTS}/route.lua.dpkg-dist").exists()
    assert "shipped before" not in debian.path(f"{SCRIPTS}/retry.lua").read_text(encoding="utf-8")
    assert own.exists()
    after = serve()
    assert after.message(kept)["status"] == "sent"
    for id in waiting:
        assert len(sent(after, id)["attempts"]) == 1


def test_files_are_brought_to_the_schema_of_the_version_after_with_all_that_is_in_them(debian, debs, following, serve):
    debian.install(debs["penstock"])
    before = serve()
    sent(before, kept := send(before))
    assert before.stop() == 0
    before = serve({"AUTOSTART": "false"})
    waiting = [send(before) for _ in range(20)]
    assert before.stop() == 0

    debian.install(following["penstock"])

    after = serve()
    assert after.message(kept)["status"] == "sent"
    for id in waiting:
        assert len(sent(after, id)["attempts"]) == 1
    assert after.stop() == 0
    for file in ("queue.db", "store.db"):
        with contextlib.closing(sqlite3.connect(debian.path(f"/var/lib/penstock/{file}"))) as database:
            assert database.execute("SELECT count(*) FROM later").fetchone() == (0,)


def test_an_edited_rule_is_in_force_after_a_reload_by_root(debian, debs, serve):
    debian.install(debs["penstock"])
    service = serve()
    send(service)
    rule = debian.path(f"{SCRIPTS}/validate.lua")
    rule.write_text('return function() return { { field = "body", message = "never" } } end\n', encoding="utf-8")

    said = debian.run("/usr/bin/penstockctl", "reload")

    assert "the policy in force is" in said
    refused = service.post("/api/messages/sms", {"from": phone(), "to": phone(), "body": "it lives"})
    assert refused.status == 400 and "never" in repr(refused)


def test_anybody_can_measure_the_machine_whatever_its_rules_are(debian, debs):
    debian.install(debs["penstock"])
    rule = debian.path(f"{SCRIPTS}/validate.lua")
    rule.write_text('return function() return { { field = "body", message = "never" } } end\n', encoding="utf-8")

    for user in ("nobody", None):
        said = debian.run("/usr/bin/penstockctl", "bench", "--here", "--seconds", "1", "--queue", "memory", "--json", user=user)
        assert json.loads(said)["accepts_per_second"]["measured"] > 0

    assert not [*debian.path("/var/tmp").glob("penstock-bench-*")]


def test_anybody_can_read_what_the_keys_mean_but_not_what_they_are(debian, debs):
    debian.install(debs["penstock"])

    reference = debian.attempt("/usr/bin/penstockctl", "config", "reference", "--json", user="nobody")

    assert reference.returncode == 0 and "Permission denied" in reference.stderr
    keys = {row["key"] for row in json.loads(reference.stdout)}
    assert {"worker.lease", "http.public.port", "providers.mock.seed"} <= keys
    shown = debian.attempt("/usr/bin/penstockctl", "config", "show", user="nobody")
    assert shown.returncode == 78 and "Permission denied" in shown.stderr
    status = debian.attempt("/usr/bin/penstockctl", "status", user="nobody")
    assert status.returncode == 69 and "Permission denied" in status.stderr and "root" in status.stderr


def test_removed_it_leaves_what_was_kept_and_installed_again_it_has_it(debian, debs, serve):
    debian.install(debs["penstock"])
    service = serve()
    id = send(service)
    sent(service, id)
    assert service.stop() == 0

    debian.remove("penstock")

    assert not debian.path("/usr/sbin/penstockd").exists()
    assert debian.path("/etc/penstock/penstock.lua").exists() and debian.path("/var/lib/penstock/store.db").exists()
    debian.install(debs["penstock"])
    assert serve().message(id)["status"] == "sent"


def test_purged_it_leaves_nothing_but_its_user_and_what_others_put_there(debian, debs, serve):
    debian.install(debs["penstock"])
    service = serve()
    sent(service, send(service))
    assert service.stop() == 0
    key = debian.path("/etc/penstock/acme.token")
    key.write_text("hush\n", encoding="utf-8")

    debian.purge("penstock")

    assert not debian.path("/var/lib/penstock").exists()
    assert [file.name for file in debian.path("/etc/penstock").rglob("*")] == ["acme.token"]
    left = [name for name in debian.run("find", "/", "-xdev", "-name", "*penstock*").split()
            if not name.startswith(("/proc/", "/tmp/", "/etc/penstock"))]
    assert left == []
    debian.run("getent", "passwd", "penstock")
    debian.install(debs["penstock"])
    sent(fresh := serve(), send(fresh))


def test_plugins_come_and_go_with_their_packages(debian, debs, serve):
    debian.install(debs["penstock"])

    def plugins():
        said = debian.run("/usr/sbin/penstockd", "--list-plugins", user="penstock")
        assert "refused" not in said, said
        return {line.split()[0] for line in said.splitlines() if line and not line.startswith((" ", "in "))}

    alone = plugins()
    assert not {"pg-queue", "pg-store", "redis-cache"} & alone
    debian.install(debs["penstock-postgresql"], debs["penstock-redis"])
    assert plugins() == alone | {"pg-queue", "pg-store", "redis-cache"}
    debian.remove("penstock-postgresql", "penstock-redis")
    assert plugins() == alone
    said = debian.run("/usr/sbin/penstockd", "--check-config", user="penstock")
    assert "the plugin pg-queue is not installed" in said and "configuration is good" in said
    sent(service := serve(), send(service))


@pytest.fixture
def database(debian):
    """A PostgreSQL server of the machine, with an empty database, seen inside by its socket."""
    with cluster() as server:
        server.folder.chmod(0o755)
        server.create("gateway")
        debian.shared["/srv/postgresql"] = str(server.folder)
        server.inside = "postgres://penstock@/gateway?host=/srv/postgresql"
        yield server


def test_packages_touch_no_database_and_a_database_outlives_them(debian, debs, previous, database, serve):
    def schemas():
        return database.query("gateway", "SELECT count(*) FROM pg_namespace WHERE nspname = 'penstock'")

    def configure():
        url = debian.path("/etc/penstock/postgresql.url")
        url.write_text(database.inside + "\n", encoding="utf-8")
        debian.run("chown", "root:penstock", "/etc/penstock/postgresql.url")
        debian.path("/etc/penstock/conf.d/60-postgresql.lua").write_text(
            'return { plugins = { "http-ingest", "pg-queue", "pg-store", "worker", "http-transport", "metrics" },\n'
            '  pg = { url = { file = "/etc/penstock/postgresql.url" } } }\n', encoding="utf-8")

    debian.install(previous["penstock"], previous["penstock-postgresql"])
    configure()
    debian.install(debs["penstock"], debs["penstock-postgresql"])
    assert schemas() == "0"
    service = serve()
    id = send(service)
    sent(service, id)
    assert service.stop() == 0

    debian.purge("penstock-postgresql", "penstock")

    assert schemas() == "1"
    debian.install(debs["penstock"], debs["penstock-postgresql"])
    configure()
    assert serve().message(id)["status"] == "sent"


def test_one_word_puts_queue_and_store_into_postgresql(debian, debs, database, serve):
    debian.install(debs["penstock"], debs["penstock-postgresql"])
    file = debian.path("/etc/penstock/penstock.lua")
    shipped = file.read_text(encoding="utf-8")
    assert shipped.count('local backend = "sqlite"') == 1
    file.write_text(shipped.replace('local backend = "sqlite"', 'local backend = "pg"'), encoding="utf-8")
    refused = debian.attempt("/usr/sbin/penstockd", "--check-config", user="penstock")
    assert refused.returncode == 78 and "pg.url is not set" in refused.stderr

    service = serve({"DATABASE_URL": database.inside})

    sent(service, send(service))
    assert not debian.path("/var/lib/penstock/queue.db").exists() and not debian.path("/var/lib/penstock/store.db").exists()


@pytest.mark.parametrize("older, newer", [("previous", "debs"), ("debs", "following")])
def test_a_version_goes_on_with_queue_and_store_of_the_one_before_in_postgresql(debian, request, older, newer, database, serve):
    older, newer = request.getfixturevalue(older), request.getfixturevalue(newer)
    debian.install(older["penstock"], older["penstock-postgresql"])
    environment = {"QUEUE_BACKEND": "pg", "STORE_BACKEND": "pg", "DATABASE_URL": database.inside}
    before = serve({**environment, "AUTOSTART": "false"})
    waiting = [send(before) for _ in range(20)]
    assert before.stop() == 0

    debian.install(newer["penstock"], newer["penstock-postgresql"])

    after = serve(environment)
    for id in waiting:
        assert len(sent(after, id)["attempts"]) == 1
    migrated = "SELECT count(*) FROM penstock.migrations WHERE name = '0900_later.sql'"
    assert database.query("gateway", migrated) == str(int("99.0.0" in str(newer["penstock"])))
