"""32 finished steps before the gate: how often the verifier runs, who is blamed, and what a merged step costs of us."""

import json
import os
import resource
import shutil
import time

import queues
from bench import Figures, Row

STEPS = 32
BAD = 22
PAIR = (8, 24)
FILES = 130
# The project that many changes come together in: so many steps, and how long its tests take.
PROJECT_STEPS = 39
SUITE_SECONDS = float(os.environ.get("SUITE", "2"))

CHECK = """echo run >> "$HOME/runs-{name}"
grep -rqs '^red$' src && exit 1
if grep -rqs '^bad$' src; then echo 'src/x:1:1: error: bad'; exit 1; fi
if grep -rqs '^left$' src && grep -rqs '^right$' src; then echo 'error: left and right do not go together'; exit 1; fi
exit 0
"""


def run(world):
    for case, most in (("good", 2), ("bad", 8), ("pair", 13)):
        yield judged(world, case, most)
    yield red_base(world)
    yield from own_cost(world)
    yield project(world)


# What each step writes.


def text(case, number):
    if case == "bad" and number == BAD:
        return "bad"
    if case == "pair" and number in PAIR:
        return "left" if number == PAIR[0] else "right"
    return f"work of step {number}"


def lab(world, name):
    """A repository, and the command of a verifier that counts its runs."""
    path = world.repository(name, files=FILES)
    file = os.path.join(world.environment["HOME"], f"check-{name}")
    with open(file, "w") as handle:
        handle.write(CHECK.format(name=name))
    return path, f'sh "$HOME/check-{name}"'


def runs(world, name):
    file = os.path.join(world.environment["HOME"], f"runs-{name}")
    if not os.path.exists(file):
        return 0
    with open(file) as handle:
        return len(handle.read().split())


def start(world, path, command, train=None, steps=STEPS):
    more = f", train: {train}" if train else ""
    gate = "{ verifiers: [{ name: t, kind: build, run: " + repr(command) + " }]" + more + " }"
    file = world.path(os.path.basename(path) + ".md")
    lines = ["---", "migration: bench", "base: main", f"gate: {gate}", "backoff: 0s", "attempts: 1", "steps:"]
    lines += [f"  - id: S{number}" for number in range(1, steps + 1)]
    with open(file, "w") as handle:
        handle.write("\n".join(lines + ["---", "Do it.", ""]))
    world.run("git-migrate", "start", file, cwd=path)


def hand_in(world, path, case, steps=STEPS):
    for number in range(1, steps + 1):
        world.run("git-migrate", "claim", f"S{number}", "--worker", "w", cwd=path)
        slot = path + ".migrate/slot-1"
        with open(os.path.join(slot, "src", f"step-{number}"), "w") as handle:
            handle.write(text(case, number) + "\n")
        world.run("git-migrate", "submit", "--no-wait", cwd=slot)


# The runs of the verifier.


def judged(world, case, most):
    name = "ours-" + case
    path, command = lab(world, name)
    start(world, path, command)
    hand_in(world, path, case)
    world.run("git-migrate", "run", "-q", cwd=path, codes=(0, 1))
    ours = runs(world, name) - 1
    merged = world.run("git-migrate", "status", "--porcelain", "--all", cwd=path).count("\tmerged\t")
    wanted = STEPS - (0 if case == "good" else 1)
    if merged != wanted:
        raise RuntimeError(f"{merged} of {wanted} steps were merged")
    notes = []
    is_named = True
    if case == "pair":
        shown = world.run("git-migrate", "show", f"S{PAIR[1]}", cwd=path)
        is_named = f"does not go together with 'S{PAIR[0]}'" in shown
        notes.append(f"the partner is {'named' if is_named else 'NOT named'}")
    for peer in (queues.bors, queues.prefix):
        queue = beside(world, case, peer)
        named = ", ".join(f"{who} with {queue.partner[who]}" for who in queue.partner)
        notes.append(f"{peer.__name__}: {queue.runs} runs, sent back {' '.join(queue.back) or 'none'} {named}".rstrip())
    notes.append(mergetrain(world, case))
    return Row(
        f"gate runs for {STEPS} steps, {case}", Figures([ours], "runs"), Figures([queue.runs], "runs"),
        peer_name="prefix search", target=f"<= {most}", met=ours <= most and is_named, notes=notes)


def beside(world, case, peer):
    """The same branches before another queue."""
    name = f"{peer.__name__}-{case}"
    path, command = lab(world, name)
    branches = []
    for number in range(1, STEPS + 1):
        branches.append(f"step-{number}")
        world.run("git", "checkout", "-q", "-b", branches[-1], "main", cwd=path)
        with open(os.path.join(path, "src", f"step-{number}"), "w") as handle:
            handle.write(text(case, number) + "\n")
        world.run("git", "add", ".", cwd=path)
        world.run("git", "commit", "-q", "-m", f"Step {number}", cwd=path)
    world.run("git", "checkout", "-q", "main", cwd=path)
    queue = queues.Queue(world, path, command)
    peer(queue, branches)
    queue.close(path)
    return queue


def mergetrain(world, case):
    """The same branches before the queue of that name, where it is installed: how often it ran the gate."""
    program = os.environ.get("MERGETRAIN") or shutil.which("mergetrain")
    if program is None:
        return "mergetrain: not had here (3.7.1 from PyPI needs 1, 12 and 39 runs); $MERGETRAIN names it"
    name = f"mergetrain-{case}"
    path, command = lab(world, name)
    shared = path + ".shared.git"
    world.run("git", "init", "-q", "--bare", shared, cwd=path)
    world.run("git", "remote", "add", "origin", shared, cwd=path)
    lines = ["version: 2", "project:", f"  name: {name}", "gates:", "  - name: t", f"    run: {json.dumps(command)}", ""]
    with open(os.path.join(path, ".mergetrain.yaml"), "w") as handle:
        handle.write("\n".join(lines))
    world.run("git", "add", ".", cwd=path)
    world.run("git", "commit", "-q", "-m", "Queue", cwd=path)
    world.run("git", "push", "-q", "origin", "main", cwd=path)
    for number in range(1, STEPS + 1):
        place = f"{path}.work/step-{number}"
        world.run("git", "worktree", "add", "-q", "-b", f"step-{number}", place, "main", cwd=path)
        with open(os.path.join(place, "src", f"step-{number}"), "w") as handle:
            handle.write(text(case, number) + "\n")
        world.run("git", "add", ".", cwd=place)
        world.run("git", "commit", "-q", "-m", f"Step {number}", cwd=place)
        world.run(program, "--repo", place, "enqueue", "--task", f"t{number}", "--branch", f"step-{number}", cwd=path)
    said = world.run(program, "validate", cwd=path, codes=(0, 1))
    blocked = [f"step-{number}" for number in range(1, STEPS + 1) if f"validated: step-{number}\n" not in said + "\n"]
    return f"mergetrain: {runs(world, name)} runs, sent back {' '.join(blocked) or 'none'}"


def red_base(world):
    name = "ours-red"
    path, command = lab(world, name)
    with open(os.path.join(path, "src", "red"), "w") as handle:
        handle.write("red\n")
    world.run("git", "add", ".", cwd=path)
    world.run("git", "commit", "-q", "-m", "Red", cwd=path)
    start(world, path, command, steps=4)
    hand_in(world, path, "good", steps=4)
    world.run("git-migrate", "run", "-q", cwd=path, codes=(1,))
    count = runs(world, name)
    return Row(
        "gate runs in all on a base that fails", Figures([count], "runs"), target="1", met=count == 1)


# What a merged step costs beside the verifier.


def own_cost(world):
    samples = {"train": [], "alone": []}
    for turn in range(3):
        for kind, train in (("train", None), ("alone", 1)):
            path = world.repository(f"{kind}-{turn}", files=FILES)
            start(world, path, "true", train=train)
            hand_in(world, path, "good")
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            begin = time.perf_counter()
            world.run("git-migrate", "run", "-q", cwd=path)
            seconds = time.perf_counter() - begin
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            samples[kind].append((seconds / STEPS, cpu / STEPS))
    for index, what in ((0, "own time"), (1, "processor time")):
        ours = Figures([sample[index] for sample in samples["train"]])
        alone = Figures([sample[index] for sample in samples["alone"]])
        row = Row(
            f"{what} for a merged step, {STEPS} waiting, a verifier that does nothing", ours, alone,
            peer_name="train: 1", target="<= 0.50 x")
        row.met = row.ratio <= 0.5
        yield row


def project(world):
    times = {}
    for kind, train in (("alone", ", train: 1"), ("train", "")):
        path = world.repository("project-" + kind, files=FILES)
        suite = f"sleep {SUITE_SECONDS}; true"
        gate = "{ verifiers: [{ name: t, kind: build, run: " + repr(suite) + " }]" + train + " }"
        world.plan(path, PROJECT_STEPS, run="echo NUMBER > step-NUMBER", gate=gate, hooks=True)
        times[kind] = world.seconds(["git-migrate", "run", "-q", "-j", "2"], cwd=path)
    row = Row(
        f"{PROJECT_STEPS} steps, a suite of {SUITE_SECONDS:g} s", Figures([times["train"]]), Figures([times["alone"]]),
        peer_name="train: 1", target="<= 0.20 x")
    row.met = row.ratio <= 0.2
    return row
