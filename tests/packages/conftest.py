import os
import pathlib
import subprocess
import sys

import pytest

sys.path[:0] = [str(pathlib.Path(__file__).parents[1] / "support"), str(pathlib.Path(__file__).parent)]

from chroot import Debian, field, run  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = pathlib.Path(os.environ.get("PENSTOCK_PACKAGES", ROOT / "build/packages"))

DEBS = ("penstock", "penstock-postgresql", "penstock-redis", "libpenstock-dev", "penstock-dbgsym")
RPMS = ("penstock", "penstock-postgresql", "penstock-redis", "penstock-devel", "penstock-debuginfo")


def one(pattern):
    found = sorted(PACKAGES.glob(pattern))
    assert len(found) == 1, f"{pattern} in {PACKAGES}: {len(found)} files; make packages"
    return found[0]


@pytest.fixture(scope="session")
def debs():
    """Each .deb by the name of its package."""
    return {name: one(f"{name}_*.deb") for name in DEBS}


@pytest.fixture(scope="session")
def rpms():
    return {name: one(f"{name}-[0-9]*.rpm") for name in RPMS}


@pytest.fixture(scope="session")
def unpacked(debs, tmp_path_factory):
    """A folder in which service and SDK lie as they would on a machine, without being installed."""
    root = tmp_path_factory.mktemp("unpacked")
    for name in ("penstock", "penstock-postgresql", "penstock-redis", "libpenstock-dev", "penstock-dbgsym"):
        run("dpkg-deb", "--extract", str(debs[name]), str(root))
    return root


def renumbered(debs, folder, version, change):
    """The packages under another number. change(name, tree) changes what is in each."""
    made = {}
    for name in ("penstock", "penstock-postgresql", "penstock-redis"):
        tree = folder / name
        run("dpkg-deb", "--raw-extract", str(debs[name]), str(tree))
        control = tree / "DEBIAN/control"
        control.write_text(control.read_text(encoding="utf-8").replace(field(debs[name], "Version"), version), encoding="utf-8")
        change(name, tree)
        made[name] = folder / f"{name}_{version}.deb"
        run("dpkg-deb", "--root-owner-group", "-Znone", "--build", str(tree), str(made[name]))
    return made


@pytest.fixture(scope="session")
def previous(debs, tmp_path_factory):
    """The version before, made of the same packages: a lower number and two scripts as they were shipped then."""
    def change(name, tree):
        if name == "penstock":
            for script in ("retry.lua", "route.lua"):
                file = tree / "etc/penstock/scripts" / script
                file.write_text("-- As it was shipped before.\n" + file.read_text(encoding="utf-8"), encoding="utf-8")

    return renumbered(debs, tmp_path_factory.mktemp("previous"), "0.0.9", change)


@pytest.fixture(scope="session")
def following(debs, tmp_path_factory):
    """The version after, made of the same packages: a higher number and a migration more of each schema."""
    def change(_, tree):
        for folder in (tree / "usr/share/penstock/migrations").glob("*"):
            schema = "penstock." if folder.name == "postgres" else ""
            (folder / "0900_later.sql").write_text(f"CREATE TABLE {schema}later (id integer PRIMARY KEY);\n", encoding="utf-8")

    return renumbered(debs, tmp_path_factory.mktemp("following"), "99.0.0", change)


@pytest.fixture(scope="session")
def base(debs, tmp_path_factory):
    """A Debian with what the packages depend on, to be copied."""
    depends = [one.strip() for name in ("penstock", "penstock-postgresql", "penstock-redis")
               for one in field(debs[name], "Depends").split(",") if not one.strip().startswith("penstock")]
    root = tmp_path_factory.mktemp("debian")
    root.chmod(0o755)
    return Debian(root, ", ".join(dict.fromkeys(depends)))


@pytest.fixture
def debian(base, tmp_path):
    """A fresh copy of it."""
    root = tmp_path / "root"
    subprocess.run(["cp", "--archive", "--reflink=auto", str(base.root), str(root)], check=True)
    return base.moved(root)
