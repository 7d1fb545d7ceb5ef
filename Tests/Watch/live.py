#!/usr/bin/env python3
"""The dashboard: in a real browser through a run, a cut and a reload, and against those who should not ask.

    live.py BIN OUT [CHROMIUM]

Without a browser the requests alone are tried.
"""
import http.client
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

import browser
import world

FAULTS = []


def check(is_right, words):
    if not is_right:
        FAULTS.append(words)
        print(f"not ok - {words}", flush=True)


class Dashboard:
    """The program, on a port that is free or a known one."""

    def __init__(self, place, port=0, *options):
        self.process = subprocess.Popen(
            ["git", "migrate", "dashboard", "--port", str(port), *options], cwd=place.project, env=place.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = self.process.stdout.readline().strip()
        found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/([0-9a-f]{32})/", self.address)
        if not found:
            raise SystemExit(f"the dashboard said '{self.address}'")
        self.port, self.token = int(found[1]), found[2]

    def ask(self, path, method="GET", **heads):
        """Status and body of one request; `host` may be another."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        link.putrequest(method, path, skip_host=True)
        for name, values in heads.items():
            for value in values if isinstance(values, list) else [values]:
                link.putheader(name.replace("_", "-"), value)
        if "host" not in heads:
            link.putheader("Host", f"127.0.0.1:{self.port}")
        link.endheaders()
        answer = link.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()

    def end(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=20)


def strangers(board, name):
    """Who has not the key, the name or the manners gets nothing."""
    page = f"/{board.token}/{name}/"
    status, heads, body = board.ask(page)
    check(status == 200 and b"<h1>" in body, f"the page is there: {status}")
    check("connect-src 'self'" in body.decode(), "the page may ask its own server")
    check(heads.get("Cache-Control") == "no-store" and heads.get("Referrer-Policy") == "no-referrer", "heads")
    status, heads, _ = board.ask(f"/{board.token}/")
    check(status == 302 and heads.get("Location") == page, f"one migration is shown at once: {status}")
    check(board.ask(page, host="evil.example")[0] == 421, "a foreign host")
    check(board.ask(page, host=f"evil.example:{board.port}")[0] == 421, "a foreign host with our port")
    check(board.ask(page, host=[f"127.0.0.1:{board.port}", "evil.example"])[0] in (400, 421), "two hosts")
    check(board.ask("/" + "0" * 32 + f"/{name}/")[0] == 404, "a foreign token")
    check(board.ask("/")[0] == 404 and board.ask(f"/x/../{board.token}/{name}/")[0] == 404, "other paths")
    check(board.ask(page, method="POST")[0] == 405, "it is for reading")
    check(board.ask(page, sec_fetch_site="cross-site")[0] == 403, "another site's page")
    status = board.ask(page, x=["y" * 1000] * 60)[0]
    check(status in (413, 431), f"an overlong head: {status}")
    check(board.ask(page)[0] == 200, "it still answers")


def metrics(board, name):
    """Numbers for Prometheus, below the same key."""
    status, heads, body = board.ask(f"/{board.token}/metrics")
    check(status == 200 and heads["Content-Type"].startswith("text/plain; version=0.0.4"), f"metrics: {status}")
    check(f'git_migrate_steps{{migration="{name}",state="ready"}} '.encode() in body, "steps by state")
    check(board.ask("/metrics")[0] == 404, "metrics without the key")


def control(place, name):
    """What the page asks for is done as on the command line; who is not the page is refused."""
    board = Dashboard(place, 0, "--control")
    origin = f"http://127.0.0.1:{board.port}"
    path = f"/{board.token}/{name}/"
    try:
        check(board.ask(path + "pause", "POST")[0] == 403, "without an origin")
        check(board.ask(path + "pause", "POST", origin="http://evil.example")[0] == 403, "another site")
        check(board.ask(path + "pause", "POST", origin="null")[0] == 403, "a page without an origin")
        check(board.ask(path + "pause", "POST", origin=origin, sec_fetch_site="same-site")[0] == 403, "a sister")
        check(board.ask("/" + "0" * 32 + f"/{name}/pause", "POST", origin=origin)[0] == 404, "a foreign token")
        check(board.ask(path + "finish", "POST", origin=origin)[0] == 404, "what is no button")
        check(board.ask(path + "retry/--all-blocked", "POST", origin=origin)[0] == 400, "an option is no step")
        check(place.state(name) == "running", "nothing was done")
        status, _, body = board.ask(path + "pause", "POST", origin=origin)
        check(status == 200 and place.state(name) == "paused", f"pause: {status} {body}")
        status, _, body = board.ask(path + "resume", "POST", origin=origin)
        check(status == 200 and place.state(name) == "running", f"resume: {status} {body}")
        status, _, body = board.ask(path + "retry/nobody", "POST", origin=origin)
        check(status == 409 and b"nobody" in body, f"what is refused says why: {status} {body}")
    finally:
        board.end()


def steer(place, program, out):
    """A button of the page in a real browser, which says what was said."""
    board = Dashboard(place, 0, "--control")
    with tempfile.TemporaryDirectory() as profile, open(out / "browser.log", "w") as log:
        page = browser.Browser(program, profile, log)
        try:
            page.open(board.address + "new-logging/", 1400, 900, "light")
            for act, standing in (("pause", "Paused"), ("resume", "Nobody is at work")):
                page.run(f"document.querySelector('[data-act={act}]').click()")
                wait(page, f"document.querySelector('#said h1').textContent.includes('{standing}')", f"{act} is done")
            complaints = [c for c in page.complaints(board.address) if not c.startswith("request: ")]
            check(not complaints, f"nothing is wrong: {complaints}")
        finally:
            page.close()
            board.end()


PLAN = """---
migration: new-logging
attempts: 1
backoff: 0s
stop: { alike: 50, failed: 100% }
gate: { verifiers: [{ name: check, kind: build, run: "sh check.sh" }] }
agents:
  coder: { command: "echo new > odd.txt" }
  reviewer: { command: 'echo "{\\"result\\":\\"UNSURE\\"}" > "$MIGRATE_RESULT_FILE"' }
workflow:
  implement: { agent: coder, on: { DONE: review, FAILED: retry } }
  review: { agent: reviewer, writes: false, prompt: "Review it", on: { APPROVE: gate, UNSURE: person } }
steps:
  - { id: odd, title: "An odd one" }
  - { id: bad1, title: "One that fails", run: 'sh "$HOME/mod.sh" m1.txt' }
  - { id: bad2, title: "Another that fails", run: 'sh "$HOME/mod.sh" m2.txt' }
---
do {{step.id}}
"""


def buttons(folder, binary, program, out):
    """What stands in the way is tried again, and what waits for a person approved, by a real browser's clicks."""
    place = world.World(folder, binary)
    place.commit({"check.sh": "exit 0\n", "m1.txt": "old\n", "m2.txt": "old\n"})
    mod = place.home / "mod.sh"
    mod.write_text("echo 'the module cannot be read' >&2\nexit 3\n")
    (folder / "plan.md").write_text(PLAN)
    place.migrate("start", str(folder / "plan.md"))
    place.migrate("run", "-q", "-j", "1", may_fail=True)
    check(place.steps() == {"odd": "person", "bad1": "blocked", "bad2": "blocked"}, f"a stand: {place.steps()}")
    board = Dashboard(place, 0, "--control")

    def press(act, step, state):
        """Presses a button, in the drawer of a step if one is named, and waits for what becomes of the step."""
        if act != "retry-cause/F1":
            page.run(f"[...document.querySelectorAll('#rows tr')].find(r => r.textContent.includes('{step}')).click()")
        else:
            page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
        button = f"document.querySelector('[data-act=\"{act}\"]')"
        wait(page, f"!!{button}", f"the button {act}")
        page.run(f"{button}.click()")
        deadline = time.monotonic() + 20
        while place.steps()[step] != state and time.monotonic() < deadline:
            time.sleep(0.2)
        check(place.steps()[step] == state, f"{act}: {place.steps()}")

    with tempfile.TemporaryDirectory() as profile, open(out / "browser.log", "w") as log:
        page = browser.Browser(program, profile, log)
        try:
            page.open(board.address + "new-logging/", 1400, 900, "light")
            press("retry-cause/F1", "bad2", "ready")
            check(place.steps()["bad1"] == "ready", "a cause is tried again in all its steps")
            place.migrate("run", "-q", "-j", "1", may_fail=True)
            mod.write_text("echo new > $1\n")
            page.open(board.address + "new-logging/", 1400, 900, "light")
            press("retry/bad1", "bad1", "ready")
            check(place.steps()["bad2"] == "blocked", "a step alone is tried again alone")
            page.open(board.address + "new-logging/", 1400, 900, "light")
            press("approve/odd", "odd", "submitted")
            page.picture(out / "buttons.png")
            place.migrate("run", "-q", "-j", "1", may_fail=True)
            check(place.steps() == {"odd": "merged", "bad1": "merged", "bad2": "blocked"}, f"end: {place.steps()}")
            complaints = [c for c in page.complaints(board.address) if not c.startswith("request: ")]
            check(not complaints, f"nothing is wrong: {complaints}")
        finally:
            page.close()
            board.end()


def idle(board, name):
    """A hundred connections that say nothing stop nobody for long."""
    held = []
    for _ in range(100):
        one = socket.socket()
        one.settimeout(5)
        try:
            one.connect(("127.0.0.1", board.port))
            held.append(one)
        except OSError:
            pass
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if board.ask(f"/{board.token}/{name}/")[0] == 200:
                break
        except (OSError, http.client.HTTPException):
            time.sleep(0.5)
    else:
        check(False, "it never answers again after 100 idle connections")
    for one in held:
        one.close()


def events(board, name):
    """The stream says where things stand, with the entry's number."""
    link = socket.create_connection(("127.0.0.1", board.port), timeout=20)
    link.sendall(f"GET /{board.token}/{name}/events HTTP/1.1\r\nHost: 127.0.0.1:{board.port}\r\n\r\n".encode())
    said = b""
    while b"event: head" not in said or b"data: {" not in said.split(b"event: head")[1]:
        piece = link.recv(4096)
        if not piece:
            break
        said += piece
    link.close()
    check(b"text/event-stream" in said and re.search(rb"id: \d+\n", said), "a stream of events")


def follow(place, board, program, out):
    """What happens is on the page, without a reload; a cut is seen and overcome."""
    with tempfile.TemporaryDirectory() as profile, open(out / "browser.log", "w") as log:
        page = browser.Browser(program, profile, log)
        try:
            page.open(board.address + "new-logging/", 1400, 900, "light")
            before = page.run("document.querySelector('#pct').textContent")
            runs = subprocess.Popen(["git", "migrate", "run", "-q", "-j", "2", "--yes"], cwd=place.project,
                                    env=place.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            runs.wait(timeout=120)
            wait(page, "document.querySelector('#pct').textContent.startsWith('6')", "the run is on the page")
            after = page.run("document.querySelector('#pct').textContent")
            check(before != after, f"the page has moved: {before} {after}")
            said = page.run("document.querySelector('#said').textContent")
            check("merged" in said or "finish" in said, f"and so has its sentence: {said}")
            page.run("document.querySelector('#rows tr').click()")
            # A cut: the server goes away, and another one takes its place with another key.
            check(page.run("document.documentElement.classList.contains('cut')") is False, "no cut yet")
            board.end()
            wait(page, "document.documentElement.classList.contains('cut')", "the cut is seen")
            again = Dashboard(place, board.port)
            try:
                page.open(again.address, 1400, 900, "dark")
                wait(page, "document.querySelector('#pct').textContent.startsWith('6')", "it is there again")
                place.migrate("pause", "-m", "new-logging", "--reason", "a person looks", may_fail=True)
                page.picture(out / "dashboard.png")
                complaints = [c for c in page.complaints(again.address) if not c.startswith("request: ")]
                check(not complaints, f"nothing is wrong: {complaints}")
            finally:
                check(again.end() in (0, -signal.SIGINT), "it ends when it is asked to")
        finally:
            page.close()


def wait(page, script, words):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if page.run(script):
            return
        time.sleep(0.2)
    check(False, words)


def main():
    binary, out = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    program = sys.argv[3] if len(sys.argv) > 3 else None
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        place = world.World(pathlib.Path(folder), binary)
        place.commit({"check.sh": "exit 0\n", **{f"m{n}.txt": "old\n" for n in range(6)}})
        place.migrate("start", place.plan(
            [{"id": f"m{n}", "title": f"Module {n}", "run": f"echo new > m{n}.txt"} for n in range(6)]))
        board = Dashboard(place)
        try:
            strangers(board, "new-logging")
            events(board, "new-logging")
            metrics(board, "new-logging")
            control(place, "new-logging")
            if program:
                steer(place, program, out)
            if program:
                follow(place, board, program, out)
                board = Dashboard(place)
            idle(board, "new-logging")
        finally:
            if board.process.poll() is None:
                board.end()
    if program:
        with tempfile.TemporaryDirectory() as folder:
            buttons(pathlib.Path(folder), binary, program, out)
    print("the dashboard: " + ("ok" if not FAULTS else f"{len(FAULTS)} faults"))
    sys.exit(1 if FAULTS else 0)


main()
