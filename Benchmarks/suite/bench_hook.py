"""What the installed hooks cost an ordinary 'git commit'."""

from lib import Row, interleave, median


def run(world):
    with_hooks = world.started("hook-with", files=130, steps=3)
    without = world.started("hook-without", files=130, steps=3, options=("--no-hooks",))
    rounds = 15 if world.quick else 60

    def commit(repository, name):
        return lambda: world.timed("git", "commit", "-q", "--allow-empty", "-m", name, cwd=repository)

    ours, peer = interleave(rounds, commit(with_hooks, "with"), commit(without, "without"), warm=3)
    difference = [a - b for a, b in zip(ours, peer)]
    with_cpu, without_cpu = (
        world.cpu("git", "commit", "-q", "--allow-empty", "-m", name) for name in ("with", "without"))
    row = Row(
        "hook: git commit on main", ours, peer, peer_name="without hooks", target="<= 3 ms more",
        note=f"difference {median(difference):.2f} ms, of medians {median(ours) - median(peer):.2f} ms; "
        f"{with_cpu}, without {without_cpu}")
    row.met = median(difference) <= 3
    return [row]
