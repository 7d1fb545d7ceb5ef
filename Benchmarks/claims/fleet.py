"""Small repositories as a fleet, from the check to the pull requests, beside a script of git and curl."""

import json
import os
import resource
import socket
import sys
import time

from bench import ROOT, Figures, Row

COUNT = int(os.environ.get("FLEET", "100"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
MOST = 3
# The ledger of a fleet, packed, in KiB a repository.
MOST_LEDGER = 3

PLAN = """---
migration: guava
sandbox: off
gate: { verifiers: [ { name: t, kind: lint, run: "test -e app.py" } ] }
targets:
  list:
TARGETS
steps:
  - { id: S1, title: Move to newlog, run: "sed -i s/oldlog/newlog/ app.py" }
---
"""

# What somebody writes who does it by hand: each repository is cloned, changed, judged, pushed, and its pull request
# looked for before it is opened.
SCRIPT = r"""
set -e
for name in $NAMES; do
  git clone -q "$SERVERS/$name.git" "$PLACE/$name"
  cd "$PLACE/$name"
  test -e app.py
  git switch -q -c migrate/guava
  sed -i s/oldlog/newlog/ app.py
  git commit -q -a -m 'Move to newlog'
  test -e app.py
  git push -q origin migrate/guava
  api="$API/repos/shop/$name/pulls"
  found=$(curl -sf -H "$TOKEN" -H "$VERSION" "$api?state=all&head=shop:migrate/guava&per_page=100")
  [ "$found" = '[]' ] || continue
  curl -sf -o answer -H "$TOKEN" -H "$VERSION" -d '{"title":"Move to newlog","head":"migrate/guava","base":"main",
    "body":"By a script.","draft":false,"maintainer_can_modify":true}' "$api"
done
"""


def run(world):
    world.need("curl", "python3")
    names = [f"r{number:03}" for number in range(COUNT)]
    sizes = []
    ours, theirs = [], []
    for number in range(ROUNDS):
        place = Place(world, f"fleet-{number}", names)
        ours.append(place.measure(place.fleet))
        sizes.append(place.ledger_size() / COUNT)
        place.close()
        place = Place(world, f"script-{number}", names)
        theirs.append(place.measure(place.script))
        place.close()
    ours, theirs = Figures(ours), Figures(theirs)
    yield Row(
        f"{COUNT} small repositories end to end, processor time", ours, theirs, peer_name="script of git and curl",
        target=f"<= {MOST} x", met=ours.median <= MOST * theirs.median,
        notes=[f"{1000 * ours.median / COUNT:.0f} ms a repository, the script {1000 * theirs.median / COUNT:.0f} ms"])
    size = Figures(sizes, unit="KiB")
    yield Row(
        "their ledger, packed, a repository", size, target=f"<= {MOST_LEDGER} KiB", met=size.median <= MOST_LEDGER)


class Place:
    """Bare repositories, and a forge above them."""

    def __init__(self, world, name, names):
        self.world, self.names = world, names
        self.root, self.servers = world.path(name), world.path(name, "servers")
        self.home, self.clones = world.path(name, "home"), world.path(name, "clones")
        for folder in (self.servers, self.clones, world.path(name, "forge")):
            os.makedirs(folder)
        first = world.repository(f"{name}/work")
        with open(os.path.join(first, "app.py"), "w") as file:
            file.write("import oldlog\n")
        world.run("git", "add", ".", cwd=first)
        world.run("git", "commit", "-q", "-m", "begin", cwd=first)
        for target in names:
            world.run("git", "clone", "-q", "--bare", first, os.path.join(self.servers, f"{target}.git"))
            os.symlink(f"{target}.git", os.path.join(self.servers, target))
        world.run("git", "init", "-q", self.home)
        world.run("git", "commit", "-q", "--allow-empty", "-m", "home", cwd=self.home)
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            port = listening.getsockname()[1]
        self.api = f"http://127.0.0.1:{port}/api/v3"
        self.forge = world.start(
            sys.executable, "-B", os.path.join(ROOT, "Tests", "Fleet", "forge.py"), str(port),
            world.path(name, "forge"), self.servers)
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.02)
        settings = world.path(name, "gitconfig")
        self.environment = dict(world.environment, GH_ENTERPRISE_TOKEN="secret", GIT_CONFIG_GLOBAL=settings)
        for key, value in (
                ("include.path", world.path("gitconfig")), ("migrate.forge", "github"), ("migrate.forgePause", "0"),
                ("migrate.forgeUrl", self.api), (f"url.{self.servers}/.insteadOf", "https://127.0.0.1/shop/")):
            world.run("git", "config", "--file", settings, key, value)

    def close(self):
        with open(os.path.join(self.root, "forge", "state.json")) as file:
            opened = sorted(request["repository"] for request in json.load(file)["requests"])
        self.world.end(self.forge)
        if opened != self.names:
            raise RuntimeError(f"{len(opened)} pull requests of {len(self.names)} repositories")

    def measure(self, action):
        """The processor time of all that an action starts; the forge goes on, and is not in it."""
        def used():
            usage = resource.getrusage(resource.RUSAGE_CHILDREN)
            return usage.ru_utime + usage.ru_stime
        before = used()
        action()
        return used() - before

    def fleet(self):
        lines = "\n".join(f"    - {{ url: 'https://127.0.0.1/shop/{name}', id: {name} }}" for name in self.names)
        plan = os.path.join(self.root, "guava.md")
        with open(plan, "w") as file:
            file.write(PLAN.replace("TARGETS", lines))
        for words in (["check", "-q", "--no-hooks", plan], ["run", "-q", "-j", "2"], ["publish"]):
            self.world.run(self.world.program, "fleet", *words, cwd=self.home, environment=self.environment)

    def script(self):
        self.world.run("sh", "-c", SCRIPT, cwd=self.root, environment=dict(
            self.environment, NAMES=" ".join(self.names), SERVERS=self.servers, PLACE=self.clones, API=self.api,
            TOKEN="Authorization: Bearer secret", VERSION="X-GitHub-Api-Version: 2022-11-28"))

    def ledger_size(self):
        """The packed ledger alone: without the bases and the work of the targets."""
        copy = os.path.join(self.root, "ledger.git")
        self.world.run("git", "init", "-q", "--bare", copy)
        self.world.run("git", "fetch", "-q", self.home, "refs/migrate/ledger:refs/migrate/ledger", cwd=copy)
        self.world.run("git", "repack", "-q", "-a", "-d", "-f", "--depth=50", "--window=100", cwd=copy)
        for line in self.world.run("git", "count-objects", "-v", cwd=copy).splitlines():
            if line.startswith("size-pack: "):
                return int(line.split()[1])
        return 0
