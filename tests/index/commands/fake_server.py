"""A server that answers as it is told: the right statuses at the wrong moments, on a real socket."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec


class Asked(msgspec.Struct):
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Answer(msgspec.Struct):
    """What it gets; `leave` closes the connection instead."""

    status: int = 200
    body: object = None
    headers: dict[str, str] = {}
    leave: bool = False


def busy(status: int, **headers: str) -> Answer:
    """The answer of a server that cannot now."""
    return Answer(status, {"status": status, "detail": "not now"}, headers)


class FakeServer:
    """Answers with what is scripted, then as a server that keeps everything."""

    def __init__(self, url: str, script: list[Answer]) -> None:
        self.url = url
        self.script = script
        self.asked: list[Asked] = []
        self.kept: dict[str, dict[str, Any]] = {}

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if self.script:
            return self.script.pop(0)
        if asked.path.endswith("/index/batch"):
            return self._keep(asked.body)
        return Answer(body={"name": "default", "state": "ready", "documents": len(self.kept), "reindex": None})

    def _keep(self, body: bytes) -> Answer:
        errors, indexed = [], 0
        for number, line in enumerate(body.split(b"\n"), 1):
            try:
                one = json.loads(line)
                assert set(one) <= {"id", "text", "metadata", "expires_at"}
                assert isinstance(one["id"], str)
            except (ValueError, AssertionError, KeyError, TypeError, RecursionError):
                errors.append({"line": number, "status": 400, "detail": "no document"})
            else:
                self.kept[one["id"]] = one
                indexed += 1
        return Answer(body={"indexed": indexed, "failed": len(errors), "errors": errors})


def handler(found: Callable[[], FakeServer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            answer = found().answer(Asked(self.command, self.path, dict(self.headers), body))
            if answer.leave:
                self.close_connection = True
                return
            content = json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {"content-length": str(len(content)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = _do  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextlib.contextmanager
def fake_server(*script: Answer) -> Iterator[FakeServer]:
    """Run one on a free port until the block ends."""
    servers: list[FakeServer] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(lambda: servers[0])) as listening:
        servers.append(FakeServer(f"http://127.0.0.1:{listening.server_port}", list(script)))
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield servers[0]
        finally:
            listening.shutdown()
            thread.join()
