"""The peers of the durable queue: Node programs in peers/, at the exact versions of its lockfile."""

import functools
import json
import pathlib
import shutil
import subprocess

from rig import SOURCE, Server, free_port

FOLDER = SOURCE / "peers"
QUEUES = {"graphile": "graphile-worker", "boss": "pg-boss"}
ACCEPTING = {"graphile": "Fastify + graphile-worker", "boss": "Fastify + pg-boss", "insert": "Fastify + one INSERT"}
NODE_MAJOR = 20


@functools.cache
def missing():
    """Why the peers cannot be measured, or nothing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return f"the peers on Node are left out: node and npm are not here (Node >= {NODE_MAJOR} is needed)"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < NODE_MAJOR:
        return f"the peers on Node are left out: node is {version} and Node >= {NODE_MAJOR} is needed"
    lock, installed = FOLDER / "package-lock.json", FOLDER / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        run = subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=FOLDER, capture_output=True, text=True, timeout=240)
        if run.returncode != 0:
            return "the peers on Node are left out: npm ci failed: " + run.stderr.strip().splitlines()[-1]
    return None


def present(table, names):
    """Those of the names that can be measured; says in the table why when none can."""
    why = missing()
    if why is None:
        return list(names)
    table.note(why)
    return []


def command(program, *arguments):
    return ["node", str(FOLDER / f"{program}.mjs"), *map(str, arguments)]


def accepting(peer, url, folder):
    port = free_port()
    return Server(command("accept", peer, url, port), port, folder, {"NODE_ENV": "production"}, "/readyz")


class Worker:
    """work.mjs: keeps each message by one INSERT."""

    def __init__(self, peer, url, folder):
        with open(pathlib.Path(folder) / "worker.log", "wb") as log:
            self.process = subprocess.Popen(command("work", peer, url), stdout=subprocess.PIPE, stderr=log, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError((pathlib.Path(folder) / "worker.log").read_text())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(60)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()


def answer(process):
    """What a program of one line of JSON has said in the end."""
    out, _ = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{process.args[0]} ended with {process.returncode}")
    return json.loads(out.splitlines()[-1])
