"""A real browser, spoken to through a pipe: Chromium's own protocol, without a port and without a package."""
import base64
import json
import os
import select
import subprocess
import time


class Browser:
    """One Chromium with one page, in a profile of its own."""

    def __init__(self, program, profile, log):
        to_child, ours = os.pipe()
        theirs, from_child = os.pipe()
        # The protocol is spoken on descriptors 3 and 4.
        for number, wanted in ((to_child, 3), (from_child, 4)):
            os.set_inheritable(number, True)

        def place():
            high_in, high_out = os.dup(to_child), os.dup(from_child)
            os.dup2(high_in, 3)
            os.dup2(high_out, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--remote-debugging-pipe", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
             f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, close_fds=False, preexec_fn=place)
        os.close(to_child)
        os.close(from_child)
        self.writing, self.reading = ours, theirs
        self.rest, self.number, self.events = b"", 0, []
        page = next(t for t in self.ask("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = None
        self.session = self.ask("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "Accessibility"):
            self.ask(f"{domain}.enable")

    def message(self, deadline):
        """The next message; nothing when there is none in time."""
        while b"\0" not in self.rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.reading], [], [], left)[0]:
                return None
            piece = os.read(self.reading, 1 << 20)
            if not piece:
                raise RuntimeError("the browser has ended")
            self.rest += piece
        line, self.rest = self.rest.split(b"\0", 1)
        return json.loads(line)

    def ask(self, method, **parameters):
        """Asks for something and gives the answer; what happens meanwhile is kept in `events`."""
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if getattr(self, "session", None):
            request["sessionId"] = self.session
        os.write(self.writing, json.dumps(request).encode() + b"\0")
        deadline = time.monotonic() + 60
        while True:
            found = self.message(deadline)
            if found is None:
                raise RuntimeError(f"no answer to {method}")
            if found.get("id") != self.number:
                self.events.append(found)
            elif "error" in found:
                raise RuntimeError(f"{method}: {found['error']['message']}")
            else:
                return found["result"]

    def until(self, method):
        """Waits for an event."""
        deadline = time.monotonic() + 60
        while not any(e.get("method") == method for e in self.events):
            found = self.message(deadline)
            if found is None:
                raise RuntimeError(f"no {method}")
            self.events.append(found)

    def open(self, address, width, height, theme):
        """Opens a page anew, as wide as that and in that theme."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                 mobile=width < 600)
        self.ask("Emulation.setEmulatedMedia",
                 features=[{"name": "prefers-color-scheme", "value": theme},
                           {"name": "prefers-reduced-motion", "value": "reduce"}])
        self.ask("Page.navigate", url="about:blank")
        self.events.clear()
        self.ask("Page.navigate", url=address)
        self.until("Page.loadEventFired")
        # Two frames: what the script draws is there.
        self.run("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")

    def run(self, script):
        """The value of a script."""
        found = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"]["exception"].get("description", "it throws"))
        return found["result"].get("value")

    def press(self, key, code=None):
        """Presses a key."""
        more = {"text": key} if len(key) == 1 else {"windowsVirtualKeyCode": {"Escape": 27, "Enter": 13}[key]}
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=code or key, **more)

    def complaints(self, address):
        """What went wrong since the page was opened: errors, and requests that leave it."""
        found = []
        for event in self.events:
            detail = event.get("params", {})
            match event.get("method"):
                case "Runtime.exceptionThrown":
                    found.append("script: " + json.dumps(detail["exceptionDetails"].get("text", "")))
                case "Runtime.consoleAPICalled" if detail["type"] in ("error", "warning", "assert"):
                    found.append("console: " + json.dumps(detail["args"][:1]))
                case "Log.entryAdded" if detail["entry"]["level"] in ("error", "warning"):
                    found.append("log: " + detail["entry"]["text"])
                case "Network.requestWillBeSent":
                    asked = detail["request"]["url"]
                    if asked.split("#")[0] != address and not asked.startswith("data:"):
                        found.append("request: " + asked)
        return found

    def picture(self, file, whole=False):
        """A picture of what is seen, or of the whole page."""
        shot = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(shot["data"]))

    def nodes(self):
        """Everything that a screen reader is told, as (role, name)."""
        tree = self.ask("Accessibility.getFullAXTree")["nodes"]
        return [(n.get("role", {}).get("value"), n.get("name", {}).get("value", ""))
                for n in tree if not n.get("ignored")]

    def close(self):
        try:
            self.session = None
            self.ask("Browser.close")
        except (RuntimeError, OSError):
            self.process.kill()
        self.process.wait()
