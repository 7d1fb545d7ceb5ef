"""One append in one process, synced, beside a loose commit and a moved ref by libgit2 alone, synced alike."""

import json

from bench import Figures, Row


def run(world):
    path = world.repository("append")
    found = json.loads(world.run(world.inprocess, "append", path, "20", "25"))
    ours = Figures(value / 1e9 for value in found["ours"])
    peer = Figures(value / 1e9 for value in found["peer"])
    row = Row("append, one writer, fsync", ours, peer, peer_name="commit + ref by libgit2", target="<= 1.3 x")
    row.met = row.ratio <= 1.3
    yield row
