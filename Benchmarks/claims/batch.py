"""A worker that lives long and claims many steps with one append, beside one node of etcd on the same disk.

Ours runs in process. etcd is asked over one connection that stays open, as many claims in one transaction; each
claim is a comparison and a put, so that whoever comes second gets nothing. At the end etcd shows what it does for
500 clients at once, by the load test of its own `etcdctl`.
"""

import base64
import http.client
import json
import re
import time
import urllib.parse

from bench import Figures, Row, Skipped
from claims.claims import etcd_server

STEPS = 896
BATCHES = [1, 16, 128]
TURNS = 3


def run(world):
    for batch in BATCHES:
        # One claim after another is slow: a part of them says as much.
        steps = STEPS if batch > 1 else STEPS // 4
        mine, peer = [], []
        for turn in range(TURNS):
            mine.append(steps / ours(world, f"{batch}-{turn}", steps, batch))
            try:
                peer.append(steps / etcd(world, f"batch-{batch}-{turn}", steps, batch))
            except Skipped as reason:
                print(f"   without etcd: {reason}")
                break
        yield Row(
            f"claims of one worker, {batch} at a time", Figures(mine, "/s"),
            Figures(peer, "/s") if peer else None, peer_name="etcd" if peer else "",
            notes=["each step was given out exactly once, in every run of both"])
    try:
        row = Row(
            "the same 128 at a time", Figures(mine, "/s"), Figures([crowd(world)], "/s"),
            peer_name="etcd, 500 clients", target=">= 1 x",
            notes=["the load of 'etcdctl check perf --load=l': puts without a comparison, at most 8,000/s"])
        row.met = row.ratio >= 1
        yield row
    except Skipped as reason:
        print(f"   without etcd: {reason}")


def crowd(world):
    """Writes a second that etcd takes from 500 clients, in a minute."""
    with etcd_server(world, "batch-crowd") as address:
        said = world.run("sh", "-c", 'etcdctl --endpoints "$0" check perf --load=l 2>&1; true', address)
        found = re.search(r"Throughput[^\n]*?(\d+) writes/s", said)
        if not found:
            raise RuntimeError(f"etcdctl check perf says: {said[-500:]}")
        return int(found.group(1))


def ours(world, name, steps, batch):
    path = world.repository(f"batch-{name}")
    found = json.loads(world.run(world.inprocess, "claim", path, str(steps), str(batch)))
    world.run("git-migrate", "fsck", cwd=path)
    return found["nanoseconds"] / 1e9


def etcd(world, name, steps, batch):
    with etcd_server(world, name) as address:
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc)
        body = [transaction(range(first, min(first + batch, steps + 1))) for first in range(1, steps + 1, batch)]
        begin = time.perf_counter()
        for text in body:
            if not send(connection, text).get("succeeded"):
                raise RuntimeError("etcd did not give out a step that nobody holds")
        seconds = time.perf_counter() - begin
        if any(send(connection, text).get("succeeded") for text in body):
            raise RuntimeError("etcd gave out a step twice")
        connection.close()
        return seconds


def transaction(numbers):
    keys = [base64.b64encode(f"S{number}".encode()).decode() for number in numbers]
    value = base64.b64encode(b"bench 1 86400").decode()
    return json.dumps({
        "compare": [{"key": key, "target": "VERSION", "result": "EQUAL", "version": "0"} for key in keys],
        "success": [{"request_put": {"key": key, "value": value}} for key in keys],
    })


def send(connection, text):
    connection.request("POST", "/v3/kv/txn", text, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    if response.status != 200:
        raise RuntimeError(f"etcd answers {response.status}: {answer[:300]}")
    return json.loads(answer)
