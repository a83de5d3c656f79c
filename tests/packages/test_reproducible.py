"""Two builds of one source, in two folders, give the same files."""

import hashlib
import os
import subprocess

from conftest import PACKAGES, ROOT


def digests(folder):
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()
            if file.suffix in (".deb", ".rpm", ".json")}


def test_a_build_elsewhere_gives_the_same_bytes(tmp_path):
    other = tmp_path / "elsewhere-and-longer" / "penstock"
    other.mkdir(parents=True)
    listed = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    packed = subprocess.run(["tar", "--create", "--null", "--files-from=-"], cwd=ROOT, check=True, capture_output=True, input=listed)
    subprocess.run(["tar", "--extract"], cwd=other, check=True, input=packed.stdout)

    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    built = subprocess.run(["packaging/packages"], cwd=other, check=False, capture_output=True, text=True, env=environment)

    assert built.returncode == 0, built.stdout[-4000:] + built.stderr[-4000:]
    assert digests(PACKAGES) == digests(other / "build/packages")
