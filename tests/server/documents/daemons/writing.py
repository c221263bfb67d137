"""One client that writes documents until its server dies, and knows what of its documents must then be there.

It has ids of its own and waits for each answer, so all that was answered is done, and of the request that was cut off
all or nothing; of lines that were streamed, any.
"""

import random
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any

import msgspec

from tests.server.documents.daemons.asking import Asker, encoded

IDS = 30
OPERATIONS = {"one": 4, "batch": 2, "lines": 2, "patch": 3, "delete": 2, "delete_ids": 1, "delete_filter": 1}
# Of texts that are cut: one of some 300 passages, or a stream of some 50 each.
LONG_OPERATIONS = {"long": 2, "long_lines": 2, "patch": 1, "delete": 1}
# What writes documents, with the words of each beside its first three.
WRITTEN = {"one": 0, "batch": 0, "lines": 0, "long": 1500, "long_lines": 250}
ALONE, STREAMED = {"one", "long"}, {"lines", "long_lines"}

Told = dict[str, Any] | None  # a document as it is told; None is no document


class Request(msgspec.Struct, frozen=True):
    """What is asked, and what the documents that it changes are afterwards."""

    kind: str
    method: str
    target: str
    body: Any
    afterwards: dict[str, Told]


class Client:
    """What it knows: `sure` is what was answered, `doubtful` the request that was not."""

    def __init__(self, number: int, operations: dict[str, int] = OPERATIONS) -> None:
        self._random = random.Random(number)
        self._operations = operations
        self.name = f"client {number}"
        self.ids = [f"{number}/{id_}" for id_ in range(IDS)]
        self.sure: dict[str, Told] = dict.fromkeys(self.ids)
        self.doubtful: Request | None = None
        self.answered = 0
        self.refused: list[str] = []

    def write(self, host: str, port: int) -> None:
        """Write until the server is gone."""
        with Asker(host, port) as asker:
            for request in self._requests():
                self.doubtful = request
                try:
                    answer = (
                        asker.lines(request.body)
                        if request.kind in STREAMED
                        else asker.ask(request.method, request.target, request.body)
                    )
                except (OSError, HTTPException, ValueError):
                    return  # killed; a body that was cut off is no answer
                if answer.status != 200 or answer.body.get("errors"):
                    self.refused.append(f"{request.kind}: {answer}")
                    return
                self.sure |= request.afterwards
                self.doubtful = None
                self.answered += 1

    def check(self, documents: dict[str, Told]) -> list[str]:
        """Return what of this client's documents is not as it must be, and take what is there as known."""
        found = {id_: documents.get(id_) for id_ in self.ids}
        afterwards = self.doubtful.afterwards if self.doubtful is not None else {}
        wrong = [
            f"{self.name}: {id_} is {found[id_]}, not {self.sure[id_]}"
            for id_ in self.ids
            if found[id_] != self.sure[id_] and not (id_ in afterwards and found[id_] == afterwards[id_])
        ]
        if self.doubtful is not None and self.doubtful.kind not in STREAMED:
            done = [id_ for id_ in afterwards if found[id_] == afterwards[id_]]
            left = [id_ for id_ in afterwards if found[id_] == self.sure[id_]]
            if len(done) < len(afterwards) and len(left) < len(afterwards):
                wrong.append(f"{self.name}: half of a {self.doubtful.kind} is there")
        self.sure, self.doubtful = found, None
        return wrong

    def _requests(self) -> Iterator[Request]:
        while True:
            kind = self._random.choices(list(self._operations), list(self._operations.values()))[0]
            request = self._request(kind, [id_ for id_ in self.ids if self.sure[id_] is not None])
            if request is not None:
                yield request

    def _request(self, kind: str, present: list[str]) -> Request | None:  # noqa: PLR0911 - a table
        few = self._random.sample(self.ids, self._random.randint(2, 12))
        if kind in WRITTEN:
            made = [self._made(id_, WRITTEN[kind]) for id_ in (few if kind not in ALONE else few[:1])]
            afterwards: dict[str, Told] = {document["id"]: document for document in made}
            if kind in ALONE:
                return Request(kind, "POST", "/index", made[0], afterwards)
            return Request(kind, "POST", "/index/batch", made if kind in STREAMED else {"documents": made}, afterwards)
        if not present:
            return None
        id_ = self._random.choice(present)
        one = self.sure[id_]
        assert one is not None
        match kind:
            case "patch":
                patch = {"patched": self._random.randrange(1000)}
                changed = {**one, "metadata": one["metadata"] | patch}
                return Request(kind, "PATCH", f"/index/{encoded(id_)}", {"metadata": patch}, {id_: changed})
            case "delete":
                return Request(kind, "DELETE", f"/index/{encoded(id_)}", None, {id_: None})
            case "delete_ids":
                return Request(kind, "POST", "/index/delete", {"ids": few}, dict.fromkeys(few))
        filter_ = {"seed": one["metadata"]["seed"], "client": self.name}
        return Request(kind, "POST", "/index/delete", {"filter": filter_}, {id_: None})

    def _made(self, id_: str, words: int) -> dict[str, Any]:
        seed = self._random.randrange(1 << 30)
        more = "".join(f" {self._random.randrange(1 << 16):x}" for _ in range(words))
        return {"id": id_, "text": f"word{seed} of {id_}{more}", "metadata": {"seed": seed, "client": self.name}}
