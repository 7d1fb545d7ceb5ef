"""320 claims by 16 workers at once, through the command line: ours, etcd, sqlite3, and a shell with update-ref.

Every worker is the same small shell loop; it calls one program for each claim, and stops when nothing is left.
Each kind must have given out every step exactly once at the end.
"""

import contextlib
import socket
import time

from bench import Figures, Row, Skipped

WORKERS = 16
STEPS = 320
TURNS = 3

# Each gets its number in $1 and writes what it won, one step a line, on standard output.
OURS = """
while out=$(git-migrate claim --no-worktree --json --worker "w$1"); do
  out=${out#*\\"step\\":\\"}
  echo "${out%%\\"*}"
done
"""

# A key for each step. Each worker begins at its own share, so that nobody is in anybody's way before the end:
# the kindest case for etcd, which is asked for one transaction and nothing more.
ETCD = """
i=0
while [ $i -lt STEPS ]; do
  step=S$((((($1 - 1) * STEPS / WORKERS) + i) % STEPS + 1))
  i=$((i + 1))
  answer=$(printf 'version("%s") = "0"\\n\\nput %s w%s\\n\\nget %s\\n\\n' "$step" "$step" "$1" "$step" |
    etcdctl --endpoints "$2" txn) || exit 1
  case $answer in SUCCESS*) echo "$step" ;; esac
  # Once it meets what others took, all its own are taken; those after them are as well.
  case $answer in FAILURE*) [ $i -gt $((STEPS / WORKERS)) ] && exit 0 ;; esac
done
"""

SQLITE = """
while :; do
  step=$(sqlite3 -cmd '.timeout 60000' -cmd 'PRAGMA synchronous = FULL' "$2" "UPDATE steps SET holder = 'w$1' \\
    WHERE id = (SELECT id FROM steps WHERE holder IS NULL ORDER BY id LIMIT 1) RETURNING 'S' || id") || exit 1
  [ -n "$step" ] || exit 0
  echo "$step"
done
"""

# A chain of commits as our ledger is one, each a claim of the next step; whoever loses reads again.
CAS = """
tree=$(git rev-parse 'main^{tree}')
git() { command git -c core.fsync=committed,loose-object "$@"; }
while :; do
  old=$(git rev-parse refs/bench/chain)
  next=$(($(git show -s --format=%s "$old") + 1))
  [ $next -le STEPS ] || exit 0
  new=$(git commit-tree -p "$old" -m "$next" "$tree")
  git update-ref refs/bench/chain "$new" "$old" 2> /dev/null && echo "S$next"
done
"""


def run(world):
    kinds = [("ours", ours), ("etcd", etcd), ("sqlite3", sqlite), ("update-ref", update_ref)]
    rates = {name: [] for name, _ in kinds}
    skipped = {}
    for turn in range(TURNS):
        for name, kind in kinds:
            if name in skipped:
                continue
            try:
                rates[name].append(STEPS / kind(world, turn))
            except Skipped as reason:
                skipped[name] = str(reason)
    mine = Figures(rates["ours"], "/s")
    for name, reason in skipped.items():
        print(f"   without {name}: {reason}")
    for name, _ in kinds[1:]:
        if rates[name]:
            yield Row(
                f"{STEPS} claims by {WORKERS} workers", mine, Figures(rates[name], "/s"), peer_name=name,
                notes=["each step was given out exactly once, in every run of both"])


def workers(world, script, *arguments, cwd=None):
    """Runs the workers side by side; gives the seconds, after a look at what they won."""
    file = world.path("worker.sh")
    with open(file, "w") as handle:
        handle.write(script.replace("STEPS", str(STEPS)).replace("WORKERS", str(WORKERS)))
    outputs = [world.path(f"won-{number}") for number in range(WORKERS)]
    handles = [open(output, "w") for output in outputs]
    begin = time.perf_counter()
    children = [
        world.start("sh", file, str(number + 1), *arguments, cwd=cwd, stdout=handle)
        for number, handle in enumerate(handles)
    ]
    for child in children:
        child.wait()
    seconds = time.perf_counter() - begin
    for child, handle in zip(children, handles):
        world.end(child)
        handle.close()
    won = []
    for output in outputs:
        with open(output) as handle:
            won += handle.read().split()
    if sorted(won) != sorted(f"S{number}" for number in range(1, STEPS + 1)):
        raise RuntimeError(f"{len(won)} claims were won, of {len(set(won))} steps, instead of {STEPS}")
    return seconds


def ours(world, turn):
    path = world.repository(f"claims-{turn}")
    world.plan(path, STEPS)
    seconds = workers(world, OURS, cwd=path)
    world.run("git-migrate", "fsck", cwd=path)
    return seconds


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@contextlib.contextmanager
def etcd_server(world, turn, *options):
    """One node of etcd on the same disk; gives its address."""
    world.need("etcd", "etcdctl")
    client, peer = (f"http://127.0.0.1:{port}" for port in free_ports(2))
    with open(world.path(f"etcd-{turn}.log"), "w") as log:
        server = world.start(
            "etcd", "--data-dir", world.path(f"etcd-{turn}"), "--listen-client-urls", client,
            "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", f"default={peer}", *options, stdout=log, stderr=log)
    try:
        world.environment["ETCDCTL_API"] = "3"
        for attempt in range(100):
            try:
                world.run("etcdctl", "--endpoints", client, "endpoint", "health")
                break
            except RuntimeError:
                if attempt == 99 or server.poll() is not None:
                    raise
                time.sleep(0.1)
        yield client
    finally:
        world.end(server)


def etcd(world, turn):
    with etcd_server(world, turn) as client:
        return workers(world, ETCD, client)


def sqlite(world, turn):
    world.need("sqlite3")
    path = world.path(f"claims-{turn}.db")
    rows = ",".join(f"({number})" for number in range(1, STEPS + 1))
    world.run(
        "sqlite3", path, "PRAGMA journal_mode = WAL; CREATE TABLE steps (id INTEGER PRIMARY KEY, holder TEXT);"
        f"INSERT INTO steps (id) VALUES {rows};")
    return workers(world, SQLITE, path)


def update_ref(world, turn):
    path = world.repository(f"chain-{turn}")
    first = world.run("git", "commit-tree", "-m", "0", "main^{tree}", cwd=path).strip()
    world.run("git", "update-ref", "refs/bench/chain", first, cwd=path)
    return workers(world, CAS, cwd=path)
