#!/usr/bin/env python3
"""Watches a run in a real terminal (tmux): at 80 and at 200 columns, made narrower and wider meanwhile.

    terminal.py BIN [--record]

What the terminal shows is compared with `screens/`; times, numbers of commits and places are taken out. The steps
wait for files that this program makes, so that nothing depends on how fast the machine is.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import world

HERE = pathlib.Path(__file__).parent
WAIT = "printf 'begun %s \\033[31m\\033]0;pwned\\007\\n' $MIGRATE_STEP; until [ -e {gates}/$MIGRATE_STEP ]; do sleep 0.05; done; "


class Terminal:
    """A tmux server of its own with one window."""

    def __init__(self, folder, w, columns, rows):
        self.socket, self.w = str(folder / "tmux"), w
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), "sh")
        self.type("PS1='$ '; clear")

    def tmux(self, *arguments):
        environment = {k: v for k, v in self.w.environment.items() if k != "TERM"} | {"TERM": "xterm-256color"}
        environment.pop("TMUX", None)
        done = subprocess.run(["tmux", "-S", self.socket, *arguments], cwd=self.w.project, env=environment,
                              text=True, capture_output=True, check=True)
        return done.stdout

    def type(self, line):
        self.tmux("send-keys", line, "Enter")

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def until(self, wanted, seconds=60):
        """The screen once it is as wanted."""
        end = time.monotonic() + seconds
        while True:
            text = self.screen()
            if wanted(text):
                return text
            if time.monotonic() > end:
                raise SystemExit(f"the terminal never came to it:\n{text}")
            time.sleep(0.05)

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True)


def normal(text):
    """The screen without what differs from run to run; nothing moves."""
    def same(pattern, sign, text):
        return re.sub(pattern, lambda m: m.group(1) + sign * len(m.group(2)), text)
    text = same(r"(\b)(?=[a-f]*[0-9])([0-9a-f]{6,10})(?![0-9a-z])", "h", text)
    text = re.sub(r" +\d+s(?=  |$)", lambda m: "s".rjust(len(m.group(0))), text, flags=re.M)
    text = re.sub(r"\b\d+(?:\.\d)? (a minute|an hour)", r"N \1", text)
    text = re.sub(r"^\d+s  ", "s  ", text, flags=re.M)
    text = re.sub(r"left to do [^ \n]+( [^ \n]+)?", "left to do (line)", text)
    text = re.sub(r"  about [0-9a-z]+", "", text)
    return "\n".join(line.rstrip() for line in text.rstrip().split("\n")) + "\n"


def check(name, text, isRecording):
    path = HERE / "screens" / f"{name}.txt"
    # What stood there before is as it was.
    found = normal(text[max(0, text.rfind("$ git migrate")):])
    if isRecording:
        path.write_text(found)
        return 0
    wanted = path.read_text() if path.exists() else ""
    if found == wanted:
        return 0
    print(f"FAIL {name}: wanted\n{wanted}\nfound\n{found}")
    return 1


def clean(text, columns):
    """Nothing is left of a picture that was drawn at another width: one rule, one line of counts."""
    lines = text[max(0, text.rfind("$ git migrate")):].split("\n")
    rules = [line for line in lines if line.startswith("───")]
    counts = [line for line in lines if line.startswith("new-logging  ")]
    return len(rules) == (1 if columns > 60 else 0) and len(counts) == 1


def main():
    binary, isRecording, faults = pathlib.Path(sys.argv[1]).resolve(), "--record" in sys.argv, 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        w = world.World(folder, binary)
        gates = folder / "gates"
        gates.mkdir()
        w.commit({"check.sh": f"echo checking; until [ -e {gates}/gate ]; do sleep 0.05; done; ! grep -q bad *.txt\n",
                  "a.txt": "a\n"})
        (gates / "gate").touch()
        wait = WAIT.format(gates=gates)
        w.migrate("start", w.plan(
            [{"id": "facade", "title": "Add the facade", "run": wait + "echo x > facade.txt"},
             {"id": "cart-models-and-everything-else-in-it", "title": "Log in cart", "run": wait + "echo x > c.txt"},
             {"id": "mail", "title": "Log in mail \u65e5\u672c\u8a9e", "run": wait + "echo bad > m.txt"},
             {"id": "drop", "title": "Take it away", "needs": ["mail"], "run": "true"}]))
        t = Terminal(folder, w, 80, 24)
        try:
            # A full screen, as it mostly is: of one with room below, tmux moves the first rows above the screen when
            # it wraps others, where nothing can be drawn any more.
            t.type("seq 40")
            t.type("git migrate run -j 3")
            text = t.until(lambda s: s.count("begun ") >= 3 and "needs you" not in s)
            faults += check("begun-80", text, isRecording)
            t.resize(50, 24)
            text = t.until(lambda s: clean(s, 50))
            t.resize(200, 30)
            text = t.until(lambda s: clean(s, 200) and s.count("begun ") >= 3)
            faults += check("begun-200", text, isRecording)
            t.resize(80, 24)
            t.until(lambda s: clean(s, 80) and s.count("begun ") >= 3)
            (gates / "mail").touch()
            text = t.until(lambda s: "needs you: F1" in s and s.count("begun ") == 2)
            faults += check("blocked-80", text, isRecording)
            (gates / "facade").touch()
            t.until(lambda s: "merged    facade" in s)
            (gates / "cart-models-and-everything-else-in-it").touch()
            text = t.until(lambda s: s.rstrip().endswith("$"))
            faults += check("ended-80", text, isRecording)
            # What a terminal moved above its screen when it wrapped the lines is out of reach; nothing else is there.
            kept = t.tmux("capture-pane", "-p", "-S", "-500")
            if sum(line.startswith("───") for line in kept.split("\n")) > 6 or kept.count("merged    facade") != 1:
                faults += 1
                print(f"FAIL pictures are left above:\n{kept}")
            t.type("git migrate status")
            text = t.until(lambda s: s.rstrip().endswith("$") and "cart" in s[s.rfind("$ git migrate status"):])
            faults += check("status-80", text, isRecording)
            t.resize(200, 30)
            t.type("git migrate status")
            text = t.until(lambda s: s.rstrip().endswith("$") and "cart" in s[s.rfind("$ git migrate status"):])
            faults += check("status-200", text, isRecording)
            t.resize(80, 24)
            t.type("git migrate status --watch")
            t.until(lambda s: "cart-models" in s[s.rfind("--watch"):])
            t.resize(60, 24)
            t.until(lambda s: s[s.rfind("--watch"):].count("new-logging  running") == 1
                    and "migrate/new-lo" not in s[s.rfind("--watch"):])
            t.tmux("send-keys", "C-c")
            text = t.until(lambda s: s.rstrip().endswith("$"))
            faults += check("watched-60", text, isRecording)
        finally:
            t.close()
    print(f"the terminal: {'ok' if not faults else str(faults) + ' faults'}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
