"""One writer that appends, in process and with fsync, against the least that libgit2 must do."""

from lib import Row, median


def run(world):
    bench = world.ledger_bench()
    ours, bare = world.repository("append-ours"), world.repository("append-bare")
    world.run(bench, "start", world.git_dir(ours), "10")
    rounds, count = (6, 50) if world.quick else (20, 200)
    result = world.run(
        bench, "pair", world.git_dir(ours), world.git_dir(bare), str(rounds), str(count), cwd=world.root)
    pairs = [line.split() for line in result.stdout.splitlines()][1:]
    per_entry = [[int(pair[side]) / count / 1e6 for pair in pairs] for side in (0, 1)]
    row = Row(
        "append: one writer, fsync", *per_entry, peer_name="bare commit + CAS", target="<= 1.30 x",
        note=f"{1000 / median(per_entry[0]):.0f} against {1000 / median(per_entry[1]):.0f} per second")
    row.met = median(row.ratios()) <= 1.3
    return [row]
