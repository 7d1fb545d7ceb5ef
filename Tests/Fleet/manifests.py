#!/usr/bin/env python3
"""Holds the manifest of `git migrate workers --on kubernetes` against the schemas of Kubernetes, strictly.

usage: manifests.py BIN VALIDATOR
"""
import sys

import world

VERSIONS = ["1.37", "1.33", "1.30"]

place = world.World(sys.argv[1])
place.start(["  - { id: S1 }"], more="agent: { command: ./agent, env: [SOME_API_KEY] }")
texts = [place.migrate(
    "workers", "--on", "kubernetes", "--image", "example.org/w@sha256:00", "-n", "20", "--has", "gpu,os=linux",
    "--clone", url).stdout for url in ("https://forge.example/x.git", "git@forge.example:x.git", "/srv/x.git")]
manifests = [place.root / f"job{number}.yaml" for number in range(len(texts))]
wrong = place.root / "wrong.yaml"
for manifest, text in zip(manifests, texts):
    manifest.write_text(text)
# A key that is spelt wrong must be seen, or nothing is proved.
wrong.write_text(texts[0].replace("completionMode:", "completionsMode:"))
status = 0
for version in VERSIONS:
    good = place.run(sys.argv[2], "--strict", "-k", version, *manifests, fails=True)
    bad = place.run(sys.argv[2], "--strict", "-k", version, wrong, fails=True)
    is_well = good.returncode == 0 and bad.returncode != 0
    print(f"Kubernetes {version}: {'the manifest is good' if is_well else good.stdout + good.stderr}")
    status |= 0 if is_well else 1
sys.exit(status)
