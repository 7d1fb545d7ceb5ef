#!/usr/bin/env python3
"""A forge over a real bare repository, on loopback: what GitHub, GitLab and Gitea publish of pull requests.
Over a folder of bare repositories it is GitHub for each of them, by its name.

usage: forge.py PORT FOLDER REPOSITORY

The three interfaces are below /api/v3, /api/v4 and /api/v1, with one list of pull requests behind them. Requests and
answers are held against the table of facts.json: a call, a parameter or a member that it does not have is refused, as
is a call without the token `secret`. Pages have two items. What a test wants to happen stands in FOLDER/control.json, read before every request:

  lose    so many answers to calls that write are not sent, though the call is done
  limit   so many calls that write are refused: too many of them
  checks  `red`, `green` or `pending`: what came of the checks of every branch
  review  `approved` or `changes`
  log     what the failed job printed
  close, merge   numbers of pull requests

and for issues what issues.py says.

Whether one can be merged is what git says. Logs lie at another host, which refuses who brings a token there.

FOLDER/state.json says what there is, and FOLDER/calls which calls came.
"""
import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import issues

PORT, FOLDER, REPOSITORY = int(sys.argv[1]), sys.argv[2], sys.argv[3]
OWNER, NAME = "shop", "app"
PAGE = 2
LOCK = threading.Lock()
STATE = {"requests": [], "calls": 0}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "facts.json")) as table:
    FACTS = json.load(table)
KINDS = {
    "string": lambda value: isinstance(value, str), "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "[string]": lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    "[integer]": lambda value: isinstance(value, list) and all(isinstance(item, int) for item in value),
}
ROOT, STATES = REPOSITORY, {}
IS_MANY = not os.path.exists(f"{REPOSITORY}/HEAD")
# The repositories of an owner; of one that is no organisation there are none.
LISTS = re.compile(r"/api/(v3|v4|v1)/(orgs|groups|users)/([\w.-]+)/(repos|projects)")


def select(path):
    """Of a folder of repositories, the one that a call is about."""
    global REPOSITORY, NAME, STATE
    if not IS_MANY or LISTS.fullmatch(urlsplit(path).path):
        return
    match = re.match(rf"/api/v3/repos/{OWNER}/([\w.-]+)/", path)
    if not match or not os.path.exists(f"{ROOT}/{match[1]}.git/HEAD"):
        raise Refused(404, {"message": "Not Found"})
    NAME, REPOSITORY = match[1], f"{ROOT}/{match[1]}.git"
    STATE = STATES.setdefault(NAME, {"requests": [], "calls": 0})


def kept():
    """What there is, of all repositories."""
    if not IS_MANY:
        return STATE
    # Of issues there are those of the first repository that has any.
    return {"issues": next((state["issues"] for state in STATES.values() if state.get("issues")), []),
            "requests": [dict(request, repository=name) for name, state in STATES.items()
                         for request in state["requests"]]}


def git(*arguments, ok=False):
    run = subprocess.run(["git", "-C", REPOSITORY, *arguments], capture_output=True, text=True)
    if run.returncode != 0 and not ok:
        raise RuntimeError(run.stderr)
    return run.stdout.strip() if run.returncode == 0 else None


def tip(branch):
    return git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", ok=True)


def control():
    try:
        with open(f"{FOLDER}/control.json") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def take(words, key):
    """Uses up one of what is counted."""
    left = words.get(key, 0)
    if left <= 0:
        return False
    words[key] = left - 1
    save("control.json", words)
    return True


def save(name, value):
    with open(f"{FOLDER}/{name}.new", "w") as file:
        json.dump(value, file)
    os.replace(f"{FOLDER}/{name}.new", f"{FOLDER}/{name}")


class Refused(Exception):
    def __init__(self, status, body, headers=()):
        self.status, self.body, self.headers = status, body, dict(headers)


def settle(words):
    """Does what a test wants to have happened."""
    if issues.settle(STATE, words):
        save("control.json", words)
    for request in STATE["requests"]:
        number = request["number"]
        if number in words.get("close", []) and request["state"] == "open":
            request["state"] = "closed"
        if number in words.get("merge", []) and request["state"] == "open":
            merge(request)
        if request["state"] == "open":
            request["head"] = tip(request["branch"]) or request["head"]


def conflicts(request):
    """Whether real git cannot merge it."""
    if request["state"] != "open" or tip(request["branch"]) is None:
        return False
    return git("merge-tree", "--write-tree", tip(request["base"]), tip(request["branch"]), ok=True) is None


def merge(request):
    """Squashes it into its base, with real git."""
    base, head = tip(request["base"]), tip(request["branch"])
    tree = git("merge-tree", "--write-tree", base, head).splitlines()[0]
    identity = ["-c", "user.name=forge", "-c", "user.email=forge@localhost"]
    commit = git(*identity, "commit-tree", tree, "-p", base, "-m", request["title"])
    git("update-ref", f"refs/heads/{request['base']}", commit, base)
    request.update(state="merged", merge=commit)


def fact(forge, method, path):
    """The row of the table that a call is of."""
    for row in FACTS:
        words, template = row["call"].split(" ")
        pattern = re.sub(r"\{\w+\}", "[^/]+", template)
        if row["forge"] == forge and words == method and re.fullmatch(pattern, path):
            return row
    raise Refused(404, {"message": f"no call that is published: {method} {path}"})


def asked(row, query, body):
    """Refuses what is not published, is of another type, or is not there."""
    unknown = (set(query) - set(row.get("query", []))) | (set(body) - set(row.get("body", {})))
    missing = set(row.get("required", [])) - set(body)
    wrong = {key for key, value in body.items() if not KINDS[row.get("body", {}).get(key, "object")](value)}
    if "either" in row and not set(row["either"]) & set(body):
        missing |= set(row["either"])
    if unknown or missing or wrong:
        raise Refused(422, {"message": f"unknown {sorted(unknown)}, missing {sorted(missing)}, wrong {sorted(wrong)}"})


def told(row, status, value):
    """Holds our own answers against the table."""
    if status != row["status"]:
        raise RuntimeError(f"{row['call']}: {status}")
    items = value[row["list"]] if "list" in row else value
    for item in items if isinstance(items, list) else [items]:
        if set(row.get("answer", [])) - set(item or {}):
            raise RuntimeError(f"{row['call']}: {item}")


def create(branch, base, title, text, draft, exists):
    if not title:
        raise Refused(422, {"message": "Validation Failed", "errors": [{"message": "title is missing"}]})
    if tip(branch) is None or tip(base) is None:
        raise Refused(422, {"message": "Validation Failed", "errors": [{"field": "head", "code": "invalid"}]})
    if any(r["branch"] == branch and r["state"] == "open" for r in STATE["requests"]):
        raise exists
    if git("merge-base", "--is-ancestor", tip(branch), tip(base), ok=True) is not None:
        raise Refused(422, {"message": "Validation Failed", "errors": [{"message": "No commits between"}]})
    request = {
        "number": len(STATE["requests"]) + 1, "branch": branch, "base": base, "title": title, "body": text,
        "draft": draft, "state": "open", "head": tip(branch), "merge": None, "labels": [], "reviewers": [],
    }
    STATE["requests"].append(request)
    return request


def find(number):
    for request in STATE["requests"]:
        if request["number"] == int(number):
            return request
    raise Refused(404, {"message": "Not Found"})


def github(request):
    return {
        "number": request["number"], "title": request["title"], "body": request["body"],
        "draft": request["draft"], "state": "open" if request["state"] == "open" else "closed",
        "html_url": f"http://localhost/{OWNER}/{NAME}/pull/{request['number']}",
        "merged_at": "2026-11-29T00:00:00Z" if request["state"] == "merged" else None,
        "mergeable": None if request.get("fresh", True) else not conflicts(request),
        "node_id": f"PR_{request['number']}",
        "merge_commit_sha": request["merge"],
        "head": {"ref": request["branch"], "sha": request["head"], "repo": {"full_name": f"{OWNER}/{NAME}"}},
        "base": {"ref": request["base"]},
    }


def listed(kind):
    """The repositories of the folder: those with a `fork-` before their name are forks, with an `old-` archived, and
    each is marked by what its name begins with."""
    items = []
    for name in sorted(name[:-4] for name in os.listdir(ROOT) if name.endswith(".git")):
        topics, base = [re.sub(r"[^a-z].*", "", name)], "main"
        ways = (f"http://127.0.0.1/{OWNER}/{name}.git", f"git@127.0.0.1:{OWNER}/{name}.git")
        if kind == "gitlab":
            items.append({
                "path_with_namespace": f"{OWNER}/{name}", "http_url_to_repo": ways[0], "ssh_url_to_repo": ways[1],
                "default_branch": base, "archived": name.startswith("old-"), "topics": topics})
        else:
            items.append({
                "full_name": f"{OWNER}/{name}", "clone_url": ways[0].replace("http:", "https:"), "ssh_url": ways[1],
                "default_branch": base, "archived": name.startswith("old-"), "fork": name.startswith("fork-"),
                "topics": topics, "language": "Python" if "py" in name else "Java"})
    return items


def gitea(request):
    value = github(request)
    value.update(
        merged=request["state"] == "merged", draft=request["title"].startswith("WIP:"),
        mergeable=not conflicts(request))
    return value


def gitlab(request):
    words = control()
    checks = {"red": "failed", "green": "success", "pending": "running"}.get(words.get("checks"))
    return {
        "iid": request["number"], "title": request["title"], "description": request["body"],
        "draft": request["title"].startswith("Draft:"), "sha": request["head"],
        "state": {"open": "opened"}.get(request["state"], request["state"]),
        "web_url": f"http://localhost/{OWNER}/{NAME}/-/merge_requests/{request['number']}",
        "source_branch": request["branch"], "target_branch": request["base"], "source_project_id": 1,
        "target_project_id": 1, "merge_commit_sha": request["merge"],
        "has_conflicts": conflicts(request),
        "blocking_discussions_resolved": words.get("review") != "changes",
        "head_pipeline": checks and {"id": 7, "status": checks, "sha": request["head"]},
    }


def paged(items, query, headers, url):
    """Two at a time, and where there are more in a header."""
    page = int(query.get("page", ["1"])[0])
    part = items[(page - 1) * PAGE:page * PAGE]
    if page * PAGE < len(items):
        rest = re.sub(r"[&?]page=\d+", "", url)
        mark = "&" if "?" in rest else "?"
        headers["Link"] = f'<{rest}{mark}page={page + 1}>; rel="next"'
        headers["X-Next-Page"] = str(page + 1)
    return part


def statuses(words):
    state = {"red": "failure", "green": "success"}.get(words.get("checks"))
    if state is None:
        return []
    # Gitea calls the member of one `status`, GitHub `state`.
    return [{"context": "ci", "state": state, "status": state, "description": "2 of 9 failed"}]


def runs(words):
    """The workflow runs, with their jobs: one that went well, and where checks are red one that did not."""
    red = [{"id": 31, "name": "ci", "status": "completed", "conclusion": "failure"}]
    return [{"id": 30, "name": "docs", "status": "completed", "conclusion": "success"}] + (
        red if words.get("checks") == "red" else [])


def jobs(run):
    if run != 31:
        return [{"id": 41, "name": "build", "status": "completed", "conclusion": "success"}]
    return [{"id": 41, "name": "build", "status": "completed", "conclusion": "success"},
            {"id": 42, "name": "test", "status": "completed", "conclusion": "failure"}]


def reviews(words):
    word = words.get("review")
    if word is None:
        return []
    state = {"approved": "APPROVED", "changes": "CHANGES_REQUESTED"}[word]
    return [{"user": {"login": "ann"}, "state": state, "body": "please rename it"}]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.handle_call("GET")

    def do_POST(self):
        self.handle_call("POST")

    def do_PATCH(self):
        self.handle_call("PATCH")

    def do_PUT(self):
        self.handle_call("PUT")

    def handle_call(self, method):
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length)
        with LOCK:
            headers = {}
            try:
                body = json.loads(text) if text else {}
                words = control()
                select(self.path)
                STATE["calls"] += 1
                with open(f"{FOLDER}/calls", "a") as file:
                    file.write(f"{method} {self.path}\n")
                if self.path.startswith("/files/"):
                    return self.file(words)
                token = self.headers.get("Authorization", "").split(" ")[-1] or self.headers.get("PRIVATE-TOKEN")
                if token != "secret":
                    raise Refused(401, {"message": "Bad credentials"})
                if method != "GET" and take(words, "limit"):
                    raise Refused(
                        403, {"message": "You have exceeded a secondary rate limit"}, {"Retry-After": "7"}.items())
                settle(words)
                status, value = self.answer(method, body, words, headers)
                if method != "GET" and take(words, "lose"):
                    save("state.json", kept())
                    self.close_connection = True
                    return
            except Refused as refused:
                status, value = refused.status, refused.body
                headers.update(refused.headers)
            save("state.json", kept())
        answer = json.dumps(value).encode()
        self.send_response(status)
        for name, content in headers.items():
            self.send_header(name, content)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def file(self, words):
        """A file at another host: its address is all that opens it."""
        ok = self.headers["Host"].startswith("localhost:") and not (
            {"Authorization", "PRIVATE-TOKEN"} & set(self.headers))
        text = words.get("log", "").encode() if ok else b"who are you?"
        self.send_response(200 if ok else 400)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log(self, headers):
        headers["Location"] = f"http://localhost:{PORT}/files/42?signature=x"
        return 302, None

    def answer(self, method, body, words, headers):
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        # Who comes by another port comes over TLS, which somebody in front of it speaks.
        scheme = "http" if self.headers["Host"].endswith(f":{PORT}") else "https"
        url = f"{scheme}://{self.headers['Host']}{self.path}"
        handlers = (
            ("/api/v3", "github", self.github), ("/api/v4", "gitlab", self.gitlab), ("/api/v1", "gitea", self.gitea),
            ("/api", "github", self.graphql))
        for prefix, forge, handler in handlers:
            if parts.path.startswith(prefix + "/"):
                path = parts.path[len(prefix):]
                row = fact(forge, method, path)
                asked(row, query, body)
                if match := LISTS.fullmatch(parts.path):
                    if match[3] != OWNER or match[2] == "users":
                        raise Refused(404, {"message": "Not Found"})
                    value = paged(listed(forge), query, headers, url)
                    told(row, 200, value)
                    return 200, value
                status, value = handler(method, path, query, body, words, headers, url)
                told(row, status, value)
                return status, value
        raise Refused(404, {"message": "Not Found"})

    def graphql(self, method, path, query, body, words, headers, url):
        """GitHub's other interface: the one mutation that is needed."""
        if "markPullRequestReadyForReview" not in body["query"]:
            return 200, {"data": None, "errors": [{"type": "undefinedField", "message": "no such field"}]}
        request = find(body["variables"]["id"].removeprefix("PR_"))
        request["draft"] = False
        return 200, {"data": {"markPullRequestReadyForReview": {"pullRequest": {"isDraft": False}}}}

    def github(self, method, path, query, body, words, headers, url):
        match = re.fullmatch(rf"/repos/{OWNER}/{NAME}(/.*)", path, re.I)
        if not match:
            raise Refused(404, {"message": "Not Found"})
        path = match[1]
        if path == "/pulls" and method == "GET":
            head = query.get("head", [""])[0]
            items = [r for r in STATE["requests"] if not head or f"{OWNER}:{r['branch']}" == head]
            return 200, paged([github(r) for r in items], query, headers, url)
        if path == "/pulls" and method == "POST":
            exists = Refused(422, {"message": "Validation Failed", "errors": [
                {"resource": "PullRequest", "code": "custom",
                 "message": f"A pull request already exists for {OWNER}:{body['head']}."}]})
            return 201, github(create(
                body["head"], body["base"], body["title"], body.get("body", ""), body.get("draft", False), exists))
        if match := re.fullmatch(r"/pulls/(\d+)", path):
            request = find(match[1])
            if method == "PATCH":
                request.update({key: value for key, value in body.items() if key in ("title", "body")})
            value = github(request)
            # It says whether it can be merged when it is asked the second time.
            request["fresh"] = False
            return 200, value
        if path == "/issues" and method == "GET":
            return 200, paged([issues.github(i) for i in issues.those(STATE, query)], query, headers, url)
        if path == "/issues":
            return 201, issues.github(issues.create(STATE, body["title"], body.get("body", ""), body.get("labels", [])))
        if match := re.fullmatch(r"/issues/(\d+)", path):
            return 200, issues.change_github(issues.find(STATE, match[1], Refused), body)
        if match := re.fullmatch(r"/issues/(\d+)/labels", path):
            find(match[1])["labels"] += body["labels"]
            return 200, []
        if match := re.fullmatch(r"/pulls/(\d+)/requested_reviewers", path):
            find(match[1])["reviewers"] += body.get("reviewers", []) + body.get("team_reviewers", [])
            return 201, github(find(match[1]))
        if re.fullmatch(r"/pulls/(\d+)/reviews", path):
            return 200, reviews(words)
        if re.fullmatch(r"/commits/[0-9a-f]{40}/check-runs", path):
            app = {"slug": "github-actions"}
            found = [{"id": 41, "name": "build", "conclusion": "success", "app": app}]
            if words.get("checks") == "red":
                found += [
                    {"id": 40, "name": "lint", "conclusion": "neutral", "app": app},
                    {"id": 42, "name": "test", "conclusion": "failure", "app": app,
                     "output": {"title": "test_cart failed"}},
                    {"id": 43, "name": "style", "conclusion": "failure", "app": {"slug": "styler"},
                     "output": {"title": "1 finding", "annotations_count": 1}}]
            if words.get("checks") not in ("red", "green"):
                found = []
            return 200, {"total_count": len(found), "check_runs": paged(found, query, headers, url)}
        if path == "/check-runs/43/annotations":
            return 200, [{"path": "f3", "start_line": 1, "annotation_level": "failure", "message": "no line end"}]
        if match := self.actions(path, query, words, headers, url):
            return match
        if re.fullmatch(r"/commits/[0-9a-f]{40}/status", path):
            return 200, {"state": "pending", "statuses": statuses(words)}
        raise Refused(404, {"message": "Not Found"})

    def actions(self, path, query, words, headers, url):
        """What GitHub and Gitea say of workflows in the same words."""
        if path == "/actions/runs":
            found = runs(words)
            return 200, {"total_count": len(found), "workflow_runs": paged(found, query, headers, url)}
        if match := re.fullmatch(r"/actions/runs/(\d+)/jobs", path):
            found = jobs(int(match[1]))
            return 200, {"total_count": len(found), "jobs": paged(found, query, headers, url)}
        if path == "/actions/jobs/42/logs":
            return self.log(headers)
        return None

    def gitlab(self, method, path, query, body, words, headers, url):
        match = re.fullmatch(r"/projects/([^/]+)(/.*)", path)
        if path == "/users":
            return 200, [{"id": 42, "username": query["username"][0]}]
        if not match or unquote(match[1]) != f"{OWNER}/{NAME}":
            raise Refused(404, {"message": "404 Project Not Found"})
        path = match[2]
        if path == "/issues" and method == "GET":
            return 200, paged([issues.gitlab(i) for i in issues.those(STATE, query)], query, headers, url)
        if path == "/issues":
            return 201, issues.gitlab(issues.create(
                STATE, body["title"], body.get("description", ""), body.get("labels", "").split(",")))
        if match := re.fullmatch(r"/issues/(\d+)", path):
            return 200, issues.change_gitlab(issues.find(STATE, match[1], Refused), body)
        if path == "/merge_requests" and method == "GET":
            branch = query.get("source_branch", [""])[0]
            items = [gitlab(r) for r in STATE["requests"] if r["branch"] == branch]
            return 200, paged(items, query, headers, url)
        if path == "/merge_requests":
            exists = Refused(409, {"message": [
                "Another open merge request already exists for this source branch: !1"]})
            return 201, gitlab(create(
                body["source_branch"], body["target_branch"], body["title"], body.get("description", ""),
                False, exists))
        if match := re.fullmatch(r"/merge_requests/(\d+)", path):
            request = find(match[1])
            if method == "PUT":
                request["body"] = body.get("description", request["body"])
                request["title"] = body.get("title", request["title"])
                request["labels"] += [label for label in body.get("add_labels", "").split(",") if label]
                request["reviewers"] += body.get("reviewer_ids", [])
            return 200, gitlab(request)
        if re.fullmatch(r"/merge_requests/\d+/approvals", path):
            approved = words.get("review") == "approved"
            return 200, {"approved": approved, "approved_by": [{"user": {}}] if approved else []}
        if re.fullmatch(r"/merge_requests/\d+/notes", path):
            return 200, [{"resolvable": True, "resolved": False, "author": {"username": "ann"},
                          "body": "please rename it"}]
        if re.fullmatch(r"/pipelines/\d+/jobs", path):
            return 200, [{"id": 42, "name": "test", "failure_reason": "script_failure", "allow_failure": False},
                         {"id": 43, "name": "nightly", "failure_reason": "x", "allow_failure": True}]
        if path == "/jobs/42/trace":
            return self.log(headers)
        raise Refused(404, {"message": "404 Not Found"})

    def gitea(self, method, path, query, body, words, headers, url):
        match = re.fullmatch(rf"/repos/{OWNER}/{NAME}(/.*)", path)
        if not match:
            raise Refused(404, {"message": "not found"})
        path = match[1]
        if path == "/pulls" and method == "GET":
            return 200, paged([gitea(r) for r in STATE["requests"]][::-1], query, headers, url)
        if path == "/pulls":
            exists = Refused(409, {"message": "pull request already exists for these targets"})
            return 201, gitea(create(body["head"], body["base"], body["title"], body.get("body", ""), False, exists))
        if match := re.fullmatch(r"/pulls/(\d+)", path):
            request = find(match[1])
            if method == "PATCH":
                request.update({key: value for key, value in body.items() if key in ("title", "body")})
                return 201, gitea(request)
            return 200, gitea(request)
        labels = issues.GiteaLabels(STATE)
        if path == "/labels" and method == "POST":
            return 201, labels.make(body["name"])
        if path == "/labels":
            return 200, paged(labels.all(), query, headers, url)
        if path == "/issues" and method == "GET":
            known = {label["name"] for label in labels.all()}
            # A label that there is not is no filter.
            asked_for = query if query.get("labels", [""])[0] in known else {**query, "labels": [""]}
            return 200, paged([issues.gitea(i) for i in issues.those(STATE, asked_for)], query, headers, url)
        if path == "/issues":
            return 201, issues.gitea(issues.create(
                STATE, body["title"], body.get("body", ""), labels.names(body.get("labels", []), Refused)))
        if match := re.fullmatch(r"/issues/(\d+)", path):
            return 201, issues.gitea(issues.change_github(issues.find(STATE, match[1], Refused), body) and
                                     issues.find(STATE, match[1], Refused))
        if match := re.fullmatch(r"/issues/(\d+)/labels", path):
            if method == "PUT":
                issues.find(STATE, match[1], Refused)["labels"] = labels.names(body["labels"], Refused)
                return 200, []
            find(match[1])["labels"] += body["labels"]
            return 200, []
        if match := re.fullmatch(r"/pulls/(\d+)/requested_reviewers", path):
            find(match[1])["reviewers"] += body.get("reviewers", []) + body.get("team_reviewers", [])
            return 201, []
        if re.fullmatch(r"/pulls/(\d+)/reviews", path):
            return 200, reviews(words)
        if re.fullmatch(r"/commits/[0-9a-f]{40}/status", path):
            return 200, {"state": "pending", "statuses": statuses(words)}
        if match := self.actions(path, query, words, headers, url):
            return match
        raise Refused(404, {"message": "not found"})


save("state.json", kept())
ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
