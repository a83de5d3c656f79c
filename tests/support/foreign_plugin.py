"""A plugin of another tree: built by pkg-config alone, and greeted by a penstockd that loads it."""

import os
import re
import shutil
import subprocess

from driver import Server

SERVICE = "http-ingest,sqlite-queue,sqlite-store,worker,http-transport,metrics"


# Code of the SDK that needs a library of its own.
HASHES = """
#include "penstock/identity.h"
std::string hashed(std::string_view text) { return penstock::Digest128::of({text}).hex(); }
"""


def build_by_pkg_config(source, pc, prefix):
    """Runs the command that penstock.pc begins with, in the folder of the template, which gets a use of hashes besides;
    `prefix` is where the SDK lies."""
    with open(source / "plugin.cpp", "a", encoding="utf-8") as file:
        file.write(HASHES)
    command = "\n".join(re.findall(r"^#   (.*)$", pc.read_text(encoding="utf-8"), re.MULTILINE))
    assert command.count("pkg-config ") == 4, command
    command = command.replace("pkg-config ", f"pkg-config --define-variable=prefix={prefix} ")
    built = subprocess.run(["sh", "-ec", command], cwd=source, env={**os.environ, "PKG_CONFIG_PATH": str(pc.parent)},
                           check=False, capture_output=True, text=True)
    assert (built.returncode, built.stdout + built.stderr) == (0, "")
    return source / "hello.so"


def greet(plugin, folder, program, plugins, values):
    """penstockd runs with the template beside its own plugins and answers GET /hello."""
    shutil.copytree(plugins, folder / "plugins")
    shutil.copy(plugin, folder / "plugins")
    server = Server(folder / "run", {"plugin_dir": folder / "plugins", "plugins": f"{SERVICE},hello",
                                     "hello.greeting": "good evening", **values}, program=program)
    try:
        answer = server.get("/hello")
        assert (answer.status, answer.body) == (200, b"good evening\n")
        assert server.stop() == 0
    finally:
        server.kill()
