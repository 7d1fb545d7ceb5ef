"""Steps that do next to nothing, four at a time, in a repository of 130 files: what is left is our own time."""

from bench import Figures, Row

FILES = 130
STEPS = 40
TURNS = 3

# What a careful person would write: a worktree for each step, and merges one after another.
SCRIPT = """#!/bin/sh
step() {
  git worktree add -q --detach "$2/wt$1" main && cd "$2/wt$1" || exit 1
  CHANGE
  git commit -q --allow-empty -m "Step $1" || exit 1
  commit=$(git rev-parse HEAD)
  cd "$2/integration" || exit 1
  flock "$2/lock" git merge -q -m "Merge step $1" "$commit" || exit 1
  flock "$2/lock" git worktree remove --force "$2/wt$1" || exit 1
}
[ "$1" = all ] || { step "$@"; exit; }
git worktree add -q -b integration "$2/integration" main || exit 1
seq STEPS | xargs -P 4 -I N sh "$0" N "$2"
"""


def run(world):
    for name, ours, theirs, target in (
        ("a no-op step", "'true'", "true", 0.020),
        ("a step that adds a file", "echo NUMBER > step-NUMBER", 'echo "$1" > "step-$1"; git add "step-$1"', None),
    ):
        pairs = []
        for turn in range(TURNS):
            key = name.split()[-1] + str(turn)
            pairs.append((migrate(world, "m" + key, ours), script(world, "s" + key, theirs)))
        first = Figures(pair[0] / STEPS for pair in pairs)
        whole = [pair[1] / STEPS for pair in pairs if pair[1] is not None]
        notes = []
        if len(whole) < TURNS:
            notes.append(f"the script failed in {TURNS - len(whole)} of {TURNS} turns: git worktree add side by side")
        second = Figures(whole) if whole else None
        met = first.median <= target if target else None
        yield Row(
            f"{name}, {STEPS} of them", first, second, peer_name="shell script",
            target="<= 20 ms a step" if target else "", met=met, notes=notes)


def migrate(world, name, command):
    path = world.repository(name, files=FILES)
    world.plan(path, STEPS, run=command, hooks=True)
    seconds = world.seconds(["git-migrate", "run", "-q", "-j", "4"], cwd=path)
    merged = world.run("git-migrate", "status", "--porcelain", "--all", cwd=path)
    if merged.count("\tmerged\t") < STEPS:
        raise RuntimeError("not every step was merged:\n" + merged[:500])
    return seconds


def script(world, name, change):
    path = world.repository(name, files=FILES)
    file = world.path("steps.sh")
    with open(file, "w") as handle:
        handle.write(SCRIPT.replace("CHANGE", change).replace("STEPS", str(STEPS)))
    try:
        return world.seconds(["sh", file, "all", world.path(name + "-place")], cwd=path)
    except RuntimeError:
        return None  # It loses steps now and then, which is why this project exists.
