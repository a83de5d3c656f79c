"""A Debian of its own, in a folder: made by debootstrap, or, where no mirror answers, of the packages of this machine."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request

import driver

SUITE = "bookworm"

# Nothing of the machine's own environment.
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "DEBIAN_FRONTEND": "noninteractive",
    "LC_ALL": "C.UTF-8",
    "HOME": "/root",
}


def run(*command, **options):
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=ENVIRONMENT, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def field(package, name):
    return run("dpkg-deb", "--field", str(package), name).strip()


def _mirror():
    """Where this machine's apt has the suite from, if that answers."""
    for line in run("apt-get", "indextargets", "--format", "$(CODENAME) $(COMPONENT) $(REPO_URI)", "Created-By: Packages").splitlines():
        codename, component, place = line.split(None, 2)
        if (codename, component) == (SUITE, "main") and place.startswith("http"):
            try:
                with urllib.request.urlopen(f"{place.rstrip('/')}/dists/{SUITE}/InRelease", timeout=10) as answer:
                    if answer.status == 200:
                        return place
            except (urllib.error.URLError, OSError):
                continue
    return None


class Machine:
    """What is installed here, as dpkg knows it."""

    def __init__(self):
        self.packages = {}
        self.providers = {}
        text = run("dpkg-query", "--show", "--showformat=${db:Status-Status}|${Package}|${Essential}|${Pre-Depends}, ${Depends}"
                   "|${Provides}|${Priority}\n")
        for line in text.splitlines():
            # Dependencies have bars of their own.
            status, name, essential, rest = line.split("|", 3)
            depends, provides, priority = rest.rsplit("|", 2)
            if status != "installed":
                continue
            self.packages[name] = (essential == "yes" or priority == "required", depends)
            for provided in provides.split(","):
                self.providers.setdefault(provided.split("(")[0].strip(), name)

    def closure(self, depends):
        """All packages that these dependencies need, with what every Debian has."""
        wanted = [name for name, (essential, _) in self.packages.items() if essential]
        wanted += self._chosen(depends)
        found = set()
        while wanted:
            name = wanted.pop()
            if name not in found:
                found.add(name)
                wanted += self._chosen(self.packages[name][1])
        return sorted(found)

    def _chosen(self, depends):
        chosen = []
        for group in filter(str.strip, depends.split(",")):
            names = [re.split(r"[\s(:]", one.strip())[0] for one in group.split("|")]
            installed = [name if name in self.packages else self.providers.get(name) for name in names]
            assert any(installed), f"this machine lacks {group.strip()}"
            chosen.append(next(filter(None, installed)))
        return chosen


class Debian:
    """Needs root. Commands run in a mount namespace of their own, so nothing is left mounted."""

    def __init__(self, root, depends):
        assert os.geteuid() == 0, "a Debian of its own needs root: run the packages' tests as root"
        self.root = pathlib.Path(root)
        self.shared = {}  # folders of the machine, by where they are seen inside
        if mirror := _mirror():
            self._debootstrap(mirror, depends)
        else:
            self._copy_machine(depends)
        # Services are started by the tests.
        policy = self.root / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
        policy.chmod(0o755)

    def _debootstrap(self, mirror, depends):
        run("debootstrap", "--variant=minbase", SUITE, str(self.root), mirror)
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        self.run("apt-get", "satisfy", "-q", "-y", "--no-install-recommends", depends)

    def _copy_machine(self, depends):
        packages = Machine().closure(depends)
        for folder in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
            if pathlib.Path("/", folder).is_symlink():
                (self.root / "usr" / folder).mkdir(parents=True, exist_ok=True)
                (self.root / folder).symlink_to(f"usr/{folder}")
        listed = set()
        for line in run("dpkg", "--listfiles", *packages).splitlines():
            if line.startswith("/") and line != "/." and os.path.lexists(line):
                listed.add(line[1:])
        # What maintainer scripts made: accounts, and the targets of alternatives.
        listed |= {f"etc/{name}" for name in ("passwd", "group", "shadow", "gshadow")}
        listed |= {str(path)[1:] for path in pathlib.Path("/etc/alternatives").iterdir()}
        names = "\0".join(sorted(listed))
        archive = subprocess.Popen(["tar", "--create", "--no-recursion", "--null", "--files-from=-", "--directory=/"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        extract = subprocess.Popen(["tar", "--extract", "--keep-directory-symlink", f"--directory={self.root}"],
                                   stdin=archive.stdout)
        archive.stdin.write(names.encode())
        archive.stdin.close()
        assert extract.wait() == 0 and archive.wait() == 0, "the machine's files could not be copied"

        database = self.root / "var/lib/dpkg"
        for folder in ("info", "updates", "triggers", "alternatives", "parts"):
            (database / folder).mkdir(parents=True, exist_ok=True)
        chosen = set(packages)
        for file in pathlib.Path("/var/lib/dpkg/info").iterdir():
            if file.name == "format" or file.name.rsplit(".", 1)[0].split(":")[0] in chosen:
                shutil.copy2(file, database / "info" / file.name)
        paragraphs = pathlib.Path("/var/lib/dpkg/status").read_text(encoding="utf-8").split("\n\n")
        (database / "status").write_text(
            "\n\n".join(one.strip("\n") for one in paragraphs
                        if (name := re.match(r"Package: (\S+)", one.strip())) and name[1] in chosen) + "\n\n", encoding="utf-8")
        for folder in ("dev", "proc", "sys", "run", "tmp", "root", "var/log"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        (self.root / "tmp").chmod(0o1777)
        for name, minor in (("null", 3), ("zero", 5), ("random", 8), ("urandom", 9)):
            if not (self.root / "dev" / name).exists():
                os.mknod(self.root / "dev" / name, 0o20666, os.makedev(1, minor))
                (self.root / "dev" / name).chmod(0o666)
        for name in ("passwd", "group", "shadow", "gshadow"):
            file = self.root / "etc" / name
            lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("penstock:")]
            file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.run("ldconfig")

    def moved(self, root):
        """The same in another folder, to which its files have been copied."""
        copy = object.__new__(Debian)
        copy.root = pathlib.Path(root)
        copy.shared = {}
        return copy

    def command(self, *command, user=None):
        """A command line that runs this inside; it becomes the command, so its process is the command's own."""
        change = f"--userspec={user} " if user else ""
        mounts = ['mount --rbind /proc "$0/proc"']
        for inside, outside in self.shared.items():
            self.path(inside).mkdir(parents=True, exist_ok=True)
            mounts.append(f'mount --bind "{outside}" "$0{inside}"')
        return ["unshare", "--mount", "sh", "-c", f'{" && ".join(mounts)} && exec chroot {change}"$0" "$@"', str(self.root),
                *command]

    def run(self, *command, user=None, **options):
        return run(*self.command(*command, user=user), **options)

    def attempt(self, *command, user=None):
        """Whatever comes of it."""
        return subprocess.run(self.command(*command, user=user), check=False, capture_output=True, text=True, env=ENVIRONMENT)

    def install(self, *packages, options=("--force-confdef", "--force-confold")):
        """With dpkg itself. Changed configuration is kept, as an administrator who only presses return keeps it."""
        folder = self.root / "tmp/packages"
        folder.mkdir(exist_ok=True)
        for package in packages:
            shutil.copy(package, folder)
        try:
            return self.run("dpkg", *options, "--install", *(f"/tmp/packages/{pathlib.Path(one).name}" for one in packages))
        finally:
            shutil.rmtree(folder)

    def remove(self, *packages):
        return self.run("dpkg", "--remove", *packages)

    def purge(self, *packages):
        return self.run("dpkg", "--purge", *packages)

    def status(self, package):
        return self.attempt("dpkg-query", "--show", "--showformat=${db:Status-Status} ${Version}", package).stdout.strip()

    def path(self, name):
        return self.root / name.lstrip("/")

    def owner(self, name):
        """As user:group and mode, by the names that it has in there."""
        return self.run("stat", "--format=%U:%G %a", name).strip()


def unit(debian):
    """The installed penstock.service: each key's values."""
    found = {}
    for line in debian.path("/lib/systemd/system/penstock.service").read_text(encoding="utf-8").splitlines():
        if re.match(r"[A-Za-z]+=", line):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


class Service(driver.Server):
    """The installed service as its unit starts it: the unit's own lines, user, folder and environment file, into which
    `environment` is written. READY=1 has been said when this is made."""

    def __init__(self, debian, folder, environment=None):
        self.folder = pathlib.Path(folder)
        self.log_file = self.folder / f"installed-{next(driver._numbers)}.log"
        lines = unit(debian)
        (user,), (place,) = lines["User"], lines["WorkingDirectory"]
        self._write(debian, lines["EnvironmentFile"], {"PORT": "0", **(environment or {})})
        with tempfile.TemporaryDirectory(prefix="penstock-") as manager, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
            heard.bind(f"{manager}/notify")
            heard.settimeout(driver.START_SECONDS)
            os.chmod(manager, 0o755)
            os.chmod(f"{manager}/notify", 0o666)
            debian.shared["/srv/manager"] = manager
            variables = {**ENVIRONMENT, "NOTIFY_SOCKET": "/srv/manager/notify", **self._read(debian, lines["EnvironmentFile"])}
            with open(self.log_file, "wb") as log:
                def begin(line):
                    return subprocess.Popen(debian.command("sh", "-c", 'cd "$0" && exec "$@"', place, *line.split(), user=user),
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=variables)

                for line in lines["ExecStartPre"]:
                    status = begin(line.removeprefix("-")).wait(driver.START_SECONDS)
                    assert line.startswith("-") or status == 0, self.log_text()
                self.process = begin(*lines["ExecStart"])
            self.port = driver.until(self._find_port, driver.START_SECONDS, "the line with the port")
            while b"READY=1" not in heard.recv(65536):
                pass
            del debian.shared["/srv/manager"]  # the service still sees it, which hears nothing more

    @staticmethod
    def _write(debian, files, variables):
        """Into the file that is there, as an administrator does."""
        there = [debian.path(file.removeprefix("-")) for file in files if debian.path(file.removeprefix("-")).exists()]
        assert len(there) == 1, files
        there[0].write_text("".join(f"{name}={value}\n" for name, value in variables.items()), encoding="utf-8")

    @staticmethod
    def _read(debian, files):
        lines = [line for file in files if (path := debian.path(file.removeprefix("-"))).exists()
                 for line in path.read_text(encoding="utf-8").splitlines()]
        return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
