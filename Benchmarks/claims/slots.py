"""A claim with a worktree that was used before, beside a fresh `git worktree add`; 30,000 files."""

import shutil

from bench import Figures, Row

FILES = 30_000


def run(world):
    path = world.repository("wide", files=FILES)
    world.plan(path, 60)
    fresh = Figures([claim(world, path)])
    number = iter(range(1000))

    def ours():
        return claim(world, path)

    def theirs():
        place = world.path(f"fresh{next(number)}")
        seconds = world.seconds(["git", "worktree", "add", "-q", "--detach", place, "main"], cwd=path)
        shutil.rmtree(place)
        world.run("git", "worktree", "prune", cwd=path)
        return seconds

    reused, added = (Figures(samples) for samples in world.alternate(5, ours, theirs))
    row = Row(
        "claim + release, slot used before, 30,000 files", reused, added, peer_name="git worktree add",
        target="<= 0.10 x", notes=[f"the first claim, which makes the slot, took {fresh}"])
    row.met = row.ratio <= 0.10
    yield row


def claim(world, path):
    """Takes the next step with a worktree and gives it back; both are timed."""
    seconds = world.seconds(["git-migrate", "claim", "--json"], cwd=path)
    slot = path + ".migrate/slot-1"
    return seconds + world.seconds(["git-migrate", "release"], cwd=slot)
