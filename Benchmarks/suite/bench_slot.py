"""A claim in a worktree slot that is used again, against a fresh 'git worktree add'."""

import json

from lib import Row, interleave, median


def run(world):
    files = 3000 if world.quick else 30_000
    repository = world.started("slot", files=files, steps=60)
    slots, took_claim = set(), []

    answer = world.path("claim.json")

    def claim():
        took = world.timed("git", "migrate", "claim", "--json", cwd=repository, output=answer)
        with open(answer, encoding="utf-8") as file:
            held = json.load(file)
        slots.add(held["worktree"])
        took_claim.append(took)
        return took + world.timed("git", "migrate", "release", cwd=held["worktree"])

    def fresh():
        took = world.timed("git", "worktree", "add", "-q", "--detach", world.path("fresh"), cwd=repository)
        return took + world.timed("git", "worktree", "remove", "--force", world.path("fresh"), cwd=repository)

    claim()  # makes the slot
    ours, peer = interleave(3 if world.quick else 5, claim, fresh)
    row = Row(
        f"slot: claim + release, {files} files", ours, peer, peer_name="worktree add + remove", target="<= 0.10 x",
        note=f"{len(slots)} slot used, claim alone {median(took_claim[2:]):.0f} ms")
    row.met = median(row.ratios()) <= 0.10
    return [row]
