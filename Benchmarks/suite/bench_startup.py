"""How long the program takes to say something: start-up, and 'status' in a small repository."""

from lib import Row, interleave, median


def run(world):
    repository = world.started("startup", files=10, steps=10)
    rounds = 15 if world.quick else 60
    version, status, direct, git, git_status = interleave(
        rounds,
        lambda: world.timed(world.migrate, "--version", cwd=repository),
        lambda: world.timed("git", "migrate", "status", cwd=repository),
        lambda: world.timed(world.migrate, "status", cwd=repository),
        lambda: world.timed("git", "--version", cwd=repository),
        lambda: world.timed("git", "status", cwd=repository), warm=3)

    def row(name, ours, peer, peer_name):
        return Row(name, ours, peer, peer_name=peer_name, target="<= 10 ms", met=median(ours) <= 10)

    return [
        row("startup: git-migrate --version", version, git, "git --version"),
        row("startup: git migrate status", status, git_status, "git status"),
        row("startup: git-migrate status", direct, git_status, "git status"),
    ]
