"""Repositories with migrations to look at, each in a home of its own."""
import json
import os
import subprocess

PLAN = """---
migration: new-logging
attempts: 2
backoff: 0s
stop: {{ alike: 50, failed: 100% }}
gate:
  verifiers:
    - {{ name: check, kind: build, run: "sh check.sh" }}
steps:
{steps}
---
do {{{{step.id}}}}
"""


class World:
    """A repository, a home and a PATH."""

    def __init__(self, folder, binary):
        self.folder, self.home, self.project = folder, folder / "home", folder / "shop"
        for made in (self.home, self.project):
            made.mkdir(parents=True)
        keep = {k: os.environ[k] for k in ("PATH", "TMPDIR", "TERM") if k in os.environ}
        self.environment = keep | {
            "HOME": str(self.home), "PATH": f"{binary}:{keep['PATH']}", "GIT_CONFIG_NOSYSTEM": "1", "TZ": "UTC",
            "LC_ALL": "C.UTF-8", "GIT_PAGER": "cat", "GIT_CONFIG_GLOBAL": str(self.home / ".gitconfig"),
        }
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "Ada Example")
        self.git("config", "user.email", "ada@example.com")
        # Steps wait for files beside the project, which a sandbox would not show them.
        self.git("config", "--global", "migrate.sandbox", "off")

    def run(self, *command, may_fail=False):
        done = subprocess.run(command, cwd=self.project, env=self.environment, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL)
        if done.returncode and not may_fail:
            raise SystemExit(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def git(self, *arguments, **options):
        return self.run("git", *arguments, **options)

    def migrate(self, *arguments, **options):
        return self.git("migrate", *arguments, **options)

    def state(self, name):
        """Whether a migration runs, is paused, or how it ended."""
        found = json.loads(self.migrate("status", "--json"))["migrations"]
        return next(m["state"] for m in found if m["name"] == name)

    def steps(self):
        """The state of each step of the one migration there is."""
        found = json.loads(self.migrate("status", "--json"))["migrations"][0]["steps"]
        return {step["id"]: step["state"] for step in found}

    def commit(self, files):
        for name, text in files.items():
            path = self.project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", ".")
        self.git("commit", "-qm", "as it was")

    def plan(self, steps):
        """Writes a plan beside the project; JSON is YAML."""
        rows = "\n".join(f"  - {json.dumps(step)}" for step in steps)
        path = self.folder / "plan.md"
        path.write_text(PLAN.format(steps=rows))
        return str(path)

    def shop(self):
        """A migration that has come to a stand: most is merged, some is blocked for two causes, some is held."""
        areas = ["cart", "mail", "stock", "users", "search", "billing"]
        kinds = ["models", "rules", "store", "views", "jobs"]
        files = {f"{a}/{k}.sh": f"oldlog {a} {k}\n" for a in areas for k in kinds}
        # A verifier that names what it found, as real ones do.
        check = "grep -rq 'newlog(' */ && { echo \"SyntaxError: '(' was never closed\"; exit 1; }\n" \
                "grep -rq compat */ && { echo 'No module named shop.log.compat'; exit 1; }\nexit 0\n"
        self.commit(files | {"check.sh": check, "log.sh": "oldlog() { echo \"$1\"; }\n"})
        steps = [{"id": "facade", "title": "Add the facade", "run": "echo 'newlog() { echo; }' > new.txt"},
                 {"id": "docs", "title": "Say <script>window.pwned=1</script> & \"quotes\" <img src=x onerror=x>",
                  "run": "echo newlog > NEWS"}]
        for a in areas:
            for k in kinds:
                bad = {"billing/jobs": "(", "search/views": " compat"}.get(f"{a}/{k}", "")
                if (a, k) in (("stock", "views"), ("users", "views")):
                    bad = "("
                steps.append({
                    "id": f"{a}-{k}", "title": f"Log through the facade in {a}/{k}.sh",
                    "needs": ["facade"] + ([f"{a}-models"] if k != "models" else []),
                    "run": f"sed -i 's/oldlog/newlog{bad}/' {a}/{k}.sh"})
        steps.append({"id": "legacy-import", "title": "The old import", "needs": ["billing-jobs", "search-views"],
                      "run": "true"})
        steps.append({"id": "drop", "title": "Take oldlog away", "needs": ["legacy-import", "stock-views"],
                      "run": "rm log.sh"})
        self.migrate("start", self.plan(steps))
        self.migrate("run", "-q", "-j", "4", may_fail=True)
        self.migrate("skip", "users-views", "--reason", "nobody \u202e uses it")

    def thousands(self, count):
        """A migration of so many steps, few of them done."""
        self.commit({"check.sh": "exit 0\n", **{f"src/m{n}.txt": "x\n" for n in range(12)}})
        steps = [{"id": "first", "title": "The first", "run": "echo y > src/m0.txt"}]
        self.commit({"list": "".join(f"{n:05d}\n" for n in range(count - 1))})
        plan = self.folder / "plan.md"
        text = PLAN.format(steps=f"  - {json.dumps(steps[0])}\n" + """  - for: { lines: "cat list" }
    id: "unit-{{match.line}}"
    title: "Log through the facade in module {{match.line}} of the shop"
    needs: [first]
    run: "exit 3"
""")
        plan.write_text(text)
        self.migrate("start", str(plan))
        self.migrate("run", "-q", "-j", "2", "--until", "00:00", may_fail=True)
