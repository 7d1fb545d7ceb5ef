#!/usr/bin/env python3
"""Records what the real agents print, one stream for each way in which their work can end.

    record.py VENVS OUT [CASE…]

VENVS is the folder of `scripts/test-peers`, with an environment for each agent. Run it in a network namespace
of its own with loopback up, as `scripts/test-peers --record` does. The streams are the fixtures of
`Tests/AgentsTests`. What names this machine or one moment is replaced: paths, ids, times and ports; and
claude's lists of what it could do are emptied.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
SCHEMA = json.dumps({
    "type": "object", "additionalProperties": False, "required": ["result", "reason", "notes"],
    "properties": {"result": {"type": "string", "enum": ["done", "no-op", "cannot"]},
                   "reason": {"type": "string"}, "notes": {"type": "string"}}})
NOOP = {"result": "no-op", "reason": "all is there", "notes": "looked at 3 files"}
CANNOT = {"result": "cannot", "reason": "the interface is gone", "notes": ""}
CLOSING = {"result": "done", "reason": "", "notes": "Added a.txt."}
WRITE, SAY = ["write", "a.txt", "hello"], ["say", "I wrote a.txt."]
LOOP = [["again", ["run", "ls"]]]
CLAUDE = ["claude", "-p", "--output-format", "stream-json", "--verbose", "--permission-mode", "acceptEdits"]
CODEX = ["codex", "exec", "-s", "workspace-write", "-m", "gpt-5.5"]
ASK = ["--json-schema", SCHEMA]
SESSION = "11111111-2222-4333-8444-555555555555"

# name: script, further arguments, and whatever is special
CASES = {
    "claude-done": ([WRITE, SAY], []),
    "claude-done-closing": ([WRITE, ["call", "StructuredOutput", CLOSING]], ASK),
    "claude-done-unasked": ([WRITE, SAY], ASK),
    "claude-words-only": ([["say", "Nothing is to be done here."]], []),
    "claude-noop": ([["call", "StructuredOutput", NOOP]], ASK),
    "claude-noop-changed": ([WRITE, ["call", "StructuredOutput", NOOP]], ASK),
    "claude-cannot": ([["call", "StructuredOutput", CANNOT]], ASK),
    "claude-result-file": ([["run", "printf '{\"result\":\"no-op\"}' > ../result.json"],
                            ["say", "Nothing."]], []),
    "claude-denied": ([["run", "curl http://127.0.0.1/x"], ["say", "I could not."]], []),
    "claude-denied-changed": ([WRITE, ["run", "make test"], ["say", "I could not run the tests."]], []),
    "claude-turn-limit": (LOOP, ["--max-turns", "3"]),
    "claude-budget": (LOOP, ["--max-budget-usd", "0.001"]),
    **{f"claude-{code}": ([["status", code]], []) for code in (400, 401, 403, 404, 429, 500, 529)},
    "claude-no-key": ([SAY], [], {"env": {"ANTHROPIC_API_KEY": None}}),
    "claude-unreachable": ([SAY], [], {"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}}),
    "claude-limit": ([["limit", 3600]], [],
                     {"env": {"ANTHROPIC_API_KEY": None, "CLAUDE_CODE_OAUTH_TOKEN": "dummy"}}),
    "claude-cut": ([WRITE, ["cut"]], []),
    "claude-killed": ([["wait", 60]], [], {"signal": (6, signal.SIGKILL)}),
    "claude-terminated": ([["wait", 60]], [], {"signal": (6, signal.SIGTERM)}),
    "claude-interrupted": ([["wait", 60]], [], {"signal": (6, signal.SIGINT)}),
    "claude-background": ([["call", "Bash", {"command": "sleep 15", "run_in_background": True}],
                           ["say", "Started."]], ["--allowedTools", "Bash"]),
    "claude-refusal": ([["refuse"]], []),
    "claude-overlong": ([["overlong"]], []),
    "claude-commits": ([WRITE, ["run", "git checkout -b mine && git add -A && git commit -m x"],
                        ["say", "Committed."]], ["--allowedTools", "Bash"]),
    "claude-bad-option": ([SAY], ["--no-such-option"]),
    "claude-first": ([WRITE, SAY], ["--session-id", SESSION], {"world": "claude"}),
    "claude-resumed": ([["write", "b.txt", "two"], ["say", "I wrote b.txt."]], ["--resume", SESSION],
                       {"world": "claude"}),
    "codex-done": ([WRITE, SAY], []),
    "codex-words-only": ([["say", "Nothing is to be done here."]], []),
    "codex-noop": ([["say", json.dumps(NOOP)]], ["--output-schema", "SCHEMA"]),
    "codex-cannot": ([["say", json.dumps(CANNOT)]], ["--output-schema", "SCHEMA"]),
    "codex-denied": ([["run", "touch /etc/x; git commit -q -m x"], ["say", "I could not."]], []),
    "codex-failing-command": ([["run", "false"], WRITE, SAY], []),
    **{f"codex-{code}": ([["status", code]], []) for code in (400, 401, 403, 404, 429, 500, 529)},
    "codex-limit": ([["limit", 3600]], []),
    "codex-limit-days": ([["limit", 400000]], []),
    "codex-cut": ([WRITE, ["cut"]], []),
    "codex-overlong": ([["overlong"]], []),
    "codex-killed": ([["wait", 60]], [], {"signal": (5, signal.SIGKILL)}),
    "codex-terminated": ([["wait", 60]], [], {"signal": (5, signal.SIGTERM)}),
    "codex-interrupted": ([["wait", 60]], [], {"signal": (5, signal.SIGINT)}),
    "codex-bad-option": ([SAY], ["--no-such-option"]),
    "mini-done": ([WRITE, ["run", "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"]], []),
    "mini-401": ([["status", 401]], []),
    "mini-500": ([["status", 500]], []),
    "mini-format": ([["again", ["say", "I call no tool."]]], []),
    "mini-steps": (LOOP, ["-c", "mini.yaml", "-c", "agent.step_limit=3"]),
    "codex-first": ([WRITE, SAY], [], {"world": "codex"}),
    "codex-resumed": ([["write", "b.txt", "two"], ["say", "I wrote b.txt."]], ["resume"], {"world": "codex"}),
}


def environment(agent, home, port, path):
    """What the agent is given; nothing of it opens anything."""
    if agent == "claude":
        special = {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}", "ANTHROPIC_API_KEY": "dummy",
                   "CLAUDE_CODE_MAX_RETRIES": "1"}
    elif agent == "mini":
        special = {"OPENAI_API_BASE": f"http://127.0.0.1:{port}/v1", "OPENAI_API_KEY": "dummy",
                   "MSWEA_CONFIGURED": "true", "MSWEA_COST_TRACKING": "ignore_errors",
                   "MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT": "2"}
    elif agent == "vibe":
        special = {"STUB_KEY": "dummy"}
        (home / ".vibe").mkdir(exist_ok=True)
        (home / ".vibe/config.toml").write_text(
            f'active_model = "stub"\n[[providers]]\nname = "stub"\napi_base = "http://127.0.0.1:{port}/v1"\n'
            f'api_key_env_var = "STUB_KEY"\nbackend = "generic"\n'
            f'[[models]]\nname = "stub"\nprovider = "stub"\nalias = "stub"\n')
    else:
        special = {"STUB_KEY": "dummy"}
        (home / ".codex").mkdir(exist_ok=True)
        (home / ".codex/config.toml").write_text(
            f'model_provider = "stub"\n[model_providers.stub]\nname = "stub"\nwire_api = "responses"\n'
            f'base_url = "http://127.0.0.1:{port}/v1"\nenv_key = "STUB_KEY"\n'
            f'request_max_retries = 1\nstream_max_retries = 1\n')
    return {"HOME": str(home), "PATH": f"{path}:/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC",
            "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@b", **special}


def make_world(root):
    for folder in ("home", "work"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "schema.json").write_text(SCHEMA)
    if not (root / "work/.git").exists():
        subprocess.run(["git", "init", "-q", "-b", "main", str(root / "work")], check=True)


def command(agent, arguments, root, prompt):
    arguments = [str(root / "schema.json") if word == "SCHEMA" else word for word in arguments]
    if agent == "claude":
        return CLAUDE + arguments
    if agent == "mini":
        return ["mini", "-m", "openai/stub", "-y", "--exit-immediately", "-o", str(root / "report.json"),
                "-t", prompt, *arguments]
    if arguments == ["resume"]:
        first = json.loads((root / "first.jsonl").read_text().splitlines()[0])
        return CODEX + ["resume", "--json", first["thread_id"], "-"]
    return CODEX + ["--json"] + arguments + ["-"]


def run(name, worlds, out, port, path):
    script, arguments, *more = CASES[name]
    special = more[0] if more else {}
    agent = name.split("-")[0]
    root = worlds / special.get("world", name)
    make_world(root)
    variables = environment(agent, root / "home", port, path)
    for key, value in special.get("env", {}).items():
        variables.pop(key, None)
        if value is not None:
            variables[key] = value
    prompt = f"Do what is asked.\nSCRIPT {json.dumps(script)}\n"
    errors = open(out / f"{name}.err", "wb")
    child = subprocess.Popen(command(agent, arguments, root, prompt), env=variables, cwd=root / "work",
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                             start_new_session=True)
    child.stdin.write(prompt.encode())
    child.stdin.close()
    if "signal" in special:
        seconds, number = special["signal"]
        time.sleep(seconds)
        child.send_signal(number)
    output = child.stdout.read()
    status = child.wait(timeout=120)
    if agent == "mini":
        (out / f"{name}.json").write_text(brief(root / "report.json"))
        return status
    (root / "first.jsonl").write_bytes(output)
    (out / f"{name}.jsonl").write_text(scrub(output.decode(), root))
    return status


def brief(path):
    """mini-swe-agent's report, without the texts of its conversation and its settings."""
    report = json.loads(path.read_text())
    report["info"]["config"] = {"model": {"model_name": report["info"]["config"]["model"]["model_name"]}}
    report["messages"] = [{"role": message.get("role", "")} for message in report["messages"]]
    return json.dumps(report, indent=1) + "\n"


LISTS = ("tools", "slash_commands", "terminal_slash_commands", "skills", "plugins", "agents", "capabilities")


def scrub(text, root):
    """The stream without what names this machine or this moment."""
    lines = []
    for line in text.splitlines():
        try:
            event = json.loads(line)
            for key in LISTS:
                if key in event:
                    event[key] = []
            line = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        except ValueError:
            pass
        lines.append(line)
    text = "\n".join(lines) + "\n" if lines else ""
    encoded = re.sub(r"[^A-Za-z0-9]", "-", str(root))
    for old, new in ((str(root / "work"), "/project"), (str(root / "home"), "/home/agent"),
                     (str(root), "/peers"), (encoded + "-work", "-project"), (encoded, "-peers")):
        text = text.replace(old, new)
    text = re.sub(r"/tmp/claude-\d+/", "/tmp/claude/", text)
    text = re.sub(r"/tmp/cc-socks/\d+", "/tmp/cc-socks/1", text)
    text = re.sub(r"127\.0\.0\.1:\d{4,5}", "127.0.0.1:4000", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", "2026-11-29T00:00:00.000Z", text)
    text = re.sub(r'("(?:resetsAt|resets_at)":)\d+', r"\g<1>1800000000", text)
    text = re.sub(r"try again at \d+:\d\d [AP]M", "try again at 1:22 AM", text)
    text = re.sub(r"resets \d+(:\d\d)?[ap]m", "resets 1:22am", text)
    text = re.sub(r"try again at \w+ \d+\w\w, \d+ \d+:\d\d [AP]M", "try again at Dec 3rd, 2026 1:22 AM", text)
    text = re.sub(r'("(?:end_time)":)\d+', r"\g<1>1795911696448", text)
    text = re.sub(r'("\w*(?:duration|ttft|time_to|first_content)\w*":)\d+', r"\g<1>1", text)
    text = number(text, r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
                  lambda count: f"00000000-0000-4000-8000-{count:012}")
    text = number(text, r"(?<=msg_)[0-9a-f]{16}|(?<=toolu_)[0-9a-f]{16}", str)
    for key in ("task_id", "run_id", "runId", "backgroundTaskId"):
        for found in dict.fromkeys(re.findall(rf'"{key}":"([^"]+)"', text)):
            text = text.replace(found, "task1" if "ask" in key else "run1")
    return text


def number(text, pattern, name):
    """Each text that fits gets the number of its first appearance."""
    seen = {}
    return re.sub(pattern, lambda match: seen.setdefault(match[0], name(len(seen) + 1)), text)


def programs(venvs):
    """The folders of the agents' programs in the environments that pip filled."""
    found = [*venvs.glob("*/lib/python*/site-packages/claude_agent_sdk/_bundled"),
             *venvs.glob("*/lib/python*/site-packages/codex_cli_bin/bin"),
             *(program.parent for program in venvs.glob("*/bin/mini")),
             *(program.parent for program in venvs.glob("*/bin/vibe-acp"))]
    return ":".join(map(str, found))


def main(venvs, out, *wanted):
    venvs, out = pathlib.Path(venvs).absolute(), pathlib.Path(out).absolute()
    out.mkdir(parents=True, exist_ok=True)
    # Not below /tmp: codex's sandbox lets that be written.
    worlds = pathlib.Path(tempfile.mkdtemp(prefix="peers.", dir="/var/tmp"))
    stub = subprocess.Popen([sys.executable, HERE / "stub.py", "--log", out / "stub.log"],
                            stdout=subprocess.PIPE, text=True)
    try:
        port = int(stub.stdout.readline())
        for name in CASES:
            if not wanted or any(name == word or name.startswith(word + "-") for word in wanted):
                status = run(name, worlds, out, port, programs(venvs))
                print(f"{name}: {status}", flush=True)
    finally:
        stub.kill()
        shutil.rmtree(worlds, ignore_errors=True)
        for path in out.glob("*.err"):
            if "bad-option" not in path.name:
                path.unlink()


if __name__ == "__main__":
    main(*sys.argv[1:])
