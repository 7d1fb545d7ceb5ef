"""What the walls around a codemod and a verifier cost: the same steps with `migrate.sandbox` on and off."""

import os

from bench import Figures, Row, Skipped

STEPS = 20
TURNS = 5


def run(world):
    if not os.path.exists("/usr/bin/bwrap"):
        raise Skipped("bubblewrap is not installed")
    walled, plain = world.alternate(
        TURNS, lambda: steps(world, "require"), lambda: steps(world, "off"))
    # Each step is one codemod and one run of the verifier.
    ours, peer = Figures(t / STEPS for t in walled), Figures(t / STEPS for t in plain)
    yield Row(
        f"sandbox: a codemod and its verifier, {STEPS} of them", ours, peer, peer_name="without",
        target="<= 30 ms more", met=ours.median - peer.median <= 0.030)


def steps(world, wish):
    steps.count = getattr(steps, "count", 0) + 1
    path = world.repository(f"walls-{wish}-{steps.count}", files=130)
    world.run("git", "config", "--global", "migrate.sandbox", wish)
    gate = "{ train: 1, verifiers: [{ name: t, kind: build, run: 'true' }] }"
    world.plan(path, STEPS, run="echo NUMBER > step-NUMBER", gate=gate, hooks=True)
    seconds = world.seconds(["git-migrate", "run", "-q", "-j", "1"], cwd=path)
    merged = world.run("git-migrate", "status", "--porcelain", "--all", cwd=path)
    if merged.count("\tmerged\t") < STEPS:
        raise RuntimeError("not every step was merged:\n" + merged[:500])
    return seconds
