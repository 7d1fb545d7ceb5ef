#!/usr/bin/env python3
"""Drives real agents through git-migrate and looks at what became of their steps.

    peers.py VENVS BIN [ROW…]

Each row is a migration of one step, or of a few, whose prompt tells the model what to do (`stub.py`). What is
wanted is the state of the steps, words that a person is told, and how often the model was asked.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import record
import stub

HERE = pathlib.Path(__file__).parent
WRITE, SAY = ["write", "a.txt", "hello"], ["say", "I wrote a.txt."]
LOOP = [["again", ["run", "ls"]]]
NOOP = {"result": "no-op", "reason": "all is there", "notes": ""}
CANNOT = {"result": "cannot", "reason": "the interface is gone", "notes": ""}


class Row:
    """One case: the script, the agent's further settings, and what is wanted."""

    def __init__(self, name, script, state, words="", agent=None, steps=1, env=None, kills=None, most=None,
                 more=None, logs=()):
        # The name is only there to tell whose an answer was.
        self.name, self.script, self.state, self.words = name, [["note", name], *script], state, words
        # Further keys of the plan; and what the agent's own output must tell.
        self.more, self.logs = more or {}, logs
        self.agent, self.steps, self.env, self.kills, self.most = agent or {}, steps, env or {}, kills, most


def codes(agent):
    """How each status of a service ends, by agent."""
    paused = {401: "401", 403: "403", 404: "selected model" if agent == "claude" else "404"}
    for code in (401, 403, 404):
        yield Row(f"{agent}-{code}", [["status", code]], "paused", paused[code], most=1)
    yield Row(f"{agent}-400", [["status", 400]], "blocked", "the stub answers 400")
    for code in (429, 500, 529):
        # It serves again after a while: the agent rests meanwhile, and the step is charged with nothing. Of
        # itself claude tries once more, codex not at all at 429, and else connects twice, each time twice.
        times = 2 if agent == "claude" else 1 if code == 429 else 4
        yield Row(f"{agent}-{code}", [["status", code, "not now", times], WRITE, SAY], "merged", "rests")


def asks(agent):
    """The gate is asked in the midst of the turn, and repaired; then the worker says how it went."""
    gate = {"gate": {"verifiers": [{"name": "t", "run": "! grep -q wrong a.txt"}]}}
    script = [["write", "a.txt", "wrong"], ["call", "mcp__migrate__verify", {}], ["write", "b.txt", "x"],
              ["run", "git --version"] if agent == "codex" else ["call", "mcp__migrate__status", {}],
              ["call", "mcp__migrate__result", {"outcome": "cannot", "reason": "it stays wrong"}], SAY]
    seen = ["verdict", "failed"]
    yield Row(f"{agent}-asks", script, "blocked", "it stays wrong", more={**gate, "sandbox": "require"},
              logs=seen)
    yield Row(f"{agent}-asks-unwalled", script, "blocked", "it stays wrong", more={**gate, "sandbox": "off"},
              logs=seen)
    done = [["write", "a.txt", "right"], ["call", "mcp__migrate__verify", {}],
            ["call", "mcp__migrate__result", {"outcome": "done", "propose": ["Another step"]}], SAY]
    yield Row(f"{agent}-asks-passed", done, "merged", "Another step",
              more={**gate, "sandbox": "require"}, logs=["verdict", "passed"])
    # What lies outside is not there; its own sandbox, where it has one, works inside of ours.
    out = [["run", "touch ../../out; touch /var/tmp/out; cat ../home/.gitconfig"], WRITE, SAY]
    yield Row(f"{agent}-walled", out, "merged", agent={"permissions": ["Bash"]} if agent == "claude" else {},
              more={"sandbox": "require"})


ROWS = [
    *asks("claude"),
    *asks("codex"),
    Row("claude-done", [WRITE, SAY], "merged"),
    Row("claude-words-only", [["say", "Nothing is to be done here."]], "blocked", "changed nothing"),
    Row("claude-noop", [["call", "StructuredOutput", NOOP]], "merged"),
    Row("claude-noop-changed", [WRITE, ["call", "StructuredOutput", NOOP]], "merged", "but changed files"),
    Row("claude-cannot", [["call", "StructuredOutput", CANNOT]], "blocked", "the interface is gone"),
    Row("claude-denied", [["run", "curl http://127.0.0.1/x"], ["say", "I could not."]], "blocked",
        "the agent was refused: Bash(curl"),
    Row("claude-denied-changed", [WRITE, ["run", "make test"], SAY], "merged",
        "the agent was refused: Bash(make"),
    Row("claude-permitted", [WRITE, ["run", "make -v > made.txt"], SAY], "merged",
        agent={"permissions": ["Bash"]}),
    Row("claude-turn-limit", [WRITE, ["run", "ls"], ["run", "ls"], ["run", "ls"], SAY], "merged",
        agent={"max_turns": 2}),
    Row("claude-turns-used-up", LOOP, "blocked", "used up its turns",
        agent={"max_turns": 2, "continuations": 1}),
    *codes("claude"),
    Row("claude-no-key", [SAY], "paused", "Not logged in", env={"ANTHROPIC_API_KEY": None}),
    Row("claude-limit", [["limit", 8], WRITE, SAY], "merged", "rests until",
        env={"ANTHROPIC_API_KEY": None, "CLAUDE_CODE_OAUTH_TOKEN": "dummy"}),
    Row("claude-cut", [WRITE, ["cut", 2], SAY], "merged"),
    Row("claude-killed", [["wait", 15, WRITE], SAY], "merged", "signal 9", kills=signal.SIGKILL),
    Row("claude-interrupted", [["wait", 15, WRITE], SAY], "merged", "interrupted", kills=signal.SIGINT),
    Row("claude-background",
        [WRITE, ["call", "Bash", {"command": "sleep 300", "run_in_background": True}], SAY],
        "merged", agent={"permissions": ["Bash"]}),
    Row("claude-refusal", [WRITE, ["refuse"]], "merged"),
    Row("claude-overlong", [WRITE, ["overlong"]], "merged"),
    Row("claude-fleet", [["status", 401]], "paused", "401", steps=12, most=4),
    Row("codex-done", [WRITE, SAY], "merged"),
    Row("codex-words-only", [["say", "Nothing is to be done here."]], "blocked", "changed nothing"),
    Row("codex-noop", [["say", json.dumps(NOOP)]], "merged"),
    Row("codex-cannot", [["say", json.dumps(CANNOT)]], "blocked", "the interface is gone"),
    Row("codex-failing-command", [["run", "false"], WRITE, SAY], "merged"),
    *codes("codex"),
    Row("codex-limit", [["limit", 3600]], "resting", "rests until"),
    Row("codex-cut", [WRITE, ["cut", 2], SAY], "merged"),
    Row("codex-overlong", [WRITE, ["overlong", 1], SAY], "merged"),
    Row("codex-killed", [["wait", 15, WRITE], SAY], "merged", "signal 9", kills=signal.SIGKILL),
    Row("codex-interrupted", [["wait", 15, WRITE], SAY], "merged", "interrupted", kills=signal.SIGINT),
    Row("codex-fleet", [["status", 401]], "paused", "401", steps=12, most=4),
    Row("vibe-done", [WRITE, SAY], "merged", more={"sandbox": "require"}),
    Row("vibe-denied", [["run", "touch x"], SAY], "blocked", "the agent was refused: execute",
        more={"sandbox": "off"}),
    Row("vibe-permitted", [["run", "touch x"], SAY], "merged", agent={"permissions": ["execute"]},
        more={"sandbox": "off"}),
    Row("vibe-walled", [["run", "touch x"], SAY], "merged", more={"sandbox": "require"}),
    # Asked to stop at the limit, the conversation goes on in another process.
    Row("vibe-turn-limit", [WRITE, ["run", "ls"], ["run", "ls"], ["run", "ls"], SAY], "merged",
        agent={"max_turns": 2}, more={"sandbox": "require"}),
    Row("vibe-401", [["status", 401]], "paused", "Invalid API key"),
    Row("mini-done", [WRITE, ["run", "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"]], "merged"),
    Row("mini-half", [WRITE, ["again", ["say", "I call no tool."]]], "blocked", "RepeatedFormatError"),
    Row("mini-401", [["status", 401]], "paused", "AuthenticationError"),
]


OURS = {"HOME", "PATH", "LANG", "TZ", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME",
        "GIT_COMMITTER_EMAIL"}


def plan(row, agent, variables):
    """The plan file of a row; its agent is given what the other programs here need not know."""
    names = sorted(name for name in variables if name not in OURS)
    settings = {"adapter": agent, "env": names, **row.agent}
    if agent == "codex":
        settings["model"] = "gpt-5.5"
    if agent == "vibe":
        settings = {"adapter": "acp", "command": "vibe-acp", "home": ["~/.vibe"], "env": names, **row.agent}
    if agent == "mini":
        command = 'mini -m openai/stub -y --exit-immediately -o .report.json -t "$(cat)"'
        settings = {"command": command, "report_file": ".report.json", "env": names, **row.agent}
    steps = [{"id": f"S{number + 1}", "title": "A step"} for number in range(row.steps)]
    front = {"migration": "m", "gate": "none", "attempts": 1, "backoff": {"initial": "0s"}, "agent": settings,
             "steps": steps, **row.more}
    lines = "\n".join(f"{key}: {json.dumps(value)}" for key, value in front.items())
    return f"---\n{lines}\n---\nDo what is asked.\nSCRIPT {json.dumps(row.script)}\n"


def shell(words, world, variables, seconds=60):
    return subprocess.run(words, cwd=world / "work", env=variables, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=seconds)


def agents_below(world):
    """The processes of agents that work in a world."""
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if os.readlink(entry / "cwd").startswith(str(world)) and words[0] in (b"claude", b"codex"):
                yield int(entry.name)
        except OSError:
            continue


def kill_first(row, world, is_over):
    """Sends the row's signal to the first agent that is at work."""
    while not is_over.is_set():
        found = list(agents_below(world))
        if found:
            time.sleep(6)
            for number in found:
                try:
                    os.kill(number, row.kills)
                except OSError:
                    pass
            return
        time.sleep(0.2)


def play(row, worlds, port, path):
    """Runs a row; gives what is wrong, or nothing."""
    agent = row.name.split("-")[0]
    world = worlds / row.name
    record.make_world(world)
    variables = record.environment(agent, world / "home", port, path)
    for key, value in row.env.items():
        variables.pop(key, None)
        if value is not None:
            variables[key] = value
    (world / "plan.md").write_text(plan(row, agent, variables))
    (world / "work/.gitignore").write_text(".report.json\n")
    for words in (["git", "add", "-A"], ["git", "commit", "-q", "-m", "base"],
                  ["git-migrate", "start", str(world / "plan.md")]):
        done = shell(words, world, variables)
        if done.returncode != 0:
            return f"{' '.join(words)}: {done.stderr}"
    is_over = threading.Event()
    if row.kills:
        threading.Thread(target=kill_first, args=(row, world, is_over), daemon=True).start()
    longest = "12" if row.state == "resting" else "150"
    run = ["timeout", "-s", "INT", longest, "git-migrate", "run", "--jobs", "4"]
    ran = shell(run, world, variables, seconds=200)
    is_over.set()
    status = json.loads(shell(["git-migrate", "status", "--json"], world, variables).stdout)
    show = shell(["git-migrate", "log"], world, variables).stdout
    told = ran.stdout + ran.stderr + show
    faults = []
    # Steps that workers propose wait for a person.
    states = [step["state"] for step in status["migrations"][0]["steps"] if step["state"] != "proposed"]
    phase = status["migrations"][0]["state"]
    wanted = {"paused": "ready", "resting": "ready"}.get(row.state, row.state)
    if row.state == "paused" and phase != "paused":
        faults.append(f"the migration is {phase}")
    if len(states) != row.steps or set(states) != {wanted}:
        faults.append(f"the steps are {', '.join(states)}")
    entries = shell(["git-migrate", "ledger", "cat"], world, variables).stdout
    used, served = spent(entries), answers_served(worlds / "stub.log", row.script)
    if agent not in ("mini", "vibe") and not row.kills and used != served:
        faults.append(f"the ledger has {used} tokens written, and the model wrote {served}")
    logs = list((world / "work/.git/migrate/logs/m").glob("*/*-work.log"))
    if row.most and len(logs) > row.most:
        faults.append(f"agents were started {len(logs)} times")
    output = "".join(log.read_text(errors="replace") for log in logs)
    for text in row.logs:
        if text not in output:
            faults.append(f"the agent never saw '{text}'")
    if row.words not in told:
        faults.append(f"nobody is told '{row.words}'")
    return "; ".join(faults) + "\n" + told if faults else None


def spent(entries):
    """The tokens that the entries of a ledger say were written."""
    return sum(map(int, re.findall(r'"tokens_out":(\d+)', entries)))


def answers_served(log, script):
    """The tokens that the model wrote for a script."""
    events = map(json.loads, log.read_text().splitlines())
    return sum(stub.WRITTEN for event in events if event["served"] and event["script"] == script)


def main(venvs, binary, *wanted):
    venvs = pathlib.Path(venvs).absolute()
    path = f"{pathlib.Path(binary).absolute()}:{record.programs(venvs)}"
    there = {name for name in ("claude", "codex", "mini", "vibe-acp") if shutil.which(name, path=path)}
    rows = [row for row in ROWS if row.name.split("-")[0] in {name.split("-")[0] for name in there}]
    rows = [row for row in rows if not wanted or any(row.name.startswith(word) for word in wanted)]
    worlds = pathlib.Path(tempfile.mkdtemp(prefix="peers.", dir="/var/tmp"))
    log = worlds / "stub.log"
    model = subprocess.Popen([sys.executable, HERE / "stub.py", "--log", log], stdout=subprocess.PIPE,
                            text=True)
    failed = []
    try:
        port = int(model.stdout.readline())
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for row, fault in zip(rows, pool.map(lambda row: safely(row, worlds, port, path), rows)):
                print(f"{'FAILED' if fault else 'ok'}  {row.name}", flush=True)
                if fault:
                    failed.append(row.name)
                    print("    " + fault.replace("\n", "\n    "), flush=True)
    finally:
        model.kill()
        shutil.rmtree(worlds, ignore_errors=True)
    print(f"{len(rows) - len(failed)} of {len(rows)} rows are as they should be"
          + (f"; not: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


def safely(row, worlds, port, path):
    try:
        return play(row, worlds, port, path)
    except Exception as error:  # a row that cannot be played is a fault of its own
        return repr(error)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
