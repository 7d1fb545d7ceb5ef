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
    hello = world.path("hello")
    with open(hello, "w") as file:
        file.write('{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18",'
                   '"capabilities":{},"clientInfo":{"name":"b","version":"1"}}}\n'
                   '{"jsonrpc":"2.0","id":1,"method":"tools/list"}\n')
    ours, shell = world.alternate(
        40, lambda: world.seconds(["sh", "-c", f"exec git-migrate mcp < {hello}"], cwd=path),
        lambda: world.seconds(["sh", "-c", f"exec git-migrate --version < {hello}"], cwd=path))
    ours, shell = Figures(ours), Figures(shell)
    yield Row(
        "mcp: handshake and list of tools", ours, shell, peer_name="git-migrate --version", target="<= 15 ms",
        met=ours.median <= 0.015)
