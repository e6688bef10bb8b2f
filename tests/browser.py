"""A headless Chromium, spoken to through a pipe: tests need no package for it."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import time

NAMES = ("chromium", "chromium-browser", "google-chrome")
FOUND = next(filter(None, map(shutil.which, NAMES)), "")

WAIT = 300.0
"""Seconds for an answer, on a loaded machine too."""


class Browser:
    """One page of a browser, and what it said and asked for.

    https://chromedevtools.github.io/devtools-protocol/ describes the messages.
    """

    def __init__(self, profile):
        (theirs_in, self._out), (self._in, theirs_out) = os.pipe(), os.pipe()
        options = (
            "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
            "--no-first-run", f"--user-data-dir={profile}", "about:blank",
        )  # fmt: skip
        self._process = os.posix_spawn(
            FOUND, [FOUND, *options], os.environ,
            file_actions=[
                *((os.POSIX_SPAWN_OPEN, end, os.devnull, os.O_WRONLY, 0) for end in (1, 2)),
                (os.POSIX_SPAWN_DUP2, theirs_in, 3),  # the browser reads from 3
                (os.POSIX_SPAWN_DUP2, theirs_out, 4),  # and writes to 4
            ],
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self._numbers, self._rest, self._session = itertools.count(1), b"", None
        self.events = []
        targets = self("Target.getTargets")["targetInfos"]
        (page,) = (t["targetId"] for t in targets if t["type"] == "page")
        attached = self("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self(f"{domain}.enable")

    def __call__(self, method, **parameters):
        """Send a command, and return its result."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        message |= {} if self._session is None else {"sessionId": self._session}
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def _message(self):
        while b"\0" not in self._rest:
            more = os.read(self._in, 1 << 16)
            assert more, "the browser is gone"
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def open(self, path, fragment="", *, width=1280, scripts=True):
        """Load a file in a window of a width."""
        self("Emulation.setScriptExecutionDisabled", value=not scripts)
        self(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=900, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        self._go("about:blank")  # from one fragment to another nothing would be loaded
        self._go(f"file://{path}{fragment}")

    def _go(self, address):
        self.events.clear()
        self("Page.navigate", url=address)
        end = time.monotonic() + WAIT
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            assert time.monotonic() < end
            self.events.append(self._message())

    def do(self, script):
        """Run a script in the page, and return its value."""
        found = self("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, key):
        """Press a key."""
        text = {"text": "\r"} if key == "Enter" else {}
        codes = {"Enter": 13, "Tab": 9, "Escape": 27, "ArrowRight": 39, "ArrowLeft": 37}
        code = {"windowsVirtualKeyCode": codes[key]}
        self("Input.dispatchKeyEvent", type="keyDown", key=key, **text, **code)
        self("Input.dispatchKeyEvent", type="keyUp", key=key, **code)

    def move(self, x, y):
        """Move the mouse."""
        self("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    @property
    def said(self):
        """Messages of the console, and errors."""
        kinds = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [event for event in self.events if event["method"] in kinds]

    @property
    def asked(self):
        """Addresses that the page asked for."""
        wanted = (e for e in self.events if e["method"] == "Network.requestWillBeSent")
        return [event["params"]["request"]["url"] for event in wanted]

    def close(self):
        """End the browser."""
        self._session = None
        self("Browser.close")
        os.close(self._out)
        os.close(self._in)
        os.waitpid(self._process, 0)
