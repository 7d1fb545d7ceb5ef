"""A ledger that 1, 4 and 16 clones share through one `git daemon`: entries a second, one or 16 in a push.

The peer is what an entry cannot do without: an empty commit, and `git push --force-with-lease` of it, on a ref
of the same server, by as many clones, each of which fetches and tries again when another was faster.
"""

import subprocess
import time

from bench import Figures, Row
from claims.claims import free_ports

CLONES = [1, 4, 16]
BATCHES = [1, 16]
PUSHES = 48
TURNS = 3

PEER = """
read -r start
done=0
tree=$(git rev-parse 'main^{tree}')
old=$(git rev-parse refs/bench/chain)
while [ $done -lt "$1" ]; do
  new=$(git commit-tree -p "$old" -m "$2 $done" "$tree")
  if git push -q --force-with-lease=refs/bench/chain:"$old" "$3" "$new:refs/bench/chain" 2> /dev/null; then
    old=$new
    done=$((done + 1))
  else
    git fetch -q --no-tags "$3" +refs/bench/chain:refs/bench/chain
    old=$(git rev-parse refs/bench/chain)
  fi
done
"""


def run(world):
    for clones in CLONES:
        rates = {batch: [] for batch in BATCHES}
        peer = []
        for turn in range(TURNS):
            with Server(world, f"{clones}-{turn}", clones) as server:
                peer.append(server.peer())
                for batch in BATCHES:
                    rates[batch].append(server.ours(batch))
        for batch in BATCHES:
            packed = "one a push" if batch == 1 else f"{batch} a push"
            yield Row(
                f"entries by {clones} clones, {packed}", Figures(rates[batch], "/s"), Figures(peer, "/s"),
                peer_name="bare git push", notes=["every entry is in the ledger exactly once, in each run"])


class Server:
    """One `git daemon` on loopback, with the clones that share a ledger through it."""

    def __init__(self, world, name, clones):
        self.world, self.name = world, name
        self.each = max(1, PUSHES // clones)
        (port,) = free_ports(1)
        self.url = f"git://127.0.0.1:{port}/server.git"
        first = world.repository(f"remote-{name}")
        world.run(world.inprocess, "prepare", first, str(clones))
        base = world.path(f"served-{name}")
        self.bare = f"{base}/server.git"
        world.run("git", "init", "-q", "--bare", self.bare)
        self.daemon = world.start(
            "git", "daemon", "--reuseaddr", "--listen=127.0.0.1", f"--port={port}", f"--base-path={base}",
            "--export-all", "--enable=receive-pack", f"--max-connections={4 * clones + 32}", base,
            stderr=subprocess.DEVNULL)
        self.paths = [first] + [world.path(f"clone-{name}-{number}") for number in range(1, clones)]
        self.reach()
        world.run("git", "push", "-q", self.url, "main", "main:refs/bench/chain", cwd=first)
        for path in self.paths:
            if path is not first:
                world.run("git", "clone", "-q", self.url, path)
                world.run("git", "config", "migrate.remote", "origin", cwd=path)
            else:
                world.run("git", "config", "migrate.remote", self.url, cwd=path)
            world.run("git", "fetch", "-q", self.url, "refs/bench/chain:refs/bench/chain", cwd=path)
            world.run(world.inprocess, "share", path)

    def reach(self):
        for attempt in range(100):
            try:
                self.world.run("git", "ls-remote", self.url)
                return
            except RuntimeError:
                if attempt == 99 or self.daemon.poll() is not None:
                    raise
                time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.world.end(self.daemon)

    def count(self, ref):
        return int(self.world.run("git", "rev-list", "--count", ref, cwd=self.bare))

    def peer(self):
        """Pushes a second by bare git."""
        script = self.world.path("push.sh")
        with open(script, "w") as file:
            file.write(PEER)
        seconds, added = self.together(
            "refs/bench/chain",
            [["sh", script, str(self.each), str(number), self.url] for number in range(len(self.paths))])
        if added != self.each * len(self.paths):
            raise RuntimeError(f"{added} bare pushes are there, of {self.each * len(self.paths)}")
        return added / seconds

    def ours(self, batch):
        """Entries a second."""
        seconds, added = self.together(
            "refs/migrate/ledger",
            [
                [self.world.inprocess, "push", path, str(number + 1), str(self.each), str(batch)]
                for number, path in enumerate(self.paths)
            ])
        if added != self.each * len(self.paths) * batch:
            raise RuntimeError(f"{added} entries are there, of {self.each * len(self.paths) * batch}")
        self.world.run("git-migrate", "sync", cwd=self.paths[0])
        self.world.run("git-migrate", "fsck", cwd=self.paths[0])
        return added / seconds

    def together(self, ref, commands):
        """Starts all, lets them go at the same moment; gives the seconds and how many commits came."""
        before = self.count(ref)
        children = [
            self.world.start(*command, cwd=path, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            for command, path in zip(commands, self.paths)
        ]
        time.sleep(0.5)
        seconds = self.world.let_go(children)
        return seconds, self.count(ref) - before
