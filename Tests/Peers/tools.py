#!/usr/bin/env python3
"""Drives `git migrate mcp` with the official client of the protocol, in each of its modes.

    tools.py BIN                (with the Python of an environment that has the package `mcp`)

A step is claimed as a person claims it; the client then calls every tool in its worktree.
"""
import asyncio
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from mcp import Client, StdioServerParameters

PLAN = """---
migration: m
gate: { verifiers: [{ name: t, run: "test ! -e bad" }] }
steps: [{ id: S1, title: A step }, { id: S2, title: Another }]
---
Do it.
"""
MODES = ["auto", "legacy", "2026-07-28"]


def make(root, binary):
    """A repository with a claimed step; gives its worktree and the variables."""
    variables = {"HOME": str(root / "home"), "PATH": f"{binary}:/usr/bin:/bin", "LANG": "C.UTF-8",
                 "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a",
                 "GIT_COMMITTER_EMAIL": "a@b", "MIGRATE_WORKER": "w"}
    work = root / "work"
    for folder in (root / "home", work):
        folder.mkdir(parents=True)
    (root / "home/.gitconfig").write_text("[user]\n\tname = a\n\temail = a@b\n[migrate]\n\tworker = w\n")
    (root / "plan.md").write_text(PLAN)
    for words in (["git", "init", "-q", "-b", "main"], ["git", "commit", "-q", "--allow-empty", "-m", "base"],
                  ["git-migrate", "start", str(root / "plan.md")]):
        subprocess.run(words, cwd=work, env=variables, check=True, capture_output=True)
    claim = subprocess.run(["git-migrate", "claim", "S1", "--json"], cwd=work, env=variables, check=True,
                           capture_output=True, text=True)
    return pathlib.Path(json.loads(claim.stdout)["worktree"]), variables


async def talk(mode, worktree, variables):
    """Calls every tool; what is wrong is an assertion that fails."""
    # As codex does it, the server gets next to nothing of the environment.
    few = {name: variables[name] for name in ("HOME", "PATH", "LANG")}
    server = StdioServerParameters(command="git-migrate", args=["mcp", "--epoch", "1", "S1"],
                                   cwd=str(worktree), env=few)
    async with Client(server, mode=mode) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert sorted(tools) == ["result", "status", "verify"], tools
        assert tools["verify"].annotations.read_only_hint is True
        assert tools["result"].annotations.read_only_hint is False
        bad = worktree / "bad"
        bad.write_text("x")
        told = []

        async def progress(done, total, message):
            told.append(done)

        failed = await client.call_tool("verify", {}, progress_callback=progress)
        assert not failed.is_error and failed.structured_content["verdict"] == "failed", failed
        assert json.loads(failed.content[0].text) == failed.structured_content
        assert told and told == sorted(set(told)), told
        bad.unlink()
        (worktree / "good").write_text("x")
        passed = await client.call_tool("verify", {"no_cache": True})
        assert passed.structured_content["verdict"] == "passed", passed
        status = await client.call_tool("status", {})
        assert status.structured_content["steps"] == {"leased": 1, "ready": 1}, status
        noted = await client.call_tool(
            "result", {"outcome": "done", "notes": "n", "propose": ["Another step"]})
        assert noted.structured_content["outcome"] == "done", noted


def main(binary):
    failed = 0
    for mode in MODES:
        with tempfile.TemporaryDirectory(prefix="tools.", dir="/var/tmp") as folder:
            worktree, variables = make(pathlib.Path(folder), pathlib.Path(binary).absolute())
            os.environ["PATH"] = variables["PATH"]
            try:
                asyncio.run(asyncio.wait_for(talk(mode, worktree, variables), 60))
                print(f"ok  mcp-{mode}", flush=True)
            except Exception as error:  # a mode that fails does not hide the others
                failed += 1
                print(f"FAILED  mcp-{mode}\n    {error!r}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
