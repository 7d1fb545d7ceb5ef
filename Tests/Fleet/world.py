"""A shared migration for the tests with real engines: a home of its own, a bare server, a clone that has begun."""
import os
import pathlib
import socket
import subprocess
import tempfile
import time

# Steps tell the test what they did, in the home that is shared: a sandbox has one of its own.
PLAN = """---
migration: fleet
backoff: {{ initial: 0, max: 0 }}
sandbox: off
gate: {{ verifiers: [ {{ name: t, kind: lint, run: "test -e a.txt" }} ] }}
{more}
steps:
{steps}
---
Do it.
"""


def port():
    """One that is free now."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def wait_for(number):
    """Until somebody listens there."""
    while True:
        try:
            return socket.create_connection(("127.0.0.1", number)).close()
        except OSError:
            time.sleep(0.05)


class World:
    def __init__(self, binary, folder=None):
        self.root = pathlib.Path(folder or tempfile.mkdtemp(prefix="git-migrate-fleet-"))
        self.bin, self.home, self.server, self.clone = binary, self.root / "home", self.root / "app.git", self.root / "app"
        self.home.mkdir(parents=True)
        self.environment = {
            "PATH": f"{binary}:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin", "HOME": str(self.home),
            "LANG": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1",
        }
        self.git(None, "config", "--global", "user.name", "tester")
        self.git(None, "config", "--global", "user.email", "tester@localhost")
        self.git(None, "config", "--global", "init.defaultBranch", "main")
        self.git(None, "init", "--quiet", "--bare", str(self.server))
        self.git(None, "clone", "--quiet", str(self.server), str(self.clone))
        (self.clone / "a.txt").write_text("a\n")
        self.git(self.clone, "add", "a.txt")
        self.git(self.clone, "commit", "--quiet", "-m", "begin")
        self.git(self.clone, "push", "--quiet", "origin", "HEAD:main")

    def run(self, *words, cwd=None, more=None, fails=False):
        run = subprocess.run(
            [str(word) for word in words], cwd=cwd or self.root, capture_output=True, text=True,
            env={**self.environment, **(more or {})})
        if run.returncode != 0 and not fails:
            raise SystemExit(f"{words}: {run.returncode}\n{run.stdout}{run.stderr}")
        return run

    def git(self, where, *words):
        return self.run("git", *(["-C", where] if where else []), *words).stdout

    def migrate(self, *words, **more):
        return self.run(os.path.join(self.bin, "git-migrate"), *words, cwd=self.clone, **more)

    def start(self, steps, more=""):
        self.migrate("init", "--remote", "origin")
        plan = self.root / "plan.md"
        plan.write_text(PLAN.format(steps="\n".join(steps), more=more))
        self.migrate("start", plan)

    def sentences(self):
        return self.git(self.server, "log", "--reverse", "--format=%s", "refs/migrate/ledger").splitlines()
