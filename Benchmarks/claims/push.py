"""What our hooks cost a server when 10,000 branches of nobody's business come in one push."""

import os

from bench import Figures, Row

BRANCHES = 10_000


def run(world):
    guarded, plain = (server(world, name) for name in ("guarded.git", "plain.git"))
    world.run(world.program, "init", cwd=guarded)
    clone = world.repository("pusher", files=20)
    head = world.run("git", "rev-parse", "HEAD", cwd=clone).strip()
    lines = "".join(f"create refs/heads/topic/{number} {head}\n" for number in range(BRANCHES))
    world.run("git", "update-ref", "--stdin", cwd=clone, input=lines)
    world.run("git", "pack-refs", "--all", cwd=clone)
    gone = "".join(f"delete refs/heads/topic/{number}\n" for number in range(BRANCHES))

    def push(place):
        def measured():
            command = ["git", "push", "-q", place, "refs/heads/topic/*:refs/heads/topic/*"]
            seconds = world.seconds(command, cwd=clone)
            # Away again past the hooks, so that each push makes them all.
            world.run("git", "-c", "core.hooksPath=/dev/null", "update-ref", "--stdin", cwd=place, input=gone)
            return seconds
        return measured

    ours, theirs = (Figures(samples) for samples in world.alternate(5, push(guarded), push(plain)))
    yield Row(
        f"push of {BRANCHES:,} branches to a server with our hooks", ours, theirs, peer_name="without",
        target="<= 1.2 x", met=ours.median <= 1.2 * theirs.median,
        notes=[f"the hooks of the server: {', '.join(sorted(hooks(guarded)))}"])


def server(world, name):
    world.run("git", "init", "-q", "--bare", world.path(name))
    return world.path(name)


def hooks(place):
    return [name for name in os.listdir(os.path.join(place, "hooks")) if not name.endswith(".sample")]
