"""Reading what a verifier prints, beside `grep -c x` on the same file: lines of 2, 80 and 50 million bytes."""

import os
import random
import subprocess
import time

from bench import Figures, Row

SIZE = 100_000_000


def kinds():
    """Names, and blocks of bytes that are repeated to make the file."""
    chance = random.Random(7)
    letters = "abcdefghijklmnopqrstuvwxyz      "

    def text(length):
        return "".join(chance.choice(letters) for _ in range(length)).encode()

    yield "lines of 2 bytes", b"".join(text(1) + b"\n" for _ in range(500_000))
    yield "lines of 80 bytes", b"".join(text(79) + b"\n" for _ in range(50_000))
    yield "80 bytes, a build", b"".join(
        b"[%5d/50000] Building C object src/CMakeFiles/app.dir/module_%d.c.o with flags %s\n" % (n, n, text(20))
        for n in range(50_000))
    yield "lines of 50 million bytes", text(1000) * 50_000 + b"\n"


def seconds(command):
    """`grep` stops at the first match when nobody reads, so somebody does."""
    start = time.monotonic()
    out = subprocess.run(command, capture_output=True, check=True).stdout
    return time.monotonic() - start, out


def run(world):
    program = world.inprocess
    path = os.path.join(world.directory, "output.log")
    for name, block in kinds():
        with open(path, "wb") as file:
            for _ in range(max(1, SIZE // len(block))):
                file.write(block)
        memory = []

        def ours():
            spent, out = seconds([program, "read", path])
            memory.append(int(out))
            return spent

        mine, grep = world.alternate(5, ours, lambda: seconds(["grep", "-c", "x", path])[0])
        row = Row(
            "read, " + name, Figures(mine), Figures(grep), peer_name="grep -c x", target="<= 8 x",
            notes=["at most %d MiB of memory" % (max(memory) // 1024)])
        row.met = row.ratio <= 8
        yield row
    os.remove(path)
