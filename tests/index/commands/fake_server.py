"""A server that answers as it is told: the right statuses at the wrong moments, on a real socket."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

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
        self.refusing: set[str] = set()  # ids of documents that are not taken
        self.found: list[dict[str, Any]] = []  # what a search answers
        self.page_documents, self.most_ids = 2, 2  # few, so that there are several pages and pieces
        self.filters = True

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if self.script:
            return self.script.pop(0)
        path = urlsplit(asked.path).path
        routes: dict[str, Callable[[], Answer]] = {
            "/index/batch": lambda: self._keep(asked.body),
            "/index/delete": lambda: self._delete(json.loads(asked.body)["ids"]),
            "/index": lambda: self._list(asked.path),
            "/search": lambda: Answer(body=self.found),
            "/tei/info": lambda: Answer(body={"max_client_batch_size": self.most_ids}),
        }
        for end, answer in routes.items():
            if path.endswith(end):
                return answer()
        return Answer(body={"name": "default", "state": "ready", "documents": len(self.kept), "reindex": None})

    def _list(self, path: str) -> Answer:
        given = {name: value for name, (value,) in parse_qs(urlsplit(path).query, strict_parsing=True).items()}
        assert set(given) <= {"filter", "fields", "limit", "after"}
        ((field, wanted),) = json.loads(given["filter"]).items()
        names = given["fields"].split(",")
        ids = sorted(id_ for id_ in self.kept if id_.encode() > given.get("after", "").encode())
        if self.filters:
            ids = [id_ for id_ in ids if self.kept[id_].get("metadata", {}).get(field) == wanted]
        most = min(int(given["limit"]), self.page_documents)
        page = [{name: self.kept[id_].get(name, {}) for name in names} for id_ in ids[:most]]
        return Answer(body={"documents": page, "next": ids[most - 1] if len(ids) > most else None})

    def _delete(self, ids: list[str]) -> Answer:
        if len(ids) > self.most_ids:
            return Answer(400, {"detail": "too many ids"})
        return Answer(body={"deleted": sum(self.kept.pop(id_, None) is not None for id_ in ids)})

    def _keep(self, body: bytes) -> Answer:
        errors, indexed = [], 0
        for number, line in enumerate(body.split(b"\n"), 1):
            try:
                one = json.loads(line)
                assert set(one) <= {"id", "text", "metadata", "vector", "expires_at"}
                assert isinstance(one["id"], str)
                assert one["id"] not in self.refusing
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
