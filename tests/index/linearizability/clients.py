"""A client that puts, patches, deletes and reads a few documents until its server is gone, and notes it all."""

import random
import time
from http.client import HTTPException
from typing import Any, Literal

import msgspec

from tests.index.linearizability.history import Kind, Operation, Result, Value
from tests.server.documents.daemons.asking import Answer, Asker, encoded

# Documents that batches and searches join, and such as stand alone.
GROUPS = (("a/1", "a/2", "a/3"), ("b/1", "b/2", "b/3"), ("c/1",), ("d/1",))
KINDS = {"put": 4, "patch": 3, "delete": 2, "get": 6, "batch": 4, "delete_ids": 1, "search": 4}
SEEDS = 1 << 30
FIELDS: tuple[Literal["a"], Literal["b"]] = ("a", "b")
DIRECTION = [1.0] * 64  # of every document, so that a search finds each

Call = tuple[str, str, Any]  # method, target, body
Fields = Literal["a", "b"]


class Client:
    """`operations` is its part of the history; `refused` what the server answered that no operation tells."""

    def __init__(self, number: int, seed: int) -> None:
        self._random = random.Random(f"{seed}/{number}")
        self._number = number
        self.operations: list[Operation] = []
        self.refused: list[str] = []
        self._unanswered: Operation | None = None

    def ask(self, host: str, port: int) -> None:
        """Ask until the server is gone."""
        with Asker(host, port) as asker:
            while self._ask_once(asker):
                pass

    def end(self, at_ns: int) -> None:
        """Note that the server ended, and with it what was not answered."""
        left, self._unanswered = self._unanswered, None
        if left is not None and left.began_ns < at_ns:
            self.operations.append(msgspec.structs.replace(left, ended_ns=at_ns))

    def _ask_once(self, asker: Asker) -> bool:
        call, asked = self._made()
        asked = msgspec.structs.replace(asked, began_ns=time.monotonic_ns())
        try:
            answer = asker.ask(*call)
        except (OSError, HTTPException, ValueError):  # killed; a body that was cut off is no answer
            self._unanswered = asked if asked.kind != "read" else None
            return False
        ended_ns = time.monotonic_ns()
        try:
            result = told(call, asked, answer)
        except (KeyError, TypeError, AssertionError):
            self.refused.append(f"{asked}: {answer}")
            return False
        self.operations.append(msgspec.structs.replace(asked, ended_ns=ended_ns, known=True, result=result))
        return True

    def _made(self) -> tuple[Call, Operation]:  # noqa: PLR0911 - a table
        group = self._random.choice(GROUPS)
        kind = self._random.choices(list(KINDS), list(KINDS.values()))[0]
        if kind in {"batch", "delete_ids", "search"}:
            ids = tuple(self._random.sample(group, self._random.randint(1, len(group))))
        else:
            ids = (self._random.choice(group),)
        seeds = tuple(self._random.randrange(SEEDS) for _ in ids)
        path = f"/index/{encoded(ids[0])}"
        match kind:
            case "put":
                return ("POST", "/index", document(ids[0], seeds[0])), self._operation("put", ids, seeds)
            case "batch":
                documents = [document(*pair) for pair in zip(ids, seeds, strict=True)]
                return ("POST", "/index/batch", {"documents": documents}), self._operation("put", ids, seeds)
            case "patch":
                field = self._random.choice(FIELDS)
                call = ("PATCH", path, {"metadata": {field: seeds[0]}})
                return call, self._operation("patch", ids, seeds, field)
            case "delete":
                return ("DELETE", path, None), self._operation("delete", ids)
            case "delete_ids":
                return ("POST", "/index/delete", {"ids": list(ids)}), self._operation("delete", ids)
            case "get":
                return ("GET", path, None), self._operation("read", ids)
        filter_ = {"name": {"$in": list(ids)}}
        search = {"vector": DIRECTION, "threshold": -1, "top_k": len(ids), "filter": filter_}
        return ("POST", "/search", search), self._operation("read", ids)

    def _operation(
        self, kind: Kind, ids: tuple[str, ...], numbers: tuple[int, ...] = (), field: Fields = "a"
    ) -> Operation:
        return Operation(kind, ids, 0, 0, numbers, field, known=False, client=self._number)


def document(id_: str, seed: int) -> dict[str, Any]:
    return {"id": id_, "text": text_of(id_, seed), "vector": DIRECTION, "metadata": {"name": id_, "seed": seed}}


def text_of(id_: str, seed: int) -> str:
    return f"word{seed} of {id_}"


def told(call: Call, asked: Operation, answer: Answer) -> Result:
    """Return what an answer tells.

    Raises:
        AssertionError, KeyError, TypeError: it is none that the operation has.
    """
    method, target, _ = call
    if answer.status == 404 and method in {"GET", "PATCH", "DELETE"}:
        return 0 if asked.kind == "delete" else (None,)
    assert answer.status == 200
    if asked.kind == "put":
        return None
    if asked.kind == "delete":
        return int(answer.body["deleted"]) if method == "POST" else 1
    if target != "/search":
        return (value_of(answer.body),)
    hits = {hit["id"]: value_of(hit) for hit in answer.body}
    return tuple(hits.get(id_) for id_ in asked.ids)


def value_of(told_: dict[str, Any]) -> Value:
    """Return what a document is; text and metadata must be those of one write."""
    metadata = told_["metadata"]
    assert told_["text"] == text_of(told_["id"], metadata["seed"])
    assert metadata["name"] == told_["id"]
    return Value(metadata["seed"], metadata.get("a"), metadata.get("b"))
