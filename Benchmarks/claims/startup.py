"""What every call of the program costs before it does anything."""

from bench import Figures, Row


def run(world):
    ours, git = world.alternate(
        40, lambda: world.seconds(["git-migrate", "--version"]), lambda: world.seconds(["git", "--version"]))
    ours, git = Figures(ours), Figures(git)
    yield Row(
        "start-up: --version", ours, git, peer_name="git --version", target="<= 10 ms", met=ours.median <= 0.010)
    path = world.repository("startup", files=20)
    world.plan(path, 3)
    ours, git = world.alternate(
        40, lambda: world.seconds(["git", "migrate", "status"], cwd=path),
        lambda: world.seconds(["git", "status"], cwd=path))
    yield Row("status of 3 steps, called by git", Figures(ours), Figures(git), peer_name="git status")
