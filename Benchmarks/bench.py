"""What the benchmarks share: a place to work in, a clock, and how figures are shown."""

import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


class Skipped(Exception):
    """Something that the benchmark needs is not there."""


class Figures:
    """Samples of one thing, in seconds or in things a second."""

    def __init__(self, samples, unit="ms"):
        self.samples = list(samples)
        self.unit = unit

    @property
    def median(self):
        return statistics.median(self.samples)

    def _text(self, value):
        if self.unit == "ms":
            milliseconds = value * 1000
            return f"{milliseconds:.2f}" if milliseconds < 100 else f"{milliseconds:.0f}"
        return f"{value:.0f}" if abs(value) >= 10 else f"{value:.2f}"

    def __str__(self):
        return f"{self._text(self.median)} {self.unit}"

    def spread(self):
        low, high = min(self.samples), max(self.samples)
        texts = " / ".join(self._text(value) for value in (low, self.median, high))
        return f"{texts} {self.unit} (n={len(self.samples)})"


class Row:
    """One claim: ours beside the peer, or beside a limit, and what is wanted."""

    def __init__(self, claim, ours, peer=None, *, peer_name="", ratio=None, target="", met=None, notes=()):
        self.claim = claim
        self.ours = ours
        self.peer = peer
        self.peer_name = peer_name
        if ratio is None and peer is not None:
            ratio = ours.median / peer.median
        self.ratio = ratio
        self.target = target
        self.met = met
        self.notes = list(notes)

    def show(self):
        print(f"   {self.claim}")
        print(f"     ours  {self.ours.spread()}")
        if self.peer is not None:
            print(f"     peer  {self.peer.spread()}  {self.peer_name}")
        for note in self.notes:
            print(f"     {note}")
        print(flush=True, end="")

    def cells(self):
        met = {True: "met", False: "MISSED", None: ""}[self.met]
        peer = f"{self.peer}" if self.peer is not None else ""
        if self.peer_name:
            peer = f"{peer} {self.peer_name}".strip()
        ratio = f"{self.ratio:.2f}" if self.ratio is not None else ""
        return [self.claim, str(self.ours), peer, ratio, f"{self.target} {met}".strip()]


def print_table(rows):
    table = [["claim", "ours", "peer", "ratio", "target"]] + [row.cells() for row in rows]
    widths = [max(len(line[column]) for line in table) for column in range(5)]
    for line in table:
        print(" | ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


class World:
    """A folder for everything, on the disk that the build is on, and an environment in which no setting of the
    user's counts."""

    def __init__(self):
        self.scratch = os.path.abspath(os.environ.get("SCRATCH") or os.path.join(ROOT, ".build"))
        place = os.environ.get("BENCH_DIR") or self.scratch
        os.makedirs(place, exist_ok=True)
        self.directory = tempfile.mkdtemp(prefix="bench-", dir=place)
        self.children = []
        self._inprocess = None
        home = self.path("home")
        os.makedirs(home)
        with open(self.path("gitconfig"), "w") as file:
            file.write("[user]\n\tname = Bench\n\temail = bench@example.com\n[init]\n\tdefaultBranch = main\n")
            file.write("[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[advice]\n\tmigrateHints = false\n")
        self.environment = {
            "PATH": os.path.dirname(self.program) + ":" + os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": home,
            "GIT_CONFIG_GLOBAL": self.path("gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "LC_ALL": "C",
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in self.children:
            self.end(child)
        shutil.rmtree(self.directory, ignore_errors=True)

    # Programs

    @property
    def program(self):
        """The release binary: `make` builds it; GIT_MIGRATE names another."""
        path = os.environ.get("GIT_MIGRATE") or os.path.join(self.scratch, "release", "git-migrate")
        if not os.path.exists(path):
            raise SystemExit(f"fatal: there is no '{path}'; run 'make' first")
        return os.path.realpath(path)

    @property
    def inprocess(self):
        """The program for what is measured inside one process, built when it is first asked for."""
        if self._inprocess is None:
            scratch = os.path.join(self.scratch, "inprocess")
            package = os.path.join(ROOT, "Benchmarks", "inprocess")
            command = ["swift", "build", "-c", "release", "--static-swift-stdlib", "--package-path", package]
            self.need("swift")
            print("   building Benchmarks/inprocess …", flush=True)
            result = subprocess.run(command + ["--scratch-path", scratch], capture_output=True, text=True)
            if result.returncode != 0:
                raise RuntimeError("Benchmarks/inprocess does not build:\n" + result.stdout[-3000:])
            self._inprocess = os.path.join(scratch, "release", "inprocess")
        return self._inprocess

    def need(self, *programs):
        for program in programs:
            if shutil.which(program) is None:
                raise Skipped(f"'{program}' is not installed")

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def run(self, *command, cwd=None, input=None, codes=(0,), environment=None):
        """Runs a command that must succeed and gives what it prints."""
        result = subprocess.run(
            command, cwd=cwd or self.directory, env=environment or self.environment, input=input,
            capture_output=True, text=True)
        if result.returncode not in codes:
            errors = result.stderr.strip()[-600:]
            raise RuntimeError(f"{' '.join(command)} ended with {result.returncode}: {errors}")
        return result.stdout

    def start(self, *command, cwd=None, **options):
        """Starts a program in the background; it is ended when the benchmarks are."""
        child = subprocess.Popen(command, cwd=cwd or self.directory, env=self.environment, **options)
        self.children.append(child)
        return child

    def end(self, child):
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if child in self.children:
            self.children.remove(child)

    def let_go(self, children):
        """Lets programs go at the same moment, which wait for the end of their input; gives the seconds until the
        last of them is done."""
        begin = time.perf_counter()
        for child in children:
            child.stdin.close()
        codes = [child.wait() for child in children]
        seconds = time.perf_counter() - begin
        for child in children:
            self.end(child)
        if any(codes):
            raise RuntimeError(f"one of {len(children)} programs ended with {max(codes)}")
        return seconds

    def seconds(self, command, cwd=None, codes=(0,)):
        """How long a command takes, from its start to its end; its output is thrown away."""
        here = os.getcwd()
        path = shutil.which(command[0], path=self.environment["PATH"]) or command[0]
        os.chdir(cwd or self.directory)
        try:
            errors = self.path("errors")
            actions = [
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            ]
            begin = time.perf_counter()
            pid = os.posix_spawn(path, list(command), self.environment, file_actions=actions)
            _, status = os.waitpid(pid, 0)
            end = time.perf_counter()
        finally:
            os.chdir(here)
        code = os.waitstatus_to_exitcode(status)
        if code not in codes:
            with open(errors) as file:
                raise RuntimeError(f"{' '.join(command)} ended with {code}: {file.read().strip()[-600:]}")
        return end - begin

    def alternate(self, count, *actions):
        """Calls the actions in turn, A B A B, `count` times each; each gives its own seconds. Gives one list
        for each action, without a first round that only warms up."""
        results = [[] for _ in actions]
        for turn in range(count + 1):
            for action, samples in zip(actions, results):
                value = action()
                if turn > 0:
                    samples.append(value)
        return results

    # Repositories

    def repository(self, name, files=1):
        """A repository with so many files in one commit on `main`."""
        path = self.path(name)
        os.makedirs(path)
        self.run("git", "init", "-q", path)
        # Straight into the object store and then out of it: quicker than writing files and adding them.
        who = "Bench <bench@example.com> 1700000000 +0000"
        stream = [f"commit refs/heads/main\ncommitter {who}\ndata 5\nFirst\n"]
        for number in range(files):
            text = f"// File {number} of a benchmark.\nlet value{number} = {number}\n" * 4
            stream.append(f"M 100644 inline src/part{number % 97}/file{number}.swift\ndata {len(text)}\n{text}\n")
        self.run("git", "fast-import", "--quiet", cwd=path, input="".join(stream) + "\n")
        self.run("git", "reset", "-q", "--hard", "main", cwd=path)
        return path

    def plan(self, path, steps, *, run=None, name="bench", gate="none", hooks=False, in_turn=False):
        """Starts a migration of equal steps in a repository; `in_turn`, each begins when the last is merged."""
        file = self.path(f"{name}-{os.path.basename(path)}.md")
        lines = ["---", f"migration: {name}", "base: main", f"gate: {gate}", "backoff: 0s", "steps:"]
        for number in range(1, steps + 1):
            lines.append(f"  - id: S{number}")
            if run:
                lines.append(f"    run: {run.replace('NUMBER', str(number))}")
            if in_turn and number > 1:
                lines.append(f"    needs: S{number - 1}")
        with open(file, "w") as handle:
            handle.write("\n".join(lines + ["---", "Do it.", ""]))
        options = [] if hooks else ["--no-hooks"]
        self.run("git-migrate", "start", *options, file, cwd=path)

    # The machine

    def noise(self):
        """How long the same piece of work takes from time to time: what no figure can be more exact than."""
        def spin():
            begin = time.perf_counter()
            total = 0
            for number in range(200_000):
                total += number
            return time.perf_counter() - begin

        def sync():
            begin = time.perf_counter()
            with open(self.path("noise"), "wb") as file:
                file.write(b"x" * 200)
                file.flush()
                os.fsync(file.fileno())
            return time.perf_counter() - begin

        work = Figures(spin() for _ in range(15))
        disk = Figures(sync() for _ in range(30))
        load = " ".join(f"{value:.1f}" for value in os.getloadavg())
        return f"same work {work.spread()}, fsync {disk.spread()}, load {load}"

    def describe(self):
        git = self.run("git", "--version").strip()
        return f"{git}; {os.cpu_count()} processors\nnoise before: {self.noise()}"


