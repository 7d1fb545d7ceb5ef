"""What our hooks cost an ordinary `git commit` on a branch that is nobody's business."""

from bench import Figures, Row


def run(world):
    guarded = world.repository("guarded", files=20)
    plain = world.repository("plain", files=20)
    world.plan(guarded, 3, hooks=True)
    world.plan(plain, 3)
    commit = ["git", "commit", "-q", "--allow-empty", "-m", "Nothing"]
    ours, theirs = world.alternate(
        60, lambda: world.seconds(commit, cwd=guarded), lambda: world.seconds(commit, cwd=plain))
    ours, theirs = Figures(ours), Figures(theirs)
    cost = ours.median - theirs.median
    yield Row(
        "git commit with our hooks", ours, theirs, peer_name="without", target="<= 3 ms more", met=cost <= 0.003,
        notes=[f"the hooks cost {cost * 1000:.2f} ms"])
