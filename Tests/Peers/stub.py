#!/usr/bin/env python3
"""A model for the tests of real agents: it answers on loopback what the prompt itself asks it to.

    stub.py [--port N] [--log FILE]         prints the port that it listens on

A prompt bears its script on a line `SCRIPT [step, step, …]`, in JSON. The model's first answer plays the
first step, its second one the second, and after the last step it says `Done.` Which answer is due is counted
in the conversation that the agent sends, so that the stub remembers nothing, any number of agents may share
it, and a conversation that is resumed goes on. Only `limit` and what has a count of TIMES remember something.

    ["write", PATH, TEXT]            makes a file with the agent's tool for that, or with its shell
    ["note", TEXT]                   nothing; for whoever reads the log
    ["run", COMMAND]                 runs a command with the agent's shell tool
    ["call", TOOL, INPUT]            calls a tool by name
    ["say", TEXT]                    ends the turn with a text
    ["again", STEP]                  plays a step in this answer and in every later one
    ["status", CODE, TEXT, TIMES]    answers with an HTTP status, for good or so many times
    ["limit", SECONDS]               the vendor's usage limit, until so many seconds have passed
    ["wait", SECONDS, STEP]          answers after so long, with a step if there is one
    ["cut", TIMES]                   breaks the connection in the midst of an answer
    ["refuse"]                       the vendor's refusal
    ["overlong", TIMES]              stops because an answer may not be longer

It speaks Anthropic's Messages, and OpenAI's Responses and Chat Completions. Each answer counts 100 tokens
read, 30 of them from a cache, and 42 written. The log has a JSON object a line for each request.
"""
import argparse
import http.server
import json
import shlex
import threading
import time

READ, CACHED, WRITTEN, THOUGHT = 100, 30, 42, 7
SHELLS = ["Bash", "bash", "shell_command", "exec_command", "shell"]
played, lifted = {}, {}
guard = threading.Lock()


def texts(content):
    """The texts that a message holds, however it holds them."""
    if isinstance(content, str):
        return [content]
    return [part["text"] for part in content or [] if part.get("type") in ("text", "input_text")]


def position(items):
    """The script of the newest prompt that has one, and how many answers of the model came after it."""
    script, answers = [], 0
    for item in items:
        role, kind = item.get("role"), item.get("type", "message")
        if role in ("user", "developer", "system"):
            for line in "\n".join(texts(item.get("content"))).splitlines():
                if line.startswith("SCRIPT "):
                    script, answers = json.loads(line[len("SCRIPT "):]), 0
        elif role == "assistant" and kind == "message":
            answers += 1
        elif kind in ("function_call", "custom_tool_call", "local_shell_call"):
            answers += 1
    return script, answers


def step_due(script, answers):
    """The step that this answer plays. What passes is no answer: the next step follows."""
    turn = 0
    for index, step in enumerate(script):
        if step[0] == "note":
            continue
        if step[0] == "again" and turn <= answers:
            return step[1]
        if step[0] == "limit" or len(step) > {"status": 3, "cut": 1, "overlong": 1}.get(step[0], 9):
            if turn == answers and still_lasts(step, (json.dumps(script), index)):
                return step
            continue
        if turn == answers:
            return step
        turn += 1
    return ["say", "Done."]


def still_lasts(step, key):
    """Whether a step that passes is to be played once more."""
    with guard:
        if step[0] == "limit":
            return time.time() < lifted.setdefault(key, int(time.time()) + step[1])
        played[key] = played.get(key, 0) + 1
        return played[key] <= step[-1]


def tools_of(request):
    """The names of the tools on offer, each with the names and types of its input."""
    found = {}
    for tool in request.get("tools") or []:
        tool = tool.get("function", tool)
        for inner in tool.get("tools") or [tool]:
            name = inner.get("name") or inner.get("type")
            schema = inner.get("input_schema") or inner.get("parameters") or {}
            found[f"{tool['name']}__{name}" if "tools" in tool else name] = schema.get("properties", {})
    return found


def call_due(step, tools):
    """The tool to call, with its input, or None when the step is no call."""
    if step[0] == "call":
        return step[1], step[2]
    if step[0] == "write":
        path, text = step[1:3]
        if "Write" in tools:
            return "Write", {"file_path": path, "content": text}
        if "apply_patch" in tools:
            lines = "".join(f"+{line}\n" for line in text.split("\n"))
            return "apply_patch", f"*** Begin Patch\n*** Add File: {path}\n{lines}*** End Patch\n"
        step = ["run", f"printf %s {shlex.quote(text)} > {shlex.quote(path)}"]
    if step[0] == "run":
        for shell in SHELLS:
            if shell in tools:
                key = "cmd" if "cmd" in tools[shell] else "command"
                is_list = tools[shell].get(key, {}).get("type") == "array"
                return shell, {key: ["bash", "-c", step[1]] if is_list else step[1]}
    return None


class Answer:
    """What the model says in one answer, before it is put into a vendor's words."""

    def __init__(self, step, tools, model):
        self.call = call_due(step, tools)
        self.text = step[1] if step[0] == "say" else "Done."
        self.stop = step[0] if step[0] in ("refuse", "overlong") else "call" if self.call else "end"
        self.name = f"{time.time_ns():x}"
        self.model = model


def messages(answer):
    """Anthropic's Messages: the whole, and the same as events."""
    block, start, delta = {"type": "text", "text": answer.text}, {"type": "text", "text": ""}, None
    if answer.call:
        start = {"type": "tool_use", "id": f"toolu_{answer.name}", "name": answer.call[0], "input": {}}
        block = {**start, "input": answer.call[1]}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(answer.call[1])}
    usage = {"input_tokens": READ - CACHED, "cache_read_input_tokens": CACHED,
             "cache_creation_input_tokens": 0, "output_tokens": WRITTEN}
    stops = {"call": "tool_use", "refuse": "refusal", "overlong": "max_tokens", "end": "end_turn"}
    whole = {"id": f"msg_{answer.name}", "type": "message", "role": "assistant", "model": answer.model,
             "content": [block], "stop_reason": stops[answer.stop], "stop_sequence": None, "usage": usage}
    begun = {**whole, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    return whole, [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": start},
        {"type": "content_block_delta", "index": 0,
         "delta": delta or {"type": "text_delta", "text": answer.text}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None},
         "usage": {"output_tokens": WRITTEN}},
        {"type": "message_stop"},
    ]


def responses(answer):
    """OpenAI's Responses: the whole, and the same as events."""
    item = {"type": "message", "id": f"msg_{answer.name}", "role": "assistant",
            "content": [{"type": "output_text", "text": answer.text}]}
    if answer.call:
        space, _, name = answer.call[0].rpartition("__")
        item = {"call_id": f"call_{answer.name}", "name": name}
        if space:
            item["namespace"] = space
        if isinstance(answer.call[1], str):
            item.update(type="custom_tool_call", input=answer.call[1])
        else:
            item.update(type="function_call", arguments=json.dumps(answer.call[1]))
    whole = {"id": f"resp_{answer.name}", "object": "response", "status": "completed", "output": [item],
             "usage": {"input_tokens": READ, "input_tokens_details": {"cached_tokens": CACHED},
                       "output_tokens": WRITTEN, "output_tokens_details": {"reasoning_tokens": THOUGHT},
                       "total_tokens": READ + WRITTEN}}
    events = [{"type": "response.created", "response": {"id": whole["id"]}}]
    if answer.stop == "overlong":
        whole.update(status="incomplete", output=[], incomplete_details={"reason": "max_output_tokens"})
        return whole, events + [{"type": "response.incomplete", "response": whole}]
    events += [{"type": "response.output_item.done", "output_index": 0, "item": item},
               {"type": "response.completed", "response": whole}]
    return whole, events


def completions(answer):
    """OpenAI's Chat Completions: the whole, and the same as chunks."""
    message = {"role": "assistant", "content": answer.text}
    if answer.call:
        message = {"role": "assistant", "content": None, "tool_calls": [
            {"index": 0, "id": f"call_{answer.name}", "type": "function",
             "function": {"name": answer.call[0], "arguments": json.dumps(answer.call[1])}}]}
    stops = {"call": "tool_calls", "refuse": "content_filter", "overlong": "length", "end": "stop"}
    head = {"id": f"chat_{answer.name}", "created": int(time.time()), "model": answer.model}
    usage = {"prompt_tokens": READ, "completion_tokens": WRITTEN, "total_tokens": READ + WRITTEN,
             "prompt_tokens_details": {"cached_tokens": CACHED}}
    stop = stops[answer.stop]
    whole = {**head, "object": "chat.completion", "usage": usage,
             "choices": [{"index": 0, "message": message, "finish_reason": stop}]}
    head["object"] = "chat.completion.chunk"
    return whole, [
        {**head, "choices": [{"index": 0, "delta": message, "finish_reason": None}]},
        {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": stop}]},
        {**head, "choices": [], "usage": usage},
    ]


SPEAKERS = {"/messages": messages, "/responses": responses, "/completions": completions}
KINDS = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error",
         404: "not_found_error", 429: "rate_limit_error", 529: "overloaded_error"}


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.send(200, b"", "text/plain")

    def do_GET(self):
        self.send_json(200, {"data": [], "models": [], "has_more": False})

    def do_POST(self):
        request = json.loads(self.body() or b"{}")
        speak = next((SPEAKERS[end] for end in SPEAKERS if self.path.split("?")[0].endswith(end)), None)
        if speak is None:
            return self.send_json(200, {"input_tokens": READ})
        items = request.get("messages") or request.get("input") or []
        items = [{"role": "user", "content": items}] if isinstance(items, str) else items
        script, answers = position(items)
        step = step_due(script, answers)
        if step[0] == "wait":
            time.sleep(step[1])
            step = step[2] if len(step) > 2 else ["say", "Done."]
        serves = step[0] not in ("status", "limit", "cut")
        record(api=speak.__name__, script=script, step=step, answer=answers, served=serves)
        if step[0] in ("status", "limit"):
            return self.refuse(speak, step)
        whole, events = speak(Answer(step, tools_of(request), request.get("model")))
        if step[0] != "cut" and not request.get("stream"):
            return self.send_json(200, whole)
        lines = [(f"event: {event['type']}\n" if "type" in event else "") + f"data: {json.dumps(event)}\n\n"
                 for event in events]
        if speak is completions:
            lines.append("data: [DONE]\n\n")
        data = "".join(lines).encode()
        if step[0] == "cut":
            self.close_connection = True
            self.send(200, data[:len(data) // 3], "text/event-stream", length=len(data))
        else:
            self.send(200, data, "text/event-stream")

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        data = b""
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            data += self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                return data

    def refuse(self, speak, step):
        if step[0] == "status":
            text = step[2] if len(step) > 2 else f"the stub answers {step[1]}"
            kind = KINDS.get(step[1], "api_error")
            return self.send_json(step[1], {"type": "error", "error": {"type": kind, "message": text}})
        reset = int(time.time()) + step[1]
        error, headers = {"type": "rate_limit_error", "message": "usage limit"}, {}
        if speak is messages:
            headers = {"retry-after": step[1], "anthropic-ratelimit-unified-status": "rejected",
                       "anthropic-ratelimit-unified-reset": reset,
                       "anthropic-ratelimit-unified-representative-claim": "five_hour"}
        else:
            error = {**error, "type": "usage_limit_reached", "plan_type": "plus", "resets_at": reset}
        self.send_json(429, {"type": "error", "error": error}, headers)

    def send_json(self, status, value, headers=None):
        self.send(status, json.dumps(value).encode(), "application/json", headers)

    def send(self, status, data, kind, headers=None, length=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length or len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, str(value))
        try:
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            self.close_connection = True  # the agent went away


def record(**facts):
    with guard:
        log.write(json.dumps(facts) + "\n")
        log.flush()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # an agent that breaks its connection is what is tested


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--log", default="/dev/null")
    chosen = options.parse_args()
    log = open(chosen.log, "a")
    server = Server(("127.0.0.1", chosen.port), Service)
    print(server.server_port, flush=True)
    server.serve_forever()
