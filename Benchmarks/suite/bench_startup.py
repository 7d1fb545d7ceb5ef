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

    def row(ours, peer, *commands):
        note = ", peer ".join(world.cpu(*command.split()) for command in commands)
        return Row(
            f"startup: {commands[0].replace(world.migrate, 'git-migrate')}", ours, peer, peer_name=commands[1],
            target="<= 10 ms", met=median(ours) <= 10, note=note)

    return [
        row(version, git, f"{world.migrate} --version", "git --version"),
        row(status, git_status, "git migrate status", "git status"),
        row(direct, git_status, f"{world.migrate} status", "git status"),
    ]
