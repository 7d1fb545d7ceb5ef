"""320 claims by 16 concurrent workers, each claim one run of a client program, beside other stores."""

import os
import socket
import sys
import time

from lib import Row, Skipped, need, together

WORKERS = 16


def run(world):
    total = 64 if world.quick else 320
    stores = []
    skipped = []
    for name, make in (
        ("migrate", make_migrate), ("etcdctl txn", make_etcd), ("sqlite3", make_sqlite),
        ("git update-ref, a ref a step", make_bare), ("git update-ref, one chain", make_chain)):
        try:
            stores.append((name, make(world, total)))
        except Skipped as reason:
            skipped.append(Row(f"claims: {name}", note=f"skipped: {reason}"))
    rates = {name: [] for name, _ in stores}
    doubles = {name: 0 for name, _ in stores}
    try:
        for round_number in range(1 if world.quick else 2):
            for name, store in stores:
                seconds, won = measure(world, store, total, round_number)
                doubles[name] += len(won) - len(set(won))
                if len(set(won)) != total:
                    raise RuntimeError(f"{name}: {len(set(won))} of {total} steps were claimed")
                rates[name].append(total / seconds)
    finally:
        for _, store in stores:
            if store.get("process"):
                world.stop(store["process"])
    rows = []
    for name, _ in stores[1:]:
        rows.append(Row(
            f"claims: {total} by {WORKERS} processes", rates["migrate"], rates[name], unit="/s", peer_name=name,
            target="no double winner", met=doubles["migrate"] == 0,
            note=f"double winners: ours {doubles['migrate']}, peer {doubles[name]}"))
    return rows + skipped


def measure(world, store, total, round_number):
    where = store["fresh"](round_number)
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "claimants.py")
    files = [world.path(f"won-{worker}") for worker in range(WORKERS)]
    commands = [
        [sys.executable, "-S", script, store["kind"], where, str(total), f"worker-{worker}", files[worker]]
        for worker in range(WORKERS)]
    seconds = together(world, commands)
    won = []
    for path in files:
        with open(path, encoding="ascii") as file:
            won += file.read().split()
        os.remove(path)
    return seconds, won


def make_migrate(world, total):
    return {
        "kind": "migrate",
        "fresh": lambda number: world.started(f"claims-{number}", files=10, steps=total)}


def make_bare(world, _total):
    return {"kind": "bare", "fresh": lambda number: world.repository(f"claims-bare-{number}")}


def make_chain(world, _total):
    def fresh(number):
        repository = world.repository(f"claims-chain-{number}")
        commit = world.run("git", "commit-tree", "HEAD^{tree}", "-m", "0", cwd=repository).stdout.strip()
        world.run("git", "update-ref", "refs/claims/chain", commit, cwd=repository)
        return repository

    return {"kind": "chain", "fresh": fresh}


def make_sqlite(world, total):
    need("sqlite3")

    def fresh(number):
        path = world.path(f"claims-{number}.db")
        rows = ",".join(f"({i},NULL)" for i in range(total))
        world.run(
            "sqlite3", path, "PRAGMA journal_mode=WAL; CREATE TABLE steps(id INTEGER PRIMARY KEY, holder TEXT);"
            f" INSERT INTO steps VALUES {rows};")
        return path

    return {"kind": "sqlite", "fresh": fresh}


def make_etcd(world, _total):
    need("etcd", "etcdctl")
    state = {"kind": "etcd", "process": None}

    def fresh(number):
        if state["process"]:
            world.stop(state["process"])
        client, peer = (f"http://127.0.0.1:{port}" for port in free_ports(2))
        with open(world.path(f"etcd-{number}.log"), "wb") as output:
            state["process"] = world.spawn(
                "etcd", "--name", "bench", "--data-dir", world.path(f"etcd-{number}"),
                "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
                "--initial-advertise-peer-urls", peer, "--initial-cluster", f"bench={peer}",
                stdout=output, stderr=output)
        for _ in range(100):
            if state["process"].poll() is not None:
                break
            health = world.run("etcdctl", "--endpoints", client, "endpoint", "health", ok=None)
            if health.returncode == 0:
                return client
            time.sleep(0.1)
        raise RuntimeError("etcd does not answer, see its log")

    world.env["ETCDCTL_API"] = "3"
    state["fresh"] = fresh
    return state


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for item in sockets:
            item.bind(("127.0.0.1", 0))
        return [item.getsockname()[1] for item in sockets]
    finally:
        for item in sockets:
            item.close()
