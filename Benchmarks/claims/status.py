"""Reading a large ledger: 10,000 steps and 100,000 entries."""

import os
import shutil

from bench import Figures, Row

STEPS = 10_000
EVENTS = 100_000


def large(world):
    """The large ledger. To make it takes a minute or more, so it stays in the build folder until `make clean`."""
    kept = os.path.join(world.scratch, f"bench-ledger-{STEPS}-{EVENTS}")
    if not os.path.isdir(kept):
        path = world.repository("making", files=20)
        print(f"   making {STEPS:,} steps and {EVENTS:,} entries …", flush=True)
        print("   " + world.run(world.inprocess, "generate", path, str(STEPS), str(EVENTS)).strip(), flush=True)
        # As `git gc` leaves it, in one pack: so it is found in a clone, and so it does not depend on the disk.
        world.run("git", "repack", "-adq", cwd=path)
        world.run("git", "prune", cwd=path)
        os.rename(path, kept)
    return kept


def run(world):
    path = world.path("large")
    shutil.copytree(large(world), path, symlinks=True)
    small = world.repository("small", files=20)
    world.plan(small, 3)
    texts = world.alternate(
        9,
        lambda: world.seconds(["git-migrate", "status"], cwd=path),
        lambda: world.seconds(["git-migrate", "status", "--json"], cwd=path),
        lambda: world.seconds(["git-migrate", "status"], cwd=small))
    text, json, little = (Figures(samples) for samples in texts)
    for name, figures in (("status", text), ("status --json", json)):
        yield Row(
            f"{name}, 10,000 steps, 100,000 entries", figures, little, peer_name="status of 3 steps",
            target="<= 100 ms", met=figures.median <= 0.100)
    claim = Figures(
        world.seconds(["git-migrate", "claim", "--no-worktree", "--json"], cwd=path) for _ in range(7))
    yield Row("claim there", claim, text, peer_name="status there")
    fsck = Figures([world.seconds(["git-migrate", "fsck"], cwd=path)])
    walk = Figures(
        world.seconds(["git", "log", "--format=%T %B", "refs/migrate/ledger"], cwd=path) for _ in range(3))
    size = sum(
        os.path.getsize(os.path.join(path, ".git", "objects", "pack", name))
        for name in os.listdir(os.path.join(path, ".git", "objects", "pack")))
    yield Row("fsck there", fsck, walk, peer_name="git log of it", notes=[f"the pack has {size / 1e6:.0f} MB"])
