"""What an entry of a shared ledger costs after many steps, beside the same after 10, and what the steps leave."""

import os

from bench import Figures, Row

STEPS = int(os.environ.get("STEPS", 10_000))
FEW = 10
TURNS = 7


def run(world):
    many, few, small = shared(world, STEPS, STEPS), shared(world, STEPS, FEW), shared(world, FEW, FEW)
    ours, theirs, least = (
        Figures(found) for found in world.alternate(TURNS, *(pushes(world, path) for path in (many, few, small))))
    row = Row(
        f"an entry pushed after {STEPS:,} steps", ours, theirs, peer_name=f"after {FEW} of as many",
        target="<= 1.2 x",
        notes=[f"the server has {refs(world, many)} refs below refs/migrate, of the peer {refs(world, few)}"])
    row.met = row.ratio <= 1.2
    yield row
    # Each command reads the plan, whatever was done of it; `status` has a target for that.
    yield Row(f"an entry pushed after {STEPS:,} steps", ours, least, peer_name=f"a plan of {FEW} steps")
    work = world.path("work")
    world.run("git", "clone", "-q", "--bare", "--single-branch", "--branch=migrate/bench", f"file://{many}", work)
    mine, plain = size(world, many), size(world, work)
    limit = 20 * STEPS / 2000
    yield Row(
        f"objects of {STEPS:,} steps", Figures([mine], "MB"), Figures([plain], "MB"), peer_name="the branch alone",
        target=f"<= {limit:.0f} MB more", met=mine - plain <= limit)


def shared(world, steps, done):
    """A repository with a migration of so many steps, of which so many are merged, that a server shares."""
    path = world.repository(f"pushed-{steps}-{done}", files=130)
    file = world.path(f"bench-{steps}-{done}.md")
    lines = ["---", "migration: bench", "base: main", "gate: none", "backoff: 0s", "steps:"]
    for number in range(1, steps + 1):
        # Nobody does the others.
        lines.append(f"  - id: S{number}")
        lines.append(f"    run: echo {number} > step-{number}" if number <= done else "    prompt: Do it by hand.")
    with open(file, "w") as handle:
        handle.write("\n".join(lines + ["---", ""]))
    world.run("git-migrate", "start", file, cwd=path)
    server = path + ".git"
    world.run("git", "init", "-q", "--bare", server)
    world.run("git", "remote", "add", "origin", server, cwd=path)
    world.run("git", "push", "-q", "origin", "main", cwd=path)
    world.run("git-migrate", "run", "-q", "-j", "4", cwd=path, codes=(0, 1))
    world.run("git-migrate", "init", "--remote", "origin", cwd=path)
    world.run("git-migrate", "sync", cwd=path)
    return path


def pushes(world, path):
    def both():
        world.run("git-migrate", "pause", "bench", cwd=path, codes=(0, 1))
        return world.seconds(["git-migrate", "resume"], cwd=path)

    return both


def refs(world, path):
    return len(world.run("git", "for-each-ref", "refs/migrate", cwd=path + ".git").splitlines())


def size(world, path):
    """Megabytes of all objects, loose and packed."""
    counted = dict(line.split(": ") for line in world.run("git", "count-objects", "-v", cwd=path).splitlines())
    return (int(counted["size"]) + int(counted["size-pack"])) / 1024
