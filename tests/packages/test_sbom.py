"""The bill of materials names what the packed programs are linked with."""

import json
import re

from conftest import PACKAGES, ROOT, one
from chroot import field, run


def test_every_library_and_licence_is_named(debs):
    bill = json.loads(one("penstock-*.spdx.json").read_text(encoding="utf-8"))
    known = json.loads((ROOT / "packaging/sbom/libraries.json").read_text(encoding="utf-8"))

    assert bill["spdxVersion"] == "SPDX-2.3"
    libraries = {package["name"]: package for package in bill["packages"]}
    product = libraries.pop("penstock")
    assert product["versionInfo"] == field(debs["penstock"], "Version") and product["licenseDeclared"] == "Apache-2.0"
    assert all(package["versionInfo"] and package["licenseDeclared"] for package in libraries.values())
    named = {package["SPDXID"] for package in bill["packages"]}
    assert {relation["relatedSpdxElement"] for relation in bill["relationships"]} == named

    needed = set()
    for name in ("penstock", "penstock-postgresql", "penstock-redis"):
        for depended in field(debs[name], "Depends").split(","):
            package = re.split(r"[\s(|]", depended.strip())[0]
            if package.startswith(("penstock", "systemd")):
                continue
            needed.add(run("dpkg-query", "--show", "--showformat=${source:Package}", package).strip())
    assert {known["linked"][source]["name"] for source in needed} <= set(libraries)


def test_it_is_dated_as_the_packages_are():
    epoch = run("dpkg-parsechangelog", "-l", str(ROOT / "packaging/deb/changelog"), "-S", "Timestamp").strip()
    created = json.loads(next(PACKAGES.glob("*.spdx.json")).read_text(encoding="utf-8"))["creationInfo"]["created"]
    assert created == run("date", "--utc", f"--date=@{epoch}", "+%Y-%m-%dT%H:%M:%SZ").strip()
