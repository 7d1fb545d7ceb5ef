"""64 processes that append to one ledger, against one process that appends as much."""

import shutil

from lib import Row, median, together

PROCESSES = 64


def run(world):
    bench = world.ledger_bench()
    model = world.repository("contention")
    world.run(bench, "start", world.git_dir(model), "10")
    each = 5 if world.quick else 20
    total = PROCESSES * each
    rates = [[], []]
    for _ in range(2 if world.quick else 5):
        for side, commands in enumerate((PROCESSES, 1)):
            copy = world.path("contention-copy")
            shutil.copytree(model, copy)
            before = int(world.run(bench, "count", world.git_dir(copy)).stdout)
            command = [bench, "append", world.git_dir(copy), str(total // commands)]
            seconds = together(world, [command] * commands)
            found = int(world.run(bench, "count", world.git_dir(copy)).stdout) - before
            if found != total:
                raise RuntimeError(f"{total} appends were acknowledged, {found} are in the chain")
            world.run(world.migrate, "fsck", cwd=copy)
            rates[side].append(total / seconds)
            world.remove(copy)
    row = Row(
        f"contention: {PROCESSES} processes x {each}", *rates, unit="/s", peer_name="one process",
        target=">= 1.00 x", note="every append exactly once, fsck clean")
    row.met = median(row.ratios()) >= 1.0
    return [row]
