"""What the .rpm packages hold, own and need, and the spec that builds them from source."""

import io
import re
import shutil
import subprocess
import tarfile

import pytest
from conftest import ROOT
from chroot import run

SPEC = ROOT / "packaging/rpm/penstock.spec"
PLUGINS = "/usr/lib64/penstock/plugins"

# What filesystem, systemd, man-db and the like own.
SYSTEM = re.compile(r"/(|etc|etc/sysconfig|usr|var|var/lib|usr/(s?bin|lib|lib64|include|share)|usr/share/(doc|licenses|man|man/man\d|bash-completion"
                    r"|bash-completion/completions)|usr/lib64/(cmake|pkgconfig)|usr/lib/(systemd|systemd/system|sysusers\.d|tmpfiles\.d"
                    r"|debug|debug/\.build-id))")


def files(package):
    """Mode, owner:group and flags of everything in it."""
    form = "[%{FILENAMES}\t%{FILEMODES:perms}\t%{FILEUSERNAME}:%{FILEGROUPNAME}\t%{FILEFLAGS:fflags}\n]"
    said = run("rpm", "--query", "--package", "--queryformat", form, str(package))
    return {name: tuple(rest) for name, *rest in (line.split("\t") for line in said.splitlines())}


def test_plugins_lie_in_lib64_and_the_unit_where_rpm_systems_have_it(rpms):
    found = files(rpms["penstock"])
    expected = {f"{PLUGINS}/{name}.so" for name in ("http-ingest", "memory-queue", "sqlite-queue", "sqlite-store", "worker",
                                                   "http-transport", "metrics")}
    expected |= {"/usr/sbin/penstockd", "/usr/bin/penstockctl", "/usr/lib/systemd/system/penstock.service",
                 "/usr/lib/sysusers.d/penstock.conf", "/usr/lib/tmpfiles.d/penstock.conf", "/usr/share/man/man8/penstockd.8.gz"}
    expected |= {f"/usr/share/penstock/{file.relative_to(ROOT)}" for file in (ROOT / "scripts").rglob("*.lua")}
    assert expected <= set(found), expected - set(found)
    assert {f"{PLUGINS}/pg-queue.so", f"{PLUGINS}/pg-store.so"} <= set(files(rpms["penstock-postgresql"]))
    assert f"{PLUGINS}/redis-cache.so" in files(rpms["penstock-redis"])
    assert {"/usr/lib64/cmake/penstock/penstock-config.cmake", "/usr/include/penstock/plugin.h", "/usr/bin/penstock-conformance"} <= set(files(rpms["penstock-devel"]))
    for package in rpms.values():
        assert not [name for name in files(package) if "-linux-gnu" in name or name.startswith(("/lib/", "/usr/lib/.build-id"))]


def test_no_folder_of_the_system_is_owned(rpms):
    for package in rpms.values():
        assert [name for name in files(package) if SYSTEM.fullmatch(name)] == []


def test_configuration_is_kept_and_only_the_group_reads_it(rpms):
    for name in ("penstock", "penstock-postgresql", "penstock-redis"):
        found = files(rpms[name])
        configuration = {path: about for path, about in found.items() if path.startswith("/etc/")}
        assert configuration
        for path, (mode, owner, flags) in configuration.items():
            assert owner == "root:penstock", path
            if mode.startswith("d"):
                assert mode == "drwxr-x---", path
            else:
                assert (mode, flags) == ("-rw-r-----", "cn"), path  # %config(noreplace)
    mode, owner, _ = files(rpms["penstock"])["/var/lib/penstock"]
    assert (mode, owner) == ("drwxr-x---", "penstock:penstock")


def test_libraries_are_found_out_and_plugins_are_no_libraries(rpms):
    def asked(package, what):
        return run("rpm", "--query", "--package", f"--{what}", str(rpms[package]))

    assert "libPocoFoundation.so." in asked("penstock", "requires") and "libjemalloc.so.2()(64bit)" in asked("penstock", "requires")
    assert "libpq.so.5()(64bit)" in asked("penstock-postgresql", "requires")
    assert "libpq.so" not in asked("penstock", "requires")
    for package in ("penstock-postgresql", "penstock-redis", "penstock-debuginfo"):
        assert re.search(r"^penstock = \d+\.\d+\.\d+-1$", asked(package, "requires"), re.MULTILINE)
    for package in ("penstock", "penstock-postgresql", "penstock-redis"):
        assert ".so" not in asked(package, "provides")


def packed(package, path):
    archive = subprocess.run(["rpm2archive", "-"], check=True, capture_output=True, input=package.read_bytes()).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files_of_it:
        return files_of_it.extractfile(f".{path}").read()


def what_plugins_require(package):
    said = run("rpm", "--query", "--package", "--provides", str(package))
    return re.findall(r"^penstock-sdk\([0-9a-f]{16}\)$", said, re.MULTILINE)


def test_a_plugin_of_somebody_else_can_depend_on_the_fitting_service(rpms):
    pc = packed(rpms["penstock-devel"], "/usr/lib64/pkgconfig/penstock.pc").decode()
    fingerprint = re.search(r"^fingerprint=([0-9a-f]+)$", pc, re.MULTILINE)[1]
    assert f"rpm_requires=penstock-sdk({fingerprint[:16]})" in pc.splitlines()
    assert what_plugins_require(rpms["penstock"]) == [f"penstock-sdk({fingerprint[:16]})"]


def test_the_generator_of_the_spec_says_the_same(rpms, tmp_path):
    """The rpm of Debian 12 is too old to run it."""
    text = SPEC.read_text(encoding="utf-8")
    assert re.search(r"^%global __penstock_sdk_path \^%{_sbindir}/penstockd\$$", text, re.MULTILINE)
    generator = re.search(r"^%global __penstock_sdk_provides %{_builddir}/%{name}-%{version}/(\S+)$", text, re.MULTILINE)[1]
    daemon = tmp_path / "penstockd"
    daemon.write_bytes(packed(rpms["penstock"], "/usr/sbin/penstockd"))
    daemon.chmod(0o755)
    said = subprocess.run([ROOT / generator], input=f"{daemon}\n", check=True, capture_output=True, text=True).stdout
    assert said.splitlines() == what_plugins_require(rpms["penstock"])


def test_no_script_knows_a_database(rpms):
    for package in rpms.values():
        scripts = run("rpm", "--query", "--package", "--scripts", str(package))
        assert not re.search(r"migrate|psql|dropdb|createdb|sqlite3|rm -rf", scripts)


def rpmlint(*arguments):
    checked = subprocess.run(["rpmlint", *map(str, arguments)], check=False, capture_output=True, text=True)
    assert re.search(r" 0 errors,", checked.stdout), checked.stdout + checked.stderr
    assert " E: " not in checked.stdout, checked.stdout


def test_rpmlint_finds_no_error(rpms):
    rpmlint("--rpmlintrc", ROOT / "packaging/rpm/rpmlintrc", *rpms.values())


def test_rpmlint_finds_no_error_in_the_spec():
    rpmlint(SPEC)


# What Fedora's macros say, as far as the spec uses them, over a build that is there already.
MACROS = {
    "_prefix": "/usr",
    "_docdir_fmt": "%%{NAME}",
    "_libdir": "/usr/lib64",
    "_includedir": "/usr/include",
    "_sysconfdir": "/etc",
    "_sharedstatedir": "/var/lib",
    "_unitdir": "/usr/lib/systemd/system",
    "_sysusersdir": "/usr/lib/sysusers.d",
    "_tmpfilesdir": "/usr/lib/tmpfiles.d",
    "cmake": ": ",
    "cmake_build": ": ",
    "debug_package": "%{nil}",
    "_build_id_links": "none",
    "__os_install_post": "%{nil}",
    "systemd_post()": ": ",
    "systemd_preun()": ": ",
    "systemd_postun_with_restart()": ": ",
    "tmpfiles_create()": ": ",
}


def defined(**more):
    words = []
    for name, value in {**MACROS, **more}.items():
        words += ["--define", f"{name} {value}"]
    return words


def packages_of_spec(**more):
    parsed = run("rpmspec", *defined(**more), "--query", "--queryformat", "%{NAME} ", str(SPEC))
    return set(parsed.split())


def test_the_spec_has_the_version_of_the_project():
    version = re.search(r"project\(penstock VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]
    assert run("rpmspec", *defined(), "--query", "--srpm", "--queryformat", "%{VERSION}", str(SPEC)) == version


def test_without_a_postgresql_client_the_spec_has_no_such_package():
    whole = {"penstock", "penstock-postgresql", "penstock-redis", "penstock-devel"}
    assert packages_of_spec(fedora="41") == whole
    assert packages_of_spec(rhel="9") == whole - {"penstock-postgresql"}
    assert "PENSTOCK_POSTGRESQL=OFF" in run("rpmspec", *defined(rhel="9"), "--parse", str(SPEC))


@pytest.fixture(scope="module")
def from_spec(tmp_path_factory):
    """rpmbuild -bb, whose compiling was done before: build/rpm is what %build would have made, and of the compiler's Lua
    none is needed."""
    folder = tmp_path_factory.mktemp("rpmbuild")
    (folder / "SOURCES").mkdir()
    version = re.search(r"^Version: +(\S+)", SPEC.read_text(encoding="utf-8"), re.MULTILINE)[1]
    archive = folder / "SOURCES" / f"penstock-{version}.tar.gz"
    run("git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), "archive", f"--prefix=penstock-{version}/", f"--output={archive}",
        "HEAD")
    lua = re.search(r"lua_version (\S+)", SPEC.read_text(encoding="utf-8"))[1]
    stub = folder / f"lua-{lua}" / "src"
    stub.mkdir(parents=True)
    (stub / "Makefile").write_text("a:\n", encoding="utf-8")
    run("tar", "--create", "--gzip", f"--directory={folder}", f"--file={folder}/SOURCES/lua-{lua}.tar.gz", f"lua-{lua}")
    spec = folder / "penstock.spec"
    shutil.copy(SPEC, spec)
    # The last %global wins over --define.
    text = spec.read_text(encoding="utf-8").replace("%global _vpath_builddir build/rpm", f"%global _vpath_builddir {ROOT}/build/rpm")
    spec.write_text(text, encoding="utf-8")
    run("rpmbuild", "-bb", "--nodeps", *defined(_topdir=folder), str(spec))
    return {file.name.split(f"-{version}")[0]: file for file in (folder / "RPMS").rglob("*.rpm")}


def test_what_the_spec_builds_is_what_the_packages_are(from_spec, rpms):
    assert set(from_spec) == {"penstock", "penstock-postgresql", "penstock-redis", "penstock-devel"}

    def compared(package):
        return {name: (mode, owner, flags.replace("d", "").replace("l", "")) for name, (mode, owner, flags) in files(package).items()
                if not name.startswith(("/usr/share/doc", "/usr/share/licenses", "/usr/lib/.build-id"))
                and (not mode.startswith("d") or name.startswith(("/etc", "/var")))}

    for name, package in from_spec.items():
        assert compared(package) == compared(rpms[name]), name
