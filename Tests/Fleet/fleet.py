#!/usr/bin/env python3
"""Sixty repositories as a fleet, from the check to the pull requests, with what goes wrong on the way: bases that do
not pass, a codemod that leaves some to an agent, a wave that stops by itself, runs and pushes that are killed. Nothing
is lost, nothing is done twice and nothing is forced.

The repositories are small ones that are made here or, with a folder of them, the source archives of real projects: what
of these Python does not read fails their gate from the beginning, and what their makers wrote by hand is the agent's.

usage: fleet.py BIN [COUNT | FOLDER]
"""
import ast
import collections
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import warnings
import zipfile

import world

PLAN = """---
migration: guava
attempts: 1
backoff: {{ initial: 0, max: 0 }}
sandbox: off
agent: {{ command: 'python3 "$HOME/agent.py"' }}
gate: {{ verifiers: [ {{ name: test, run: {gate} }} ] }}
targets:
  waves: [5, {second}, rest]
  stop: {{ failed: {failed}% }}
  list:
{targets}
steps:
  - id: S1
    title: {title}
    run: |
      test ! -e "$HOME/broken" || {{ echo 'Could not resolve newlog:2'; exit 7; }}
      {codemod}
    prompt: {title}.
---
"""
CODEMOD = """sed -i 's/^import oldlog$/import newlog/' app.py
      ! grep -q oldlog app.py || exit 3"""
AGENT = """import pathlib
text = pathlib.Path("app.py").read_text()
# What has a formatter of its own, nobody can move alone.
name = "newlog" if "formatter" not in text else "nolog"
pathlib.Path("app.py").write_text(text.replace("import oldlog as log", f"import {name} as log"))
"""
TEST = """import unittest
class Imports(unittest.TestCase):
    def test_import(self):
        import app
        self.assertTrue({good})
"""
# Of an archive: what packing has left in it goes. Where the makers say what they pack by a word that is no more, the
# agent writes the other one, and cannot where they name a licence by the old one.
CLEANING = """rm -rf PKG-INFO *.egg-info
      test ! -e setup.cfg || sed -i '/^.egg_info.$/,$d' setup.cfg
      ! grep -q -e '^.wheel.$' -e '^license_file' setup.cfg 2> /dev/null || exit 3"""
CLEANER = """import pathlib, sys
text = pathlib.Path("setup.cfg").read_text()
if "license_file" in text:
    sys.exit("whose licence that is, nobody says")
pathlib.Path("setup.cfg").write_text(text.replace("[wheel]", "[bdist_wheel]"))
"""
READER = """import ast, pathlib, sys, warnings
warnings.simplefilter("ignore")
bad = 0
for path in sorted(pathlib.Path(".").rglob("*.py")):
    try:
        ast.parse(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        bad = 1
        print(f"{path}:{getattr(error, 'lineno', 1)}:1: error: {getattr(error, 'msg', error)}")
sys.exit(bad)
"""
# The process that pushes, or the whole run, is killed by the one that it pushes to.
KILL = """#!/bin/sh
cat > /dev/null
p=$$
while [ "$p" -gt 1 ]; do
  p=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$p/status")
  [ "$(cat "/proc/$p/comm")" = {name} ] && {{ kill -9 "$p"; break; }}
done
rm -f "$0"
exit 0
"""


class Fleet:
    def __init__(self, binary, count):
        self.binary, self.root = binary, pathlib.Path(tempfile.mkdtemp(prefix="git-migrate-sixty-"))
        self.user, self.servers, self.home = self.root / "user", self.root / "servers", self.root / "home"
        for folder in (self.user, self.servers, self.home):
            folder.mkdir()
        self.environment = {
            "PATH": f"{binary}:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin", "HOME": str(self.user),
            "LANG": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1", "GH_ENTERPRISE_TOKEN": "secret",
        }
        (self.user / ".gitconfig").write_text(
            "[user]\n\tname = tester\n\temail = tester@localhost\n[init]\n\tdefaultBranch = main\n"
            f'[url "{self.servers}/"]\n\tinsteadOf = https://127.0.0.1/shop/\n')
        archives = [] if isinstance(count, int) else sorted(pathlib.Path(count).glob("*.*"))
        self.count = len(archives) or count
        self.words = {
            "gate": "python3 -B -m unittest -q", "title": "Move to newlog", "codemod": CODEMOD, "failed": 50}
        (self.user / "agent.py").write_text(CLEANER if archives else AGENT)
        if archives:
            (self.user / "reader.py").write_text(READER)
            self.words = {
                "gate": "python3 -B \"$HOME/reader.py\"", "title": "Take out what packing left", "codemod": CLEANING,
                "failed": 70}
            self.unpack(archives)
        else:
            self.compose(self.count)
        self.git(self.home, "init", "--quiet")
        self.git(self.home, "commit", "--quiet", "--allow-empty", "-m", "home")
        targets = "\n".join(
            f"    - {{ url: 'https://127.0.0.1/shop/{name}', id: {name}, owner: team-{number % 4} }}"
            for number, name in enumerate(self.names))
        self.plan = self.root / "guava.md"
        self.plan.write_text(PLAN.format(targets=targets, second=self.count // 2 - 5, **self.words))

    def unpack(self, archives):
        """Real projects; those of the first wave are ones that all goes well with."""
        self.bad, self.odd, self.stuck = [], [], []
        names = []
        for archive in archives:
            name = re.sub(r"-[0-9].*", "", archive.name).lower()
            work = self.root / "work" / name
            work.mkdir(parents=True)
            opened = zipfile.ZipFile(archive) if archive.suffix == ".zip" else tarfile.open(archive)
            members = opened.namelist() if archive.suffix == ".zip" else [
                member.name for member in opened if member.isfile()]
            for member in members:
                parts = pathlib.PurePosixPath(member).parts[1:]
                if not parts or ".." in parts or ".git" in parts or member.endswith("/"):
                    continue
                path = work.joinpath(*parts)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(opened.open(member).read() if archive.suffix == ".zip"
                                 else opened.extractfile(member).read())
            settings = work / "setup.cfg"
            text = settings.read_text() if settings.exists() else ""
            if not all(parses(path) for path in work.rglob("*.py")):
                self.bad.append(name)
            elif re.search("^license_file", text, re.M):
                self.stuck.append(name)
            elif re.search(r"^\[wheel\]$", text, re.M):
                self.odd.append(name)
            names.append(name)
            self.serve(work, name)
        first = [name for name in names if name not in self.bad + self.odd + self.stuck][:5]
        self.names = first + [name for name in names if name not in first]

    def compose(self, count):
        """Small repositories, of which some are not as the others."""
        self.names = [f"r{number:02}" for number in range(count)]
        # Of each ten one is bad from the beginning, two need the agent, and of these one cannot be moved; all of them
        # are in later waves.
        self.bad = [name for index, name in enumerate(self.names) if index >= 5 and index % 10 == 7]
        self.odd = [name for index, name in enumerate(self.names) if index >= 5 and index % 10 == 3]
        self.stuck = [name for index, name in enumerate(self.names) if index >= 5 and index % 10 == 8]
        for name in self.names:
            self.make(name)

    def make(self, name):
        work = self.root / "work" / name
        work.mkdir(parents=True)
        line = "import oldlog"
        if name in self.odd + self.stuck:
            line = "import oldlog as log"
        more = "\nlog.formatter\n" if name in self.stuck else "\n"
        (work / "app.py").write_text(f"{line}{more}")
        (work / "oldlog.py").write_text("formatter = 1\n")
        (work / "newlog.py").write_text("formatter = 2\n")
        (work / "test_app.py").write_text(TEST.format(good=name not in self.bad))
        self.serve(work, name)

    def serve(self, work, name):
        self.git(work, "init", "--quiet")
        # What a project's own rules ignore is in its archive, too.
        self.git(work, "add", "--force", ".")
        self.git(work, "commit", "--quiet", "-m", f"begin {name}")
        self.git(self.root, "clone", "--quiet", "--bare", work, self.servers / f"{name}.git")
        os.symlink(self.servers / f"{name}.git", self.servers / name)

    def run(self, *words, cwd=None, codes=(0,)):
        run = subprocess.run([str(word) for word in words], cwd=cwd or self.home, capture_output=True, text=True,
                             env=self.environment)
        if run.returncode not in codes:
            raise SystemExit(f"{words}: {run.returncode}\n{run.stdout}{run.stderr}")
        return run

    def git(self, where, *words):
        return self.run("git", "-C", where, *words).stdout.strip()

    def migrate(self, *words, codes=(0,)):
        return self.run(os.path.join(self.binary, "git-migrate"), *words, codes=codes)

    def report(self):
        return json.loads(self.migrate("fleet", "status", "--json").stdout)

    def states(self):
        return {target["id"]: target["state"] for target in self.report()["targets"]}

    def expect(self, what, found, wanted):
        if found != wanted:
            raise SystemExit(f"{what}: {found}, not {wanted}")

    def hook(self, name, hook, killed):
        path = self.servers / f"{name}.git" / "hooks" / hook
        path.write_text(KILL.format(name=killed))
        path.chmod(0o755)

    def good(self, names):
        return [name for name in names if name not in self.bad + self.stuck]


def parses(path):
    """Whether Python reads a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):
            return False
    return True


def killed_run(fleet, seconds, *words):
    """A command that is killed, with all that it is at, after a while."""
    child = subprocess.Popen([os.path.join(fleet.binary, "git-migrate"), *words], cwd=fleet.home, env=fleet.environment,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.wait()


def main(binary, count):
    chance = random.Random(int(os.environ.get("MIGRATE_SEED", "7")))
    fleet = Fleet(binary, count)
    count = fleet.count
    begin = time.monotonic()
    check = fleet.migrate("fleet", "check", "-q", fleet.plan, codes=(1,))
    fleet.expect("the check", collections.Counter(fleet.states().values()),
                 collections.Counter({"waiting": count - len(fleet.bad), "bad base": len(fleet.bad)}))
    heads = {name: fleet.git(fleet.servers / f"{name}.git", "rev-parse", "main") for name in fleet.names}
    print(check.stdout.splitlines()[1].strip())

    # The first wave stops by itself, is retried by its cause, and goes on.
    (fleet.user / "broken").write_text("")
    first = fleet.migrate("fleet", "run", "-q", codes=(1,))
    if "'guava' is stopped" not in first.stderr:
        raise SystemExit(f"the first wave did not stop: {first.stdout}{first.stderr}")
    (fleet.user / "broken").unlink()
    retried = fleet.migrate("retry", "-m", "guava", "--failure", "F1")
    fleet.migrate("fleet", "run", "-q", "--wave", "1")
    fleet.expect("the first wave", {fleet.states()[name] for name in fleet.names[:5]}, {"pushed"})
    print(f"wave 1 stopped by itself; {retried.stdout.strip()}")

    # The others with kills: of the run at some moment, of it and of a push by who is pushed to.
    second = fleet.good(fleet.names[5:count // 2])
    hooks = [(hook, killed) for killed in ("exe", "git-migrate") for hook in ("pre-receive", "post-receive")]
    for name, (hook, killed) in zip(second, hooks):
        fleet.hook(name, hook, killed)
    # On a machine that is busy it is killed before it has opened the wave.
    patience = 1
    while fleet.report()["wave"] < 2:
        killed_run(fleet, patience + chance.random(), "fleet", "run", "-q", "--wave", "2")
        patience *= 2
    for _ in range(4):
        killed_run(fleet, 1 + 3 * chance.random(), "fleet", "run", "-q")
    for _ in range(6):
        # Those that are pushed to a server that kills them come to an end, too.
        fleet.migrate("fleet", "run", "-q", codes=(0, 1, -9, 137))
    third = fleet.migrate("fleet", "run", "-q", "--wave", "3", codes=(1,))
    wanted = {name: "bad base" if name in fleet.bad else "blocked" if name in fleet.stuck else "pushed"
              for name in fleet.names}
    if fleet.states() != wanted:
        print(third.stdout + third.stderr, file=sys.stderr)
    fleet.expect("the end", fleet.states(), wanted)
    causes = json.loads(fleet.migrate("fleet", "failures", "--json").stdout)["causes"]
    fleet.expect("the causes", [sorted(cause["targets"]) for cause in causes], [sorted(fleet.stuck)])
    print(third.stdout.splitlines()[1].strip())
    for name in fleet.names:
        server = fleet.servers / f"{name}.git"
        fleet.expect(f"main of {name}", fleet.git(server, "rev-parse", "main"), heads[name])
        commits = fleet.git(server, "rev-list", "--count", "--all", "^main")
        fleet.expect(f"the commits in {name}", commits, "1" if wanted[name] == "pushed" else "0")
        fleet.expect(f"the refs of {name}", fleet.git(server, "for-each-ref", "refs/migrate"), "")
    sentences = fleet.git(fleet.home, "log", "--format=%s", "refs/migrate/ledger").splitlines()
    fleet.expect("recorded pushes", sum("all pushed at" in line for line in sentences), len(fleet.good(fleet.names)))

    # Pull requests, each once, by a publisher that is killed as well.
    number, folder = world.port(), fleet.root / "forge"
    folder.mkdir()
    # Who is killed hears no answer, which the forge complains of.
    forge = subprocess.Popen([sys.executable, "-B", str(pathlib.Path(__file__).parent / "forge.py"), str(number),
                              str(folder), str(fleet.servers)], stderr=subprocess.DEVNULL)
    try:
        world.wait_for(number)
        for key, value in (("forge", "github"), ("forgePause", "1"), ("forgeUrl", f"http://127.0.0.1:{number}/api/v3")):
            fleet.git(fleet.home, "config", "--global", f"migrate.{key}", value)
        for _ in range(3):
            killed_run(fleet, 0.3 + chance.random(), "fleet", "publish")
        for _ in range(2):
            fleet.migrate("fleet", "publish", codes=(0, 1))
        requests = json.loads((folder / "state.json").read_text())["requests"]
        opened = collections.Counter(request["repository"] for request in requests)
        fleet.expect("pull requests", dict(opened), {name: 1 for name in fleet.good(fleet.names)})
        fleet.expect("the states", collections.Counter(fleet.states().values())["open"], len(opened))
    finally:
        forge.terminate()
        forge.wait()
    fleet.migrate("fsck")
    fleet.git(fleet.home, "gc", "--quiet")
    size = int(fleet.git(fleet.home, "count-objects", "-v").split("size-pack: ")[1].split("\n")[0])
    print(f"{len(opened)} pull requests, each once; {len(sentences)} entries, {size / count:.1f} KiB a repository with "
          f"all work in it; {time.monotonic() - begin:.0f} s")


wanted = sys.argv[2] if len(sys.argv) > 2 else "60"
main(sys.argv[1], int(wanted) if wanted.isdigit() else wanted)
