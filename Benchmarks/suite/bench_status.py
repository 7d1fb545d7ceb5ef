"""Reading a large ledger: 10,000 steps, 100,000 events."""

import os
import shutil

from lib import Row, interleave, log, median


def run(world):
    bench = world.ledger_bench()
    steps, events = (1000, 5000) if world.quick else (10_000, 100_000)
    ready = os.environ.get("BENCH_LARGE_LEDGER")
    repository = world.path("large")
    if ready:
        shutil.copytree(ready, repository)
    else:
        world.repository("large")
        log(f"building a ledger of {steps} steps and {events} events, which takes minutes")
        world.run(bench, "generate", world.git_dir(repository), str(steps), str(events))
    entries = int(world.run(bench, "count", world.git_dir(repository)).stdout)
    blob = world.run("git", "cat-file", "-s", "refs/migrate/ledger:checkpoint.json", cwd=repository, ok=(0, 128))
    rounds = 5 if world.quick else 11

    def timed(*arguments):
        return lambda: world.timed(*arguments, cwd=repository)

    ours, as_json, porcelain, peer = interleave(
        rounds, timed("git", "migrate", "status"), timed("git", "migrate", "status", "--json"),
        timed("git", "migrate", "status", "--porcelain=v1"),
        timed("git", "cat-file", "blob", "refs/migrate/ledger:checkpoint.json"))
    size = f"{entries} entries, checkpoint {int(blob.stdout or 0) // 1024} KiB"
    rows = [
        Row(f"status: {name}", samples, peer, peer_name="git cat-file checkpoint", target="<= 100 ms",
            met=median(samples) <= 100, note=size)
        for name, samples in (("text", ours), ("--json", as_json), ("--porcelain=v1", porcelain))]
    claims = [
        world.timed("git", "migrate", "claim", "--no-worktree", "--json", cwd=repository)
        for _ in range(rounds)]
    rows.append(Row("status: claim in that ledger", claims, note="informs"))
    # Two findings are possible and no matter here: only the time counts.
    fsck = [world.timed("git", "migrate", "fsck", cwd=repository, ok=None) for _ in range(1)]
    rows.append(Row("status: fsck of that ledger", fsck, note=f"{fsck[0] * 1000 / entries:.0f} us an entry"))
    return rows
