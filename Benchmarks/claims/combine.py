"""16 clones at one server, each of which has always one more entry: those that wait go along, or each retries.

The peer is the same program with `migrate.combine` off, which fetches, decides anew and pushes again at once. Both
run for `SECONDS` (60), one after the other, with as many clones (`CLONES`, 16) at a `git daemon` on loopback.
"""

import os
import subprocess
import time

from bench import Figures, Row
from claims.remote import Server

CLONES = int(os.environ.get("CLONES", "16"))
SECONDS = int(os.environ.get("SECONDS", "60"))
ROUNDS = int(os.environ.get("ROUNDS", "1"))
LEAST = 2
FAIR = 10


def run(world):
    landed = {True: [], False: []}
    fair, notes = [], []
    for turn in range(ROUNDS):
        for combines in (True, False):
            with Race(world, f"combine-{combines}-{turn}", CLONES) as race:
                counts, pushes = race.run(combines)
            landed[combines].append(sum(counts) / SECONDS)
            word = "combining" if combines else "retry at once"
            notes.append(f"{word}: a clone {min(counts)} to {max(counts)}, {sum(counts) / max(1, pushes):.1f} a push")
            if combines:
                fair.append(max(counts) / max(1, min(counts)))
    row = Row(
        f"entries by {CLONES} clones in {SECONDS} s", Figures(landed[True], "/s"), Figures(landed[False], "/s"),
        peer_name="retry at once", target=f">= {LEAST} x",
        notes=notes + ["every entry is in the ledger exactly once, in each run"])
    row.met = row.ratio >= LEAST
    yield row
    fair = Figures(fair, "x")
    yield Row("the fastest of them beside the slowest", fair, target=f"<= {FAIR} x", met=fair.median <= FAIR)


class Race(Server):
    """Clones that append for so many seconds."""

    def run(self, combines):
        """How many entries of each clone landed, and how many pushes brought them."""
        for path in self.paths:
            self.world.run("git", "config", "migrate.combine", "true" if combines else "false", cwd=path)
        self.world.run("git", "config", "core.logAllRefUpdates", "always", cwd=self.bare)
        children = [
            self.world.start(
                self.world.inprocess, "last", path, str(number + 1), str(SECONDS), cwd=path, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, text=True)
            for number, path in enumerate(self.paths)
        ]
        time.sleep(1)
        before = self.count("refs/migrate/ledger")
        for child in children:
            child.stdin.close()
        counts = [int(child.stdout.read() or 0) for child in children]
        codes = [child.wait() for child in children]
        if any(codes):
            raise RuntimeError(f"one of {len(children)} programs ended with {max(codes)}")
        for child in children:
            self.world.end(child)
        added = self.count("refs/migrate/ledger") - before
        if added != sum(counts):
            raise RuntimeError(f"{added} entries are there, of {sum(counts)}")
        left = self.world.run("git", "for-each-ref", "refs/migrate/inbox", cwd=self.bare)
        if left:
            raise RuntimeError(f"entries wait still: {left}")
        self.world.run("git-migrate", "sync", cwd=self.paths[0])
        self.world.run("git-migrate", "fsck", cwd=self.paths[0])
        moves = self.world.run("git", "reflog", "show", "refs/migrate/ledger", cwd=self.bare)
        return counts, len(moves.splitlines())
