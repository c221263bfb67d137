"""Ids in paths, over a real socket: whatever an id is, it is found under it, and under nothing else."""

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.running import RunningServer

NAME = "/collections/ids"
JSON = {"content-type": "application/json"}
IDS = [
    "a",
    "a/b",
    "a%2Fb",
    "a%252Fb",
    "a/",
    "/",
    "//",
    "a//b",
    ".",
    "..",
    "../../embed",
    "batch",
    "batch/",
    "delete",
    "projection",
    "projection/",
    "index",
    "-",
    "+",
    "a b",
    " ",
    "%",
    "%zz",
    "?x=1",
    "#f",
    "a&b=c;d",
    "\\",
    "\n\r\t\x7f",
    "é",
    "e\N{COMBINING ACUTE ACCENT}",
    "😀",
    "\N{RIGHT-TO-LEFT OVERRIDE}",
    "x" * 512,
    "é" * 256,
]
# Percent-encoded as a client may send it, and what it gets.
REFUSED = {
    "": 422,
    "%00": 422,
    "a%00b": 422,
    "x" * 513: 422,
    "%C3%A9" * 256 + "x": 422,
    "%ff": 400,
    "%ED%A0%80": 400,
    "a%2": 404,
    "nobody": 404,
    "A": 404,
}
# Where a router might look for a document, and there is none.
NOWHERE = [
    f"{NAME}/index%2Fa",
    f"{NAME}%2Findex/a",
    "/collections%2Fids/index/a",
    f"/{NAME}/index/a",
    "/collections//index/a",
    "/collections/../collections/ids/index/a",
    "/collections/ids/../ids/index/a",
    "/collections/a%2Fb/index/a",
]


class Asker:
    """Sends targets as they are, which httpx does not."""

    def __init__(self, server: RunningServer) -> None:
        self._http = http.client.HTTPConnection(server.host, server.port, timeout=30)

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], Any]:
        self._http.putrequest(method, target, skip_accept_encoding=True)
        content = b"" if body is None else json.dumps(body).encode()
        for name, value in (JSON | {"content-length": str(len(content))} | headers).items():
            self._http.putheader(name.replace("_", "-"), value)
        self._http.endheaders(content)
        answer = self._http.getresponse()
        told = answer.read()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, json.loads(told) if told else None

    def close(self) -> None:
        self._http.close()


@pytest.fixture(scope="module")
def asker(tiny_server: RunningServer) -> Iterator[Asker]:
    found = Asker(tiny_server)
    assert found.ask("PUT", NAME, {})[0] == 200
    yield found
    assert found.ask("DELETE", NAME)[0] == 200
    found.close()


def targets(id_: str) -> set[str]:
    """Return the ways to write an id in a path; what means something there must be encoded, other things need not."""
    return {f"{NAME}/index/{quote(id_, safe='')}", f"{NAME}/index/{quote(id_, safe='/;&=+')}"}


@pytest.mark.parametrize("id_", IDS)
def test_a_document_is_shown_changed_and_deleted_under_its_id(asker: Asker, id_: str) -> None:
    assert asker.ask("POST", f"{NAME}/index", {"id": id_, "text": "a text"})[::2] == (200, {"indexed": id_})
    for target in targets(id_):
        assert asker.ask("GET", target)[2] == {"id": id_, "text": "a text", "metadata": {}}
        assert asker.ask("HEAD", target)[0] == 200
        assert asker.ask("PATCH", target, {"metadata": {"n": 1}})[2]["metadata"] == {"n": 1}
        assert asker.ask("PATCH", target, {"metadata": {"n": None}})[2]["metadata"] == {}
    by_query = f"{NAME}/index?id={quote(id_, safe='')}"
    assert asker.ask("GET", by_query)[2]["id"] == id_
    assert asker.ask("DELETE", by_query)[2] == {"deleted": id_}
    assert asker.ask("DELETE", by_query)[0] == 404
    assert asker.ask("POST", f"{NAME}/index", {"id": id_, "text": "a text"})[0] == 200
    assert asker.ask("DELETE", min(targets(id_)))[2] == {"deleted": id_}
    assert asker.ask("GET", f"{NAME}/index")[2] == {"documents": [], "next": None}


@pytest.mark.parametrize("written", REFUSED)
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_what_is_no_id_or_nobodys_is_told(asker: Asker, method: str, written: str) -> None:
    status, headers, told = asker.ask(method, f"{NAME}/index/{written}", {"metadata": {}})
    assert (status, told["status"]) == (REFUSED[written], REFUSED[written])
    assert headers["content-type"] == "application/problem+json"


def test_an_action_is_one_only_as_it_is_written(asker: Asker) -> None:
    assert asker.ask("POST", f"{NAME}/index/batch", {"documents": []})[::2] == (200, {"indexed": 0})
    for written in ("%62atch", "batch/", "/batch", "%64elete"):
        assert asker.ask("POST", f"{NAME}/index/{written}", {"documents": []})[0] == 405


def test_what_has_no_route_is_called_by_its_own_path(asker: Asker) -> None:
    told = asker.ask("GET", "/collections/a%2Fb/index/mine")[2]
    assert told["detail"] == "there is no route /collections/a/b/index/mine"


@pytest.mark.parametrize("target", NOWHERE)
def test_an_id_is_looked_for_at_its_place_alone(asker: Asker, target: str) -> None:
    assert asker.ask("POST", f"{NAME}/index", {"id": "a", "text": "a text"})[0] == 200
    assert asker.ask("GET", target)[0] in {404, 422}
    assert asker.ask("DELETE", target)[0] in {404, 405, 422}
    assert asker.ask("DELETE", f"{NAME}/index/a")[0] == 200


def test_batch_and_delete_are_ids_where_nothing_is_posted(asker: Asker) -> None:
    for id_ in ("batch", "delete"):
        assert asker.ask("POST", f"{NAME}/index/{id_}", {})[0] == 400
        assert asker.ask("GET", f"{NAME}/index/{id_}")[0] == 404


@pytest.mark.parametrize("id_", ["a", "a/b", "batch/", "search"])
@pytest.mark.parametrize("method", ["POST", "PUT", "TRACE"])
def test_what_cannot_be_done_with_a_document_names_what_can(asker: Asker, method: str, id_: str) -> None:
    status, headers, _ = asker.ask(method, f"{NAME}/index/{id_}", {})
    assert status == 405
    assert {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"} <= set(headers["allow"].split(", "))
    assert "POST" not in headers["allow"]


@pytest.mark.parametrize("name", ["a", "-", "_", "0", "index", "batch", "search", "x" * 64])
def test_collections_may_be_named_as_parts_of_paths_are(asker: Asker, name: str) -> None:
    path = f"/collections/{name}"
    assert asker.ask("PUT", path, {})[0] == 200
    assert asker.ask("POST", f"{path}/index", {"id": "batch", "text": "a text"})[0] == 200
    assert asker.ask("GET", f"{path}/index/batch")[2]["id"] == "batch"
    assert asker.ask("POST", f"{path}/search", {"query": "a text"})[2][0]["id"] == "batch"
    assert asker.ask("DELETE", path)[2] == {"deleted": name}
    assert asker.ask("GET", f"{path}/index/batch")[0] == 404


@pytest.mark.parametrize("name", ["A", "%C3%A9", "..", "a.b", "%00", "%ff", "x" * 65, "a%20b"])
def test_other_names_of_collections_are_refused_everywhere(asker: Asker, name: str) -> None:
    path = f"/collections/{name}"
    assert asker.ask("PUT", path, {})[0] == 422
    assert asker.ask("GET", path)[0] == 422
    assert asker.ask("GET", f"{path}/index/a")[0] == 422
    assert asker.ask("POST", f"{path}/search", {"query": "a"})[0] == 422
    assert asker.ask("POST", f"{path}/reindex")[0] == 422
