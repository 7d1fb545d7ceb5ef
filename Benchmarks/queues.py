"""Two merge queues written down as plainly as they can be, to stand beside the gate: what they know of a candidate is
whether its verifier passes, and how often they had to ask is all that is measured."""

import os
import subprocess


class Queue:
    """Finished branches of a clone, a worktree to put them together in, and a verifier that counts its runs."""

    def __init__(self, world, repository, verifier):
        self.world = world
        self.verifier = verifier
        self.runs = 0
        self.place = repository + ".queue"
        world.run("git", "worktree", "add", "-q", "--detach", self.place, "main", cwd=repository)
        self.tip = self.git("rev-parse", "HEAD").strip()
        self.landed, self.back, self.partner = [], [], {}

    def git(self, *words):
        return self.world.run("git", *words, cwd=self.place)

    def passes(self, branches):
        """Whether the tip with these branches on it passes, and if so the commit of that; a conflict does not."""
        self.git("reset", "-q", "--hard", self.tip)
        self.git("clean", "-qfdx")
        for branch in branches:
            merged = subprocess.run(
                ["git", "merge", "-q", "--no-edit", branch], cwd=self.place, env=self.world.environment,
                capture_output=True)
            if merged.returncode != 0:
                self.git("merge", "--abort")
                return None
        self.runs += 1
        ran = subprocess.run(
            ["sh", "-c", self.verifier], cwd=self.place, env=self.world.environment, capture_output=True)
        return self.git("rev-parse", "HEAD").strip() if ran.returncode == 0 else None

    def land(self, commit, branches):
        self.tip = commit
        self.landed += branches

    def close(self, repository):
        self.world.run("git", "worktree", "remove", "--force", self.place, cwd=repository)
        assert not os.path.exists(self.place)


def bors(queue, branches):
    """All that waits is one batch. A batch that fails is cut in two, and each half is a batch of its own; a branch that
    fails alone goes back. Nobody is told what it does not go together with."""
    waiting = [list(branches)]
    while waiting:
        batch = waiting.pop(0)
        commit = queue.passes(batch)
        if commit:
            queue.land(commit, batch)
        elif len(batch) == 1:
            queue.back += batch
        else:
            middle = len(batch) // 2
            waiting[:0] = [batch[:middle], batch[middle:]]


def prefix(queue, branches):
    """The queue keeps its order. Of a batch that fails the longest beginning that passes is searched for, and lands as it
    was judged; the next branch is tried alone and, when it passes so, its partner is searched for among those before."""
    left = list(branches)
    while left:
        commit = queue.passes(left)
        if commit:
            return queue.land(commit, left)
        count, commit = longest(queue, len(left), lambda size: left[:size])
        culprit, before = left[count], left[:count]
        if before and queue.passes([culprit]):
            size, _ = longest(queue, count, lambda size: before[:size] + [culprit])
            queue.partner[culprit] = before[size]
        queue.back.append(culprit)
        if commit:
            queue.land(commit, before)
        left = left[count + 1:]


def longest(queue, red, candidate):
    """The length of the longest beginning that passes, and its commit; nothing passes, and `red` is known to fail."""
    green, found = 0, None
    while red - green > 1:
        middle = (green + red) // 2
        commit = queue.passes(candidate(middle))
        if commit:
            green, found = middle, commit
        else:
            red = middle
    return green, found
