"""What our hooks cost a server when 10,000 branches of nobody's business come in one push."""

import os

from bench import Figures, Row

BRANCHES = 10_000


def run(world):
    clone = world.repository("pusher", files=20)
    head = world.run("git", "rev-parse", "HEAD", cwd=clone).strip()
    lines = "".join(f"create refs/heads/topic/{number} {head}\n" for number in range(BRANCHES))
    world.run("git", "update-ref", "--stdin", cwd=clone, input=lines)
    world.run("git", "pack-refs", "--all", cwd=clone)
    made = []

    def push(is_guarded):
        def measured():
            # A new one each time: for seconds after ten thousand files were deleted, ext4 takes three times as
            # long to make as many.
            place = server(world, f"server-{len(made)}.git")
            made.append(place)
            if is_guarded:
                world.run(world.program, "init", cwd=place)
            return world.seconds(["git", "push", "-q", place, "refs/heads/topic/*:refs/heads/topic/*"], cwd=clone)
        return measured

    ours, theirs = (Figures(samples) for samples in world.alternate(5, push(True), push(False)))
    yield Row(
        f"push of {BRANCHES:,} branches to a server with our hooks", ours, theirs, peer_name="without",
        target="<= 1.2 x", met=ours.median <= 1.2 * theirs.median,
        notes=[f"the hooks of the server: {', '.join(sorted(hooks(made[0])))}"])


def server(world, name):
    world.run("git", "init", "-q", "--bare", world.path(name))
    return world.path(name)


def hooks(place):
    return [name for name in os.listdir(os.path.join(place, "hooks")) if not name.endswith(".sample")]
