"""What the Debian packages hold, own and need."""

import re
import subprocess

import pytest
from conftest import ROOT
from chroot import field, run

CONFIGURATION = "/etc/penstock/"
PRIVATE = ("/etc/penstock", "/etc/default/", "/var/lib/penstock")


def listing(package):
    """Mode, owner and path of everything in it."""
    entries = {}
    for line in run("dpkg-deb", "--contents", str(package)).splitlines():
        mode, owner, _, _, _, path = line.split(None, 5)
        entries[path.split(" -> ")[0].removeprefix(".").rstrip("/") or "/"] = (mode, owner)
    return entries


def paths(package):
    return {path for path, (mode, _) in listing(package).items() if not mode.startswith("d")}


def triplet():
    return run("dpkg-architecture", "-qDEB_HOST_MULTIARCH").strip()


def shipped_scripts():
    """By their path below the checkout."""
    return [str(file.relative_to(ROOT)) for file in sorted((ROOT / "scripts").rglob("*.lua"))]


def shipped_configuration():
    files = ["/etc/default/penstock", *(CONFIGURATION + name for name in ("penstock.lua", "api.lua", "worker.lua"))]
    return files + [CONFIGURATION + script for script in shipped_scripts()]


def test_the_service_is_where_the_hierarchy_standard_wants_it(debs):
    plugins = f"/usr/lib/{triplet()}/penstock/plugins"
    expected = {
        "/usr/sbin/penstockd",
        "/usr/bin/penstockctl",
        *(f"{plugins}/{name}.so" for name in ("http-ingest", "memory-queue", "sqlite-queue", "sqlite-store", "worker",
                                             "http-transport", "metrics")),
        "/lib/systemd/system/penstock.service",
        "/lib/systemd/system/penstock.socket",
        "/usr/lib/sysusers.d/penstock.conf",
        "/usr/lib/tmpfiles.d/penstock.conf",
        "/usr/share/man/man8/penstockd.8.gz",
        "/usr/share/man/man1/penstockctl.1.gz",
        "/usr/share/man/man5/penstock.lua.5.gz",
        "/usr/share/bash-completion/completions/penstockctl",
        "/usr/share/penstock/alerts/penstock.rules.yml",
        "/usr/share/penstock/migrations/sqlite/0001_store.sql",
        "/usr/share/penstock/migrations/sqlite-queue/0001_queue.sql",
        *shipped_configuration(),
        *(f"/usr/share/penstock/{script}" for script in shipped_scripts()),
    }
    found = paths(debs["penstock"])
    assert expected <= found, expected - found
    assert any(re.fullmatch(r"/usr/share/penstock/dashboards/[^/]+\.json", path) for path in found)
    assert not [path for path in found if re.search(r"/(pg-queue|pg-store|redis-cache)\.so$|/postgres/", path)]


def test_every_plugin_is_in_one_package(debs):
    owners = {}
    for name in ("penstock", "penstock-postgresql", "penstock-redis"):
        for path in paths(debs[name]):
            if path.endswith(".so"):
                owners.setdefault(path.rsplit("/", 1)[1], []).append(name)
    assert all(len(found) == 1 for found in owners.values()), owners
    built = {file.parent.name for file in (ROOT / "plugins").glob("*/plugin.cpp")}
    assert {name.removesuffix(".so") for name in owners} == built


def test_postgresql_and_redis_have_packages_of_their_own(debs):
    postgresql = paths(debs["penstock-postgresql"])
    plugins = f"/usr/lib/{triplet()}/penstock/plugins"
    migrations = {f"/usr/share/penstock/{file.relative_to(ROOT)}" for file in (ROOT / "migrations/postgres").glob("*.sql")}
    assert {f"{plugins}/pg-queue.so", f"{plugins}/pg-store.so", f"{CONFIGURATION}conf.d/50-postgresql.lua"} | migrations \
        <= postgresql
    assert {f"{plugins}/redis-cache.so", f"{CONFIGURATION}conf.d/50-redis.lua"} <= paths(debs["penstock-redis"])


def test_the_sdk_has_every_header_and_what_builds_a_plugin(debs):
    found = paths(debs["libpenstock-dev"])
    library = f"/usr/lib/{triplet()}"
    headers = {f"/usr/include/penstock/{file.name}" for file in (ROOT / "host/include/penstock").glob("*.h")}
    assert headers and headers == {path for path in found if path.startswith("/usr/include/")}
    assert {f"{library}/libpenstock_sdk.a", f"{library}/pkgconfig/penstock.pc", f"{library}/cmake/penstock/penstock-config.cmake",
            f"{library}/cmake/penstock/PenstockPlugin.cmake", f"{library}/cmake/penstock/plugin.map",
            "/usr/bin/penstock-conformance", "/usr/share/man/man1/penstock-conformance.1.gz",
            "/usr/share/penstock/plugin-template/CMakeLists.txt", "/usr/share/penstock/plugin-template/plugin.cpp"} <= found


@pytest.mark.parametrize("package", ["penstock", "penstock-postgresql", "penstock-redis"])
def test_all_configuration_and_nothing_else_is_a_conffile(debs, package):
    conffiles = run("dpkg-deb", "--info", str(debs[package]), "conffiles").split()
    assert conffiles == sorted(path for path in paths(debs[package]) if path.startswith("/etc/"))


def test_others_can_read_neither_configuration_nor_data_at_any_moment(debs):
    for package in ("penstock", "penstock-postgresql", "penstock-redis"):
        for path, (mode, owner) in listing(debs[package]).items():
            if path.startswith(PRIVATE):
                assert mode == ("drwxr-x---" if mode.startswith("d") else "-rw-r-----"), path
            assert owner == "root/root", path


def test_everything_else_has_the_usual_modes(debs):
    for package in debs.values():
        for path, (mode, _) in listing(package).items():
            if path.startswith(PRIVATE):
                continue
            program = path.startswith(("/usr/bin/", "/usr/sbin/"))
            assert mode == "-rwxr-xr-x" if program else mode in ("drwxr-xr-x", "-rw-r--r--"), (path, mode)


def needs(package):
    return {re.split(r"[\s(]", one.strip())[0] for one in field(package, "Depends").split(",")}


def test_libraries_are_depended_on_by_who_is_linked_with_them(debs):
    assert {"libc6", "libpocofoundation80", "libssl3", "libsqlite3-0", "libjemalloc2"} <= needs(debs["penstock"])
    assert not {"libpq5", "libpocodatapostgresql80", "libpocoredis80"} & needs(debs["penstock"])
    assert "libpq5" in needs(debs["penstock-postgresql"])
    assert "libpocoredis80" in needs(debs["penstock-redis"])
    assert {"libpoco-dev", "libboost-json1.81-dev", "libssl-dev", "libpocofoundation80"} <= needs(debs["libpenstock-dev"])


def test_plugins_want_the_service_of_their_own_version(debs):
    version = field(debs["penstock"], "Version")
    for package in ("penstock-postgresql", "penstock-redis", "penstock-dbgsym"):
        assert f"penstock (= {version})" in field(debs[package], "Depends")


def test_a_plugin_of_somebody_else_can_depend_on_the_fitting_service(debs, unpacked):
    pc = next(unpacked.glob("usr/lib/*/pkgconfig/penstock.pc"))
    told = run("pkg-config", "--variable=deb_depends", str(pc)).strip()
    fingerprint = run("pkg-config", "--variable=fingerprint", str(pc)).strip()
    assert told == f"penstock-sdk-{fingerprint[:16]}" and re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", told)
    assert [one.strip() for one in field(debs["penstock"], "Provides").split(",")] == [told]


def test_the_newest_entry_of_the_changelog_is_this_version(debs):
    said = run("dpkg-parsechangelog", "-l", str(ROOT / "packaging/deb/changelog"), "-S", "Version").strip()
    assert {field(package, "Version") for package in debs.values()} == {said}


def test_no_maintainer_script_knows_a_database(debs):
    for package in debs.values():
        for script in ("preinst", "postinst", "prerm", "postrm"):
            text = subprocess.run(["dpkg-deb", "--info", str(package), script], check=False, capture_output=True, text=True).stdout
            code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
            assert not re.search(r"migrate|psql|dropdb|createdb|sqlite3", code), (package, script)


def test_the_symbols_are_those_of_the_packed_programs(debs, unpacked):
    kept = {path.removeprefix("/usr/lib/debug/.build-id/") for path in paths(debs["penstock-dbgsym"]) if path.endswith(".debug")}
    programs = [unpacked / "usr/sbin/penstockd", unpacked / "usr/bin/penstockctl", unpacked / "usr/bin/penstock-conformance",
                *unpacked.glob("usr/lib/*/penstock/plugins/*.so")]
    assert len(programs) > 5
    for program in programs:
        identity = re.search(r"Build ID: (\w+)", run("readelf", "-n", str(program)))[1]
        assert f"{identity[:2]}/{identity[2:]}.debug" in kept, program
        assert ".debug_info" not in run("readelf", "-S", "--wide", str(program)), program
    assert len(kept) == len(programs)


def test_lintian_finds_no_error_and_no_warning(debs):
    command = ["lintian", "--fail-on", "error,warning", "--tag-display-limit", "0"]
    checked = subprocess.run([*command, *map(str, debs.values())], check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert not re.search(r"^[EW]:", checked.stdout, re.MULTILINE), checked.stdout
