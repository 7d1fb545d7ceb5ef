#!/usr/bin/env python3
"""What git-migrate has opened, another client of GitHub sees and finds as it does: gh, over TLS.

usage: second.py BIN
"""
import json
import pathlib
import socket
import ssl
import subprocess
import sys
import threading

import world


place = world.World(sys.argv[1])
forge, secure = world.port(), world.port()
folder = place.root / "forge"
folder.mkdir()
server = subprocess.Popen(
    [sys.executable, "-B", str(pathlib.Path(__file__).parent / "forge.py"), str(forge), str(folder), str(place.server)])
try:
    place.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
              "-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place.root / "cert.pem", place.root / "key.pem")

    def pump(source, target):
        try:
            while block := source.recv(65536):
                target.sendall(block)
        except OSError:
            pass
        try:
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def serve():
        with socket.create_server(("127.0.0.1", secure)) as listening:
            while True:
                client, _ = listening.accept()
                try:
                    inner = context.wrap_socket(client, server_side=True)
                except (ssl.SSLError, OSError):
                    continue
                outer = socket.create_connection(("127.0.0.1", forge))
                threading.Thread(target=pump, args=(inner, outer), daemon=True).start()
                threading.Thread(target=pump, args=(outer, inner), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    world.wait_for(forge)
    place.start([f"  - {{ id: S{n}, run: 'echo x > f{n}' }}" for n in range(1, 6)], more="publish: { unit: step }")
    place.migrate("run", "-q")
    tls = {"GH_ENTERPRISE_TOKEN": "secret", "SSL_CERT_FILE": str(place.root / "cert.pem"),
           "GIT_SSL_CAINFO": str(place.root / "cert.pem"), "GH_HOST": f"localhost:{secure}", "GH_NO_UPDATE_NOTIFIER": "1"}
    settings = ["-c", "migrate.forge=github", "-c", f"migrate.forgeUrl=https://localhost:{secure}/api/v3",
                "-c", "migrate.forgeRepository=shop/app", "-c", "migrate.forgePause=1"]
    # One that somebody opened by hand, with another client, is found and not opened again.
    first = "migrate-pr/fleet/S3"
    published = place.run("git", *settings, "-C", place.clone, "migrate", "publish", "S3", more=tls)
    print(published.stdout, end="")
    place.run("git", *settings, "-C", place.clone, "migrate", "publish", more=tls)
    place.run("git", *settings, "-C", place.clone, "migrate", "publish", more=tls)
    seen = place.run("gh", "api", "--paginate", "repos/shop/app/pulls?state=all", "--jq", ".[]|[.number,.head.ref]", more=tls)
    pairs = [json.loads(line) for line in seen.stdout.splitlines()]
    branches = sorted(branch for _, branch in pairs)
    wanted = sorted(f"migrate-pr/fleet/S{n}" for n in range(1, 6))
    if branches != wanted:
        raise SystemExit(f"gh sees {pairs}")
    again = place.run("gh", "api", "repos/shop/app/pulls", "-f", "title=x", "-f", f"head={first}", "-f", "base=main",
                      more=tls, fails=True)
    if again.returncode == 0 or "already exists" not in again.stdout + again.stderr:
        raise SystemExit(f"a second one could be opened: {again.stdout}{again.stderr}")
    print(f"gh sees {len(pairs)} pull requests, each once, over TLS")
finally:
    server.terminate()
    server.wait()
