"""Handing in 10,000 new files, beside `git add` of the same."""

import os
import shutil

from bench import Figures, Row

FILES = 10_000


def run(world):
    path = world.repository("many", files=130)
    world.plan(path, 20)
    slot = path + ".migrate/slot-1"
    number = iter(range(1, 1000))

    def ours():
        world.run("git-migrate", "claim", cwd=path)
        write(slot, next(number))
        return world.seconds(["git-migrate", "submit", "--no-wait"], cwd=slot)

    def theirs():
        place = world.path("added")
        world.run("git", "worktree", "add", "-q", "--detach", place, "main", cwd=path)
        write(place, next(number))
        seconds = world.seconds(["git", "add", "--all"], cwd=place)
        shutil.rmtree(place)
        world.run("git", "worktree", "prune", cwd=path)
        return seconds

    handed, added = (Figures(samples) for samples in world.alternate(3, ours, theirs))
    row = Row(
        "10,000 new files handed in", handed, added, peer_name="git add", target="<= 2 x",
        notes=["ours are on the disk when it returns, those of git add are not"])
    row.met = row.ratio <= 2
    yield row


def write(place, salt):
    """Files that no repository has yet."""
    folder = os.path.join(place, "made")
    os.makedirs(folder)
    for index in range(FILES):
        with open(os.path.join(folder, f"file{index}.txt"), "w", encoding="utf-8") as file:
            file.write(f"{salt} {index}\n" * 20)
