"""A ledger of 1,000,000 entries beside one of about 10,000, both of 200 steps: nothing but fsck may cost more.

EVENTS makes it another number. The long ledger is made in memory where there is some, and takes minutes.
"""

import os
import shutil

from bench import Figures, Row

STEPS = 200
EVENTS = int(os.environ.get("EVENTS") or 1_000_000)
# As far from its last checkpoint as the long one, for those entries are what every reader folds.
FEW = 10_000 - 10_000 % 128 + EVENTS % 128


def made(world, events):
    """A ledger of so many entries, as `git gc` leaves it. It stays in the build folder until `make clean`."""
    kept = os.path.join(world.scratch, f"bench-ledger-{STEPS}-{events}")
    if os.path.isdir(kept):
        return kept
    print(f"   making {events:,} entries …", flush=True)
    path = world.repository(f"making-{events}", files=20)
    # Millions of small files are slow on most disks; what is measured is read from the disk again.
    room = "/dev/shm"
    moved = f"{room}/{os.path.basename(world.directory)}-{events}"
    in_memory = os.path.isdir(room) and shutil.disk_usage(room).free > events * 6_000
    if in_memory:
        shutil.move(path, moved)
        path = moved
    try:
        world.run(world.inprocess, "generate", path, str(STEPS), str(events))
        world.run("git", "gc", "-q", "--prune=now", cwd=path)
        shutil.copytree(path, kept + ".new", symlinks=True)
    finally:
        shutil.rmtree(path, ignore_errors=True)
    os.rename(kept + ".new", kept)
    return kept


def copied(world, events):
    path = world.path(f"ledger-{events}")
    shutil.copytree(made(world, events), path, symlinks=True)
    return path


def disk_bytes(path):
    return sum(
        os.lstat(os.path.join(folder, name)).st_blocks * 512
        for folder, _, names in os.walk(os.path.join(path, ".git", "objects")) for name in names)


def run(world):
    long, short = copied(world, EVENTS), copied(world, FEW)
    many, few = f"{EVENTS:,}", f"{FEW:,}"
    before = [disk_bytes(path) for path in (long, short)]
    each = [Figures([size / count], "bytes") for size, count in zip(before, (EVENTS, FEW))]
    yield Row(
        f"an entry on the disk, {many} of them", each[0], each[1], peer_name=few, target="<= 1 x",
        met=each[0].median <= each[1].median, notes=[f"{size / 1e6:.1f} MB after git gc" for size in before])
    for name, command, count in (
        ("status", ["git-migrate", "status"], 9),
        ("claim", ["git-migrate", "claim", "--no-worktree", "--json"], 9),
        ("log of the last 20", ["git-migrate", "log", "-n", "20"], 9),
    ):
        ours, peer = (
            Figures(samples)
            for samples in world.alternate(
                count, *[lambda path=path: world.seconds(command, cwd=path) for path in (long, short)]))
        row = Row(f"{name}, {many} entries", ours, peer, peer_name=few, target="<= 1.2 x")
        row.met = row.ratio <= 1.2
        yield row
    ours = Figures([world.seconds(["git-migrate", "fsck"], cwd=long)])
    peer = Figures(world.seconds(["git-migrate", "fsck"], cwd=short) for _ in range(3))
    ratio = (ours.median / EVENTS) / (peer.median / FEW)
    yield Row(
        f"fsck, {many} entries", ours, peer, peer_name=few, ratio=ratio, target="<= 1.2 x an entry",
        met=ratio <= 1.2)
