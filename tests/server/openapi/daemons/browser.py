"""Chromium without a window, told what to do over a pipe (Chrome DevTools Protocol); it asks this machine alone."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
PATIENCE_S = 60
POLL_S = 0.1
# However it is driven.
COMMON = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
FLAGS = ("--headless", *COMMON, "--remote-debugging-pipe", "--window-size=1280,2000")
# Runs before the page's own scripts: the browser itself says what the page's policy has stopped.
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation",
  event => window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


class Browser:
    """One page: where it went, what it asked for, what it complained of."""

    def __init__(self, commands: IO[bytes], events: IO[bytes]) -> None:
        self._commands, self._events, self._number, self._session = commands, events, 0, ""
        self.requests: list[str] = []
        self.complaints: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime", "Audits"):
            self.call(f"{domain}.enable")
        self.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send a command and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._commands.write(json.dumps(message).encode() + b"\0")
        self._commands.flush()
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                found: dict[str, Any] = answer["result"]
                return found
            self._note(answer)

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression in the page."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, script: str) -> None:
        """Return once an expression is true."""
        end = time.monotonic() + PATIENCE_S
        while not self.evaluate(script):
            assert time.monotonic() < end, f"never true: {script}; {self.complaints}"
            time.sleep(POLL_S)

    def _read(self) -> dict[str, Any]:
        parts = bytearray()
        while (one := self._events.read(1)) != b"\0":
            assert one, "Chromium ended"
            parts += one
        found: dict[str, Any] = json.loads(parts)
        return found

    def _note(self, event: dict[str, Any]) -> None:
        details = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(details["request"]["url"])
            case "Log.entryAdded" if details["entry"]["level"] in {"warning", "error"}:
                self.complaints.append(details["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(details["exceptionDetails"]))
            case "Audits.issueAdded" if details["issue"]["code"] == "ContentSecurityPolicyIssue":
                self.complaints.append(str(details["issue"]["details"]))


@contextmanager
def open_browser(profile: Path) -> Iterator[Browser]:
    """Run Chromium with a fresh profile until the block ends."""
    assert CHROMIUM, "no Chromium"
    command_read, command_write = os.pipe()
    event_read, event_write = os.pipe()
    # It reads commands from descriptor 3 and writes to 4.
    shell = f'exec "$@" 3<&{command_read} 4>&{event_write}'
    command = ["bash", "-c", shell, "bash", CHROMIUM, *FLAGS, f"--user-data-dir={profile}"]
    with (
        (profile / "log").open("wb") as log,
        subprocess.Popen(command, pass_fds=(command_read, event_write), stdout=log, stderr=log) as process,
    ):
        os.close(command_read)
        os.close(event_write)
        try:
            with os.fdopen(command_write, "wb") as commands, os.fdopen(event_read, "rb") as events:
                yield Browser(commands, events)
        finally:
            process.terminate()
            process.wait(PATIENCE_S)
