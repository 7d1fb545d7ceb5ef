#!/usr/bin/env python3
"""Traces of a migration, sent to a sink of our own and, where it is installed, to a real MLflow.

    traces.py BIN [MLFLOW]

MLFLOW is the program `mlflow`, of a virtual environment. What it shows is read back over its own API.
"""
import gzip
import http.server
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import world

FAULTS = []


def check(is_right, words):
    if not is_right:
        FAULTS.append(words)
        print(f"not ok - {words}", flush=True)


class Sink(http.server.BaseHTTPRequestHandler):
    """Keeps what is posted."""
    posts = []
    status = 200

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Sink.posts.append((self.path, dict(self.headers), body))
        self.send_response(Sink.status)
        self.end_headers()

    def log_message(self, *_):
        pass


def spans(posts):
    return [span for _, heads, body in posts
            for part in json.loads(gzip.decompress(body) if heads.get("Content-Encoding") == "gzip" else body)
            ["resourceSpans"] for scope in part["scopeSpans"] for span in scope["spans"]]


def attributes(span):
    return {a["key"]: next(iter(a["value"].values())) for a in span["attributes"]}


def sink(place, attempts):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    said = json.loads(place.migrate("trace", "--otlp", address, "--header", "x-key=secret", "--json"))
    found = spans(Sink.posts)
    roots = [s for s in found if "parentSpanId" not in s]
    check(said["traces"] == len(roots) == attempts, f"{said} and {len(roots)} roots of {attempts}")
    check(said["spans"] == len(found), f"{said} and {len(found)} spans")
    path, heads, _ = Sink.posts[0]
    check(path == "/v1/traces" and heads["Content-Type"] == "application/json", f"{path} {heads}")
    check(heads.get("x-key") == "secret" and heads.get("Content-Encoding") == "gzip", "heads")
    ids = {s["spanId"] for s in found}
    check(all(len(s["traceId"]) == 32 and len(s["spanId"]) == 16 for s in found), "ids are of their lengths")
    check(len(ids) == len(found) and all(s.get("parentSpanId") in ids | {None} for s in found), "a tree")
    check(all(int(s["startTimeUnixNano"]) <= int(s["endTimeUnixNano"]) for s in found), "times")
    failed = [s for s in roots if s["status"]["code"] == 2]
    check(failed and all(s["events"][0]["name"] == "exception" for s in failed), "what failed says why")
    check(all("mlflow.traceTag.migrate.cause" in attributes(s) for s in failed), "and for which cause")
    first = [body for _, _, body in Sink.posts]
    Sink.posts.clear()
    place.environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = address
    place.environment["OTEL_EXPORTER_OTLP_HEADERS"] = "x-team=a%20b"
    place.migrate("trace")
    check([body for _, _, body in Sink.posts] == first, "sent again it is the same")
    check(Sink.posts[0][1].get("x-team") == "a b", "heads of the environment")
    Sink.status = 500
    done = subprocess.run(["git", "migrate", "trace"], cwd=place.project, env=place.environment, text=True,
                          capture_output=True)
    check(done.returncode == 128 and "were not taken" in done.stderr, f"{done.returncode} {done.stderr}")
    server.shutdown()
    del place.environment["OTEL_EXPORTER_OTLP_ENDPOINT"], place.environment["OTEL_EXPORTER_OTLP_HEADERS"]


def as_it_goes(place):
    """A run sends its attempts by itself; a service that does not take them is told of once, and keeps nothing."""
    Sink.posts.clear()
    Sink.status = 200
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    place.git("config", "migrate.otlp", f"http://127.0.0.1:{server.server_port}")
    place.git("config", "migrate.otlpHeader", "x-team=cart")
    place.migrate("retry", "worse")
    place.migrate("run", "-q", may_fail=True)
    roots = {s["name"] for s in spans(Sink.posts) if "parentSpanId" not in s}
    check({"worse attempt 4", "worse attempt 5"} <= roots, f"what the run did was sent: {roots}")
    check(all(heads.get("x-team") == "cart" for _, heads, _ in Sink.posts), "with the heads of the configuration")
    Sink.status = 500
    place.migrate("retry", "worse")
    began = time.monotonic()
    done = subprocess.run(["git", "migrate", "run", "-q"], cwd=place.project, env=place.environment, text=True,
                          capture_output=True)
    check(done.stderr.count("traces are not sent") == 1, f"told once: {done.stderr}")
    check("'git migrate trace' sends them again" in done.stderr, f"and what is left: {done.stderr}")
    check(time.monotonic() - began < 40, "in nobody's way")
    server.shutdown()
    place.git("config", "--unset", "migrate.otlp")


def mlflow(place, program, attempts, failed):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    folder = place.folder / "mlflow"
    folder.mkdir()
    environment = dict(os.environ, PATH=f"{pathlib.Path(program).parent}:{os.environ['PATH']}")
    server = subprocess.Popen(
        [program, "server", "--backend-store-uri", f"sqlite:///{folder}/m.db", "--host", "127.0.0.1", "--port",
         str(port), "--workers", "1"], cwd=folder, env=environment, stdout=subprocess.DEVNULL,
        stderr=open(folder / "log", "w"))

    def ask(path, body=None):
        request = urllib.request.Request(address + path, json.dumps(body).encode() if body is not None else None,
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"{}")

    try:
        # A large program, which two minutes are little for beside other work.
        deadline = time.monotonic() + 150
        while server.poll() is None and time.monotonic() < deadline:
            try:
                urllib.request.urlopen(address + "/health", timeout=5).read()
                break
            except OSError:
                time.sleep(0.5)
        number = ask("/api/2.0/mlflow/experiments/create", {"name": "migrations"})["experiment_id"]
        for _ in range(2):
            place.migrate("trace", "--otlp", address, "--header", f"x-mlflow-experiment-id={number}")

        def search(wanted):
            body = {"locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": number}}],
                    "filter": wanted, "max_results": 500}
            return ask("/api/3.0/mlflow/traces/search", body).get("traces", [])

        check(len(search("")) == attempts, f"{len(search(''))} traces of {attempts}, though sent twice")
        check(len(search("status = 'ERROR'")) == failed, f"{len(search(chr(39).join(['status = ', 'ERROR', ''])))} failed")
        session = search("metadata.`mlflow.trace.session` = 'new-logging/good'")
        check(len(session) == 1, f"a session a step: {len(session)}")
        tags = search("tags.`migrate.result` = 'merged'")
        check(len(tags) == attempts - failed, f"{len(tags)} merged")
        print(f"mlflow: {attempts} traces, {failed} failed, read back")
    finally:
        server.terminate()
        server.wait(timeout=30)


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        place = world.World(pathlib.Path(folder), binary)
        place.commit({"check.sh": "! grep -q bad *.txt || { echo 'a.txt:1: error: bad'; exit 1; }\n", "a.txt": "x\n"})
        place.migrate("start", place.plan([
            {"id": "good", "title": "Good", "run": "echo y > b.txt"},
            {"id": "worse", "title": "Bad", "run": "echo bad > c.txt"}]))
        place.migrate("run", "-q", may_fail=True)
        entries = [json.loads(line) for line in place.migrate("log", "--json").splitlines()]
        attempts = sum(e["kind"] == "step.claimed" for e in entries)
        sink(place, attempts)
        if len(sys.argv) > 2:
            mlflow(place, sys.argv[2], attempts, attempts - 1)
        as_it_goes(place)
    print("traces: " + ("ok" if not FAULTS else f"{len(FAULTS)} faults"))
    sys.exit(1 if FAULTS else 0)


main()
