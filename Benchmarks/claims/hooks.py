"""What our hooks cost an ordinary `git commit` on a branch that is nobody's business."""

import os

from bench import Figures, Row


def run(world):
    guarded = world.repository("guarded", files=20)
    plain = world.repository("plain", files=20)
    empty = world.repository("empty", files=20)
    world.plan(guarded, 3, hooks=True)
    world.plan(plain, 3)
    # What git takes to start a hook that does nothing: less than this no hook can cost.
    hook = os.path.join(empty, ".git", "hooks", "reference-transaction")
    with open(hook, "w") as file:
        file.write("#!/bin/sh\nexit 0\n")
    os.chmod(hook, 0o755)
    commit = ["git", "commit", "-q", "--allow-empty", "-m", "Nothing"]
    ours, theirs, least = (
        Figures(samples)
        for samples in world.alternate(
            60, lambda: world.seconds(commit, cwd=guarded), lambda: world.seconds(commit, cwd=plain),
            lambda: world.seconds(commit, cwd=empty))
    )
    cost, floor = ours.median - theirs.median, least.median - theirs.median
    yield Row(
        "git commit with our hooks", ours, theirs, peer_name="without", target="<= 3 ms more", met=cost <= 0.003,
        notes=[f"the hooks cost {cost * 1000:.2f} ms; an empty hook costs {floor * 1000:.2f} ms"])
