"""The environment of the installed service, and how an administrator asks with it."""

import pytest


@pytest.fixture
def installed(debian, debs):
    debian.install(debs["penstock"])
    file = debian.path("/etc/default/penstock")
    file.write_text("# of this machine\nPORT=9123\nSSRF_ALLOWLIST=a.example&b.example\n", encoding="utf-8")
    return debian


@pytest.mark.parametrize("mode", [0o640, 0o600])
def test_root_checks_with_the_environment_of_the_service(installed, mode):
    installed.path("/etc/default/penstock").chmod(mode)

    shown = installed.run("env", "PORT=1", "/usr/sbin/penstockd", "--as-service", "--show-config")

    assert "port = 9123," in shown and "a.example&b.example" in shown
    assert installed.run("/usr/sbin/penstockd", "--as-service", "--check-config").endswith("configuration is good\n")


def test_root_checks_as_the_user_of_the_service(installed):
    script = installed.path("/etc/penstock/scripts/route.lua")
    installed.run("chown", "root:root", "/etc/penstock/scripts/route.lua")
    script.chmod(0o600)

    checked = installed.attempt("/usr/sbin/penstockd", "--as-service", "--check-config")

    assert checked.returncode == 78
    assert "route.lua: cannot be read" in checked.stderr


def test_without_the_file_the_defaults_hold(installed):
    installed.path("/etc/default/penstock").unlink()
    assert "port = 8080," in installed.run("/usr/sbin/penstockd", "--as-service", "--show-config")


def test_who_may_not_read_the_file_is_told_so(installed):
    installed.run("chown", "root:root", "/etc/default/penstock")
    installed.path("/etc/default/penstock").chmod(0o600)
    refused = installed.attempt("/usr/sbin/penstockd", "--as-service", "--check-config", user="nobody")
    assert refused.returncode == 69
    assert refused.stderr == "penstockd: cannot read /etc/default/penstock: Permission denied; call penstockd --as-service as root\n"
