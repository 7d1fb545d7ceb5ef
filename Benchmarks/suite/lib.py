"""What the benchmarks share: a world of their own, timing, plans and the table."""

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

PLAN = """---
migration: {name}
gate: none
lease: 1h
steps:
{steps}---
do {{{{step.id}}}}
"""


class Skipped(Exception):
    """A claim that cannot be measured here; the text says why."""


@dataclass
class Row:
    """One line of the table. `ours` and `peer` are lists of samples, in `unit`."""

    claim: str
    ours: list = field(default_factory=list)
    peer: list = field(default_factory=list)
    unit: str = "ms"
    peer_name: str = ""
    target: str = ""
    met: object = None  # True, False, or None for a line that only informs
    note: str = ""
    ratio: str = ""

    def ratios(self):
        return [a / b for a, b in zip(self.ours, self.peer) if b]

    def cells(self):
        ratio = self.ratio or (spread(self.ratios()) if self.peer else "")
        peer = f"{self.peer_name} {spread(self.peer, self.unit)}" if self.peer else self.peer_name
        verdict = {True: " met", False: " MISSED", None: ""}[self.met]
        return [self.claim, spread(self.ours, self.unit), peer, ratio, self.target + verdict, self.note]


def number(value):
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def spread(values, unit=""):
    """`min/median/max unit`, or one number when there is one sample."""
    if not values:
        return ""
    shown = [min(values), statistics.median(values), max(values)] if len(values) > 1 else values
    return "/".join(number(value) for value in shown) + (f" {unit}" if unit else "")


def median(values):
    return statistics.median(values)


def print_table(rows):
    head = ["claim", "ours", "peer", "ratio", "target", "note"]
    lines = [head] + [row.cells() for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for index, line in enumerate(lines):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |")
        if index == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def need(*tools):
    """Raises Skipped when a program is not there."""
    for tool in tools:
        if not shutil.which(tool):
            raise Skipped(f"'{tool}' is not installed")


def log(text):
    print(f"# {text}", file=sys.stderr, flush=True)


class World:
    """A temporary folder with its own HOME, git settings and a stripped copy of the program in PATH."""

    def __init__(self, binary, quick, bench=None):
        self.quick = quick
        self.root = tempfile.mkdtemp(prefix="git-migrate-bench.", dir=os.environ.get("TMPDIR"))
        self.children = []
        self.processor = {}  # of each timed command, the processor's milliseconds, its children's included
        self.bench = bench
        bin_dir = self.path("bin")
        os.mkdir(bin_dir)
        os.mkdir(self.path("home"))
        self.migrate = os.path.join(bin_dir, "git-migrate")
        shutil.copy(binary, self.migrate)
        if shutil.which("strip"):
            subprocess.run(["strip", self.migrate], check=False)
        env = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "XDG_", "MIGRATE_"))}
        env.update(
            HOME=self.path("home"), PATH=bin_dir + os.pathsep + os.environ["PATH"], LC_ALL="C", TZ="UTC",
            GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=self.path("home", ".gitconfig"), GIT_PAGER="cat",
            GIT_TERMINAL_PROMPT="0")
        self.env = env
        for key, value in (
            ("user.name", "Bench"), ("user.email", "bench@example.com"), ("init.defaultBranch", "main"),
            ("gc.auto", "0"), ("maintenance.auto", "false"), ("advice.detachedHead", "false")):
            self.run("git", "config", "--global", key, value, cwd=self.root)

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def run(self, *command, cwd=None, ok=(0,), **options):
        """Runs a command to its end; an exit code that is not expected is an error with its output."""
        result = subprocess.run(
            command, cwd=cwd, env=self.env, stdin=options.pop("stdin", subprocess.DEVNULL), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **options)
        if ok is not None and result.returncode not in ok:
            raise RuntimeError(f"{' '.join(command[:4])} ended with {result.returncode}: {result.stderr[-600:]}")
        return result

    def timed(self, *command, cwd=None, ok=(0,), output=os.devnull):
        """The wall-clock milliseconds of one command. Its output goes to a file, so that reading a pipe costs
        nothing here."""
        with open(output, "wb") as target:
            begin = time.perf_counter()
            process = subprocess.Popen(
                command, cwd=cwd, env=self.env, stdin=subprocess.DEVNULL, stdout=target,
                stderr=subprocess.DEVNULL)
            _, status, used = os.wait4(process.pid, 0)
            took = (time.perf_counter() - begin) * 1000
        code = process.returncode = os.waitstatus_to_exitcode(status)
        self.processor.setdefault(command, []).append((used.ru_utime + used.ru_stime) * 1000)
        if ok is not None and code not in ok:
            raise RuntimeError(f"{' '.join(command[:4])} ended with {code}")
        return took

    def cpu(self, *command):
        """The median of the processor time of a timed command: what a noisy machine disturbs least."""
        return f"cpu {number(median(self.processor[command]))} ms"

    def spawn(self, *command, **options):
        """Starts a process that `close` ends by its id when it still runs."""
        process = subprocess.Popen(command, env=options.pop("env", self.env), **options)
        self.children.append(process)
        return process

    def stop(self, process):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process in self.children:
            self.children.remove(process)

    def close(self):
        for process in list(self.children):
            self.stop(process)
        for _ in range(3):
            shutil.rmtree(self.root, ignore_errors=True)
            if not os.path.exists(self.root):
                return
            time.sleep(0.2)

    def remove(self, *paths):
        for path in paths:
            shutil.rmtree(path, ignore_errors=True)

    # Repositories

    def repository(self, name, files=1, per_folder=100):
        """A repository with one commit of that many small files."""
        path = self.path(name)
        os.makedirs(path)
        self.run("git", "init", "-q", cwd=path)
        for index in range(files):
            folder = os.path.join(path, f"part-{index // per_folder}")
            if index % per_folder == 0:
                os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, f"file-{index}.txt"), "w", encoding="ascii") as file:
                file.write(f"file {index}\n" + "text of a line\n" * 20)
        self.run("git", "add", ".", cwd=path)
        self.run("git", "commit", "-q", "-m", "All files", cwd=path)
        return path

    def plan(self, name, steps, command="true"):
        """A plan file with that many independent steps; no command leaves them to outside workers."""
        path = self.path(f"{name}.md")
        line = "" if command is None else f'    run: "{command}"\n'
        with open(path, "w", encoding="ascii") as file:
            file.write(PLAN.format(
                name=name, steps="".join(f"  - id: step-{i}\n    title: Do {i}\n{line}" for i in range(steps))))
        return path

    def started(self, name, files=1, steps=10, command="true", options=()):
        """A repository in which a migration was started."""
        repository = self.repository(name, files)
        self.run(self.migrate, "start", *options, self.plan(name, steps, command), cwd=repository)
        return repository

    def git_dir(self, repository):
        return os.path.join(repository, ".git")

    def ledger_bench(self):
        if not self.bench:
            raise Skipped("ledger-bench was not built: 'swift build' of Benchmarks/inprocess needs swift and libgit2-dev")
        return self.bench


def interleave(rounds, *measures, warm=1):
    """Calls the measures A B A B …; gives a list of samples for each. Warm-up rounds are thrown away."""
    samples = [[] for _ in measures]
    for index in range(warm + rounds):
        for position, measure in enumerate(measures):
            value = measure()
            if index >= warm:
                samples[position].append(value)
    return samples


def together(world, commands, cwd=None, code_ok=0):
    """Starts all commands, lets them go at one moment when each has said 'ready', waits for all: seconds.

    Each command prints 'ready' and then waits for the end of its standard input.
    """
    read, write = os.pipe()
    processes = [
        world.spawn(*command, cwd=cwd, stdin=read, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for command in commands]
    os.close(read)
    try:
        for process in processes:
            if process.stdout.readline().strip() != "ready":
                raise RuntimeError(process.stderr.read()[-600:])
        begin = time.perf_counter()
        os.close(write)
        write = None
        for process in processes:
            if process.wait() != code_ok:
                raise RuntimeError(process.stderr.read()[-600:])
        return time.perf_counter() - begin
    finally:
        if write is not None:
            os.close(write)
        for process in processes:
            process.stdout.close()
            process.stderr.close()
            world.stop(process)
