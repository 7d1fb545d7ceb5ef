"""64 processes that append at once, beside one that appends as much; every append must be there once."""

import json
import subprocess
import threading
import time

from bench import Figures, Row

WORKERS = 64
EACH = 20


def run(world):
    many, one = [], []
    for turn in range(5):
        for kind, samples in (("many", many), ("one", one)):
            path = world.repository(f"writers-{kind}-{turn}")
            world.run(world.inprocess, "prepare", path, str(WORKERS))
            groups = [(number, 1) for number in range(1, WORKERS + 1)] if kind == "many" else [(1, WORKERS)]
            samples.append(WORKERS * EACH / together(world, path, groups))
            check(world, path)
    row = Row(
        f"{WORKERS} processes append, in process", Figures(many, "/s"), Figures(one, "/s"),
        peer_name="one process", target=">= 1 x",
        notes=[f"every one of {WORKERS * EACH} appends is in the ledger exactly once, in each run"])
    row.met = row.ratio >= 1
    yield row
    yield by_command(world)


def together(world, path, groups):
    """Starts the writers, lets all go at the same moment and gives the seconds until the last is done."""
    children = [
        world.start(
            world.inprocess, "write", path, str(first), str(count), str(EACH), stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL)
        for first, count in groups
    ]
    time.sleep(0.3 if len(groups) == 1 else 1.5)
    return world.let_go(children)


def entries(world, path):
    text = world.run("git-migrate", "ledger", "cat", cwd=path)
    return [json.loads(line) for line in text.splitlines()]


def check(world, path):
    """Every append that was acknowledged is in the chain, once, and fsck agrees."""
    found = entries(world, path)
    renewed = [entry for entry in found if entry["kind"] == "lease.renewed"]
    for number in range(1, WORKERS + 1):
        count = sum(1 for entry in renewed if entry["step"] == f"S{number}")
        if count != EACH:
            raise RuntimeError(f"worker {number} appended {EACH} times and {count} are there")
    if len({entry["nonce"] for entry in found}) != len(found):
        raise RuntimeError("a nonce is there twice")
    if [entry["seq"] for entry in found] != list(range(1, len(found) + 1)):
        raise RuntimeError("the numbers of the entries have a gap")
    world.run("git-migrate", "fsck", cwd=path)


def by_command(world):
    """The same through the program: each append is a call of `git-migrate ledger append`."""
    many, one = [], []
    total = WORKERS * 5
    for turn in range(3):
        for workers, samples in ((WORKERS, many), (1, one)):
            path = world.repository(f"commands-{workers}-{turn}")
            world.plan(path, total)
            base = world.run("git", "rev-parse", "main", cwd=path).strip()
            queue = [event(number, base) for number in range(1, total + 1)]
            acknowledged = []
            begin = time.perf_counter()
            work = (world, path, queue, acknowledged)
            threads = [threading.Thread(target=drain, args=work) for _ in range(workers)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            samples.append(total / (time.perf_counter() - begin))
            found = [entry["nonce"] for entry in entries(world, path) if entry["kind"] == "step.claimed"]
            if len(acknowledged) != total or sorted(found) != sorted(acknowledged):
                raise RuntimeError(f"{len(acknowledged)} appends were acknowledged, {len(found)} are there")
            world.run("git-migrate", "fsck", cwd=path)
    row = Row(
        f"{WORKERS} at once call `ledger append`", Figures(many, "/s"), Figures(one, "/s"),
        peer_name="one after another", target=">= 1 x",
        notes=["every acknowledged append is in the ledger exactly once, in each run"])
    row.met = row.ratio >= 1
    return row


def event(number, base):
    return json.dumps(
        {
            "migration": "bench", "kind": "step.claimed", "step": f"S{number}", "epoch": 1, "holder": "bench",
            "owner": ["bench", "bench", 0, 0], "base": base,
            "expires_at": int(time.time() * 1000) + 3_600_000,
        })


def drain(world, path, queue, acknowledged):
    while True:
        try:
            text = queue.pop()
        except IndexError:
            return
        line = world.run("git-migrate", "ledger", "append", "--by", "bench", cwd=path, input=text)
        acknowledged.append(json.loads(line)["nonce"])
