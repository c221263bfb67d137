"""What the log says, and what it never says."""

import json
import logging
from pathlib import Path

import pytest

from server.logs import FORMATS, configure_logs
from tests.running import launch, start_server
from tests.tiny import TINY

SECRET = "nobody may read this"


@pytest.mark.e2e
def test_each_request_has_its_line_in_json_with_its_id_and_without_its_texts(tiny_models: Path) -> None:
    flags = ("--models", str(tiny_models), "--model", TINY, "--log-format", "json", "--access-log", "true")
    with start_server(*flags) as server, server.client() as client:
        headers = {"x-request-id": "find-me", "authorization": f"Bearer {SECRET}"}
        assert client.post("/embed", json={"texts": [SECRET]}, headers=headers).status_code == 200
        assert client.get("/nowhere").status_code == 404
        server.process.terminate()
        assert server.process.stderr is not None
        text = server.process.stderr.read()
    lines = [json.loads(line) for line in text.splitlines()]
    (found,) = [line for line in lines if line.get("request_id") == "find-me"]
    assert found["event"] == "request"
    assert (found["method"], found["path"], found["status"]) == ("POST", "/embed", 200)
    assert found["ms"] > 0
    assert found["timestamp"].endswith("Z")
    assert SECRET not in text


def fail_on(text: str) -> None:
    message = f"no text of {len(text)} characters"
    raise LookupError(message)


@pytest.mark.parametrize("style", FORMATS)
def test_a_traceback_shows_no_local_variables(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    root, before = logging.getLogger(), logging.getLogger().handlers[:]
    level = root.level
    try:
        configure_logs(style, "info")
        try:
            fail_on(SECRET)
        except LookupError:
            logging.getLogger("vecd").exception("it failed")
        shown = capsys.readouterr().err
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    assert "it failed" in shown
    assert "LookupError" in shown
    assert "fail_on" in shown
    assert SECRET not in shown


def test_in_text_nothing_is_logged_that_a_terminal_would_obey(capsys: pytest.CaptureFixture[str]) -> None:
    root, before = logging.getLogger(), logging.getLogger().handlers[:]
    level = root.level
    try:
        configure_logs("text", "info")
        fields = {"client": "\x1b[31m192.0.2.1", "method": "G\rET", "ms": 1.5, "status": 200, "none": None}
        logging.getLogger("vecd").info("of %s", "a\nforged line\x9b", extra=fields)
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert shown[:-1].isprintable()
    assert all(part in shown for part in (r"of a\nforged line\x9b", r"\x1b[31m192.0.2.1", r"G\rET", "ms=1.5", "200"))


def test_an_unknown_level_is_refused(tiny_models: Path) -> None:
    with launch("--models", str(tiny_models), "--log-level", "loud") as process:
        assert process.wait(60) == 1
        assert process.stderr is not None
        assert "log-level" in process.stderr.read()
