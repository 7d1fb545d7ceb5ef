"""One claimant of the 'claims' benchmark: claims until nothing is left, then writes down what it got.

usage: claimants.py KIND WHERE TOTAL NAME FILE

Prints 'ready', waits for the end of its standard input, and starts the client program once a claim, as a
worker that is a script would do. The driver is the same for every store.
"""

import json
import subprocess
import sys


def call(*command, text=None):
    return subprocess.run(
        command, input=text, stdin=None if text is not None else subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def migrate(where, _total, name):
    while True:
        result = call("git", "-C", where, "migrate", "claim", "--no-worktree", "--json", "--worker", name)
        if result.returncode in (10, 11):
            return
        if result.returncode != 0:
            raise RuntimeError(result.stderr)
        yield json.loads(result.stdout)["step"]


def walk(total, name, take, taken):
    """Takes free steps in turn, from a place of its own; after a loss it looks which are taken."""
    first = int(name.rsplit("-", 1)[1]) * total // 16
    todo = [(first + i) % total for i in range(total)]
    while todo:
        step = todo.pop(0)
        if take(step):
            yield f"step-{step}"
        else:
            gone = taken()
            todo = [other for other in todo if other not in gone]


def etcd(where, total, name):
    """A key is put if its create revision is 0."""
    def ctl(*arguments, text=None):
        result = call("etcdctl", "--endpoints", where, *arguments, text=text)
        if result.returncode != 0:
            raise RuntimeError(result.stderr)
        return result.stdout

    def take(step):
        return ctl("txn", text=f'create("step-{step}") = "0"\n\nput step-{step} {name}\n\n\n').startswith("SUCCESS")

    def taken():
        return numbers(ctl("get", "--prefix", "--keys-only", "step-"))

    yield from walk(total, name, take, taken)


def numbers(text):
    return {int(line.rsplit("-", 1)[1]) for line in text.split()}


# WAL with synchronous=FULL, which is the default: a commit is on the disk.
SQL = """.timeout 30000
BEGIN IMMEDIATE;
UPDATE steps SET holder = '{name}' WHERE id = (SELECT id FROM steps WHERE holder IS NULL LIMIT 1) RETURNING id;
COMMIT;
"""


def sqlite(where, _total, name):
    while True:
        result = call("sqlite3", "-bail", where, text=SQL.format(name=name))
        if result.returncode != 0:
            raise RuntimeError(result.stderr)
        if not result.stdout.strip():
            return
        yield f"step-{result.stdout.strip()}"


def bare(where, total, name):
    """'git update-ref' with an old value: one ref a step, made if it was not there."""
    commit = call("git", "-C", where, "rev-parse", "HEAD").stdout.strip()

    def take(step):
        while True:
            result = call(
                "git", "-C", where, "-c", "core.fsync=all", "update-ref", f"refs/claims/step-{step}", commit, "0" * 40)
            if result.returncode == 0 or "already exists" in result.stderr:
                return result.returncode == 0
            if "Unable to create" not in result.stderr:
                raise RuntimeError(result.stderr)

    def taken():
        return numbers(call("git", "-C", where, "for-each-ref", "--format=%(refname)", "refs/claims/").stdout)

    yield from walk(total, name, take, taken)


def chain(where, total, name):
    """A chain of commits on one ref with naive retry: what our ledger would be without its queue."""
    def git(*arguments, text=None):
        return call("git", "-C", where, "-c", "core.fsync=all", *arguments, text=text)

    while True:
        tip = git("rev-parse", "refs/claims/chain").stdout.strip()
        taken = int(git("log", "-1", "--format=%s", tip).stdout)
        if taken >= total:
            return
        commit = git("commit-tree", tip + "^{tree}", "-p", tip, "-m", f"{taken + 1}\n\n{name}").stdout.strip()
        if git("update-ref", "refs/claims/chain", commit, tip).returncode == 0:
            yield f"step-{taken}"


def main():
    kind, where, total, name = sys.argv[1:5]
    print("ready", flush=True)
    sys.stdin.read()
    claims = {"migrate": migrate, "etcd": etcd, "sqlite": sqlite, "bare": bare, "chain": chain}[kind]
    won = []
    try:
        won += list(claims(where, int(total), name))
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    with open(sys.argv[5], "w", encoding="ascii") as file:
        file.write("\n".join(won))
    return 0


if __name__ == "__main__":
    sys.exit(main())
