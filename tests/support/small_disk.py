"""A disk of a few megabytes that a test can fill and clear."""

import os
import pathlib
import subprocess

BLOCK = b"x" * 4096


class SmallDisk:
    """A file system of `megabytes` on a new folder, for who enters its mount namespace; it ends with this object or this
    process. Who is not root gets the namespace within one of its own users."""

    def __init__(self, folder, megabytes):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
        mount = f'mount -t tmpfs -o size={megabytes}m,mode=0777 none "$0" && echo mounted && exec cat'
        self.keeper = subprocess.Popen([*unshare, "sh", "-c", mount, str(self.folder)], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE)
        assert self.keeper.stdout.readline() == b"mounted\n", "no file system can be mounted, not even in a namespace"
        self.filler = pathlib.Path(f"/proc/{self.keeper.pid}/root{self.folder}/filler")

    def entering(self, user, group):
        """The beginning of a command that is run where the disk is, as this user."""
        if os.geteuid() == 0:
            self.enter = ["nsenter", "--target", str(self.keeper.pid), "--mount",
                          "setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"]
        else:
            self.enter = ["nsenter", "--target", str(self.keeper.pid), "--user", "--mount", "--preserve-credentials",
                          "unshare", "--user", f"--map-user={user}", f"--map-group={group}"]
        return self.enter

    def run(self, *command):
        """Runs it where the disk is, as who runs servers there."""
        subprocess.run([*self.enter, *command], check=True, cwd="/")

    def fill(self):
        """Takes what room there is at this moment."""
        with open(self.filler, "ab", buffering=0) as file:
            try:
                while file.write(BLOCK) == len(BLOCK):
                    pass
            except OSError:
                pass

    def clear(self):
        self.filler.unlink()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.keeper.stdin.close()
        self.keeper.wait(60)
        self.keeper.stdout.close()
