"""40 steps that change nothing, four at a time, against a shell script of plain git for the same."""

from lib import Row, interleave, median

STEPS = 40

# What the least a runner must do is, by hand: a place to work in, the command, a look at what it did, the
# check that the result still merges, and the place away again. Four of them at a time.
SCRIPT = r"""
set -e
step() {
  place=$1/place-$2
  flock "$1/lock" git worktree add -q --detach "$place" main
  (cd "$place" && sh -c true)
  changed=$(git -C "$place" status --porcelain)
  [ -n "$changed" ] && git -C "$place" commit -qam "$2"
  head=$(git -C "$place" rev-parse HEAD)
  git merge-base --is-ancestor main "$head"
  flock "$1/lock" git worktree remove --force "$place"
  echo "$2" >> "$1/done"
}
worker() {
  i=$2
  while [ "$i" -lt "$3" ]; do step "$1" "$i"; i=$((i + 4)); done
}
for w in 0 1 2 3; do worker "$1" "$w" "$2" & done
wait
[ "$(wc -l < "$1/done")" -eq "$2" ]
"""


def run(world):
    steps = 12 if world.quick else STEPS
    script = world.path("plain.sh")
    with open(script, "w", encoding="ascii") as file:
        file.write(SCRIPT)
    counter = [0]

    def ours():
        counter[0] += 1
        name = f"noop-{counter[0]}"
        repository = world.started(name, files=130, steps=steps)
        took = world.timed("git", "migrate", "run", "--jobs", "4", "-q", cwd=repository)
        status = world.run(world.migrate, "status", "--porcelain=v1", cwd=repository).stdout
        merged = sum("\tmerged\t" in line for line in status.splitlines())
        if merged != steps:
            raise RuntimeError(f"{merged} of {steps} steps are merged")
        world.remove(repository, repository + ".migrate")
        return took / steps

    def peer():
        counter[0] += 1
        repository = world.repository(f"plain-{counter[0]}", files=130)
        place = world.path(f"places-{counter[0]}")
        world.run("mkdir", place)
        took = world.timed("sh", script, place, str(steps), cwd=repository)
        world.remove(repository, place)
        return took / steps

    mine, theirs = interleave(2 if world.quick else 5, ours, peer)
    return [Row(
        f"noop: {steps} steps, --jobs 4, per step", mine, theirs, peer_name="sh + git", target="<= 20 ms",
        met=median(mine) <= 20)]
