"""The gate's worktree made ready for a candidate with nothing kept, beside a fresh `git worktree add`; 30,000 files."""

import json
import os

from bench import Figures, Row

FILES = 30_000
# So many ignored files are left behind by every candidate, for the next one to be free of.
LEFT = 1_000
ROUNDS = 5

# The verifier says when it began, and measures the peer while nothing else is at work: A B A B in one run.
VERIFIER = """date +%s%N >> "$HOME/begun"
mkdir -p build && (cd build && seq {left} | xargs touch)
python3 "$HOME/peer.py"
"""

PEER = """import os, shutil, subprocess, time
home = os.environ["HOME"]
place = os.path.join(home, "fresh")
begin = time.perf_counter()
subprocess.run(["git", "-C", {path!r}, "worktree", "add", "-q", "--detach", place, "main"], check=True)
seconds = time.perf_counter() - begin
shutil.rmtree(place)
subprocess.run(["git", "-C", {path!r}, "worktree", "prune"], check=True)
with open(os.path.join(home, "added"), "a") as file:
    file.write(f"{{seconds}}\\n")
"""


def run(world):
    path = world.repository("judged", files=FILES)
    with open(os.path.join(path, ".gitignore"), "w") as file:
        file.write("/build/\n")
    world.run("git", "add", ".gitignore", cwd=path)
    world.run("git", "commit", "-q", "-m", "Second", cwd=path)
    home = world.environment["HOME"]
    with open(os.path.join(home, "verify"), "w") as file:
        file.write(VERIFIER.format(left=LEFT))
    with open(os.path.join(home, "peer.py"), "w") as file:
        file.write(PEER.format(path=path))
    gate = "{ verifiers: [{ name: t, kind: build, run: sh \"$HOME/verify\" }] }"
    # The first candidate warms up, like the baseline before it, which makes the slot.
    world.plan(path, ROUNDS + 1, run="echo NUMBER >> src/part1/file1.swift", gate=gate, in_turn=True)
    world.run("git-migrate", "run", "--jobs", "1", cwd=path)

    begun = [int(line) / 1e9 for line in lines(os.path.join(home, "begun"))]
    added = [float(line) for line in lines(os.path.join(home, "added"))]
    entries = world.run("git-migrate", "log", "--json", "--kind", "gate.started", cwd=path)
    started = [json.loads(line)["at"] / 1000 for line in entries.splitlines()]
    if len(begun) != ROUNDS + 2 or len(started) != ROUNDS + 1:
        raise RuntimeError(f"{len(started)} gate runs and {len(begun)} runs of the verifier")
    # From the entry that begins the gate to the first command in its worktree.
    ours = Figures([then - before for before, then in zip(started, begun[1:])][1:])
    theirs = Figures(added[2:])
    row = Row(
        f"clean gate worktree, {LEFT} ignored files swept, 30,000 files", ours, theirs,
        peer_name="git worktree add", target="<= 0.15 x")
    row.met = row.ratio <= 0.15
    yield row


def lines(file):
    with open(file) as handle:
        return handle.read().split()
