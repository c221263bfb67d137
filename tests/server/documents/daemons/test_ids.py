"""Any text of 512 bytes is an id in every route, however its path looks to a router."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import start_server
from tests.server.documents.daemons.asking import Asker, encoded, encoded_whole
from tests.tiny import TINY

pytestmark = pytest.mark.e2e

IDS = [
    "a/b", "a/", "/", "//", "/a", "..", ".", "../x", "a/../b", "batch", "delete", "a%2Fb", "%", "%zz", " ", "+", "a+b",
    "?", "a?b=c", "#", "a#b", "&", ";", "=", ":", "@", "😀", "é" * 256, "x" * 512, "\n", "\x7f", "\\", '"', "'",
    "index", "search", "{id}", "-", "*", "~", "null", "true", "0",
]  # fmt: skip
RAW = {"a/b": "a/b", "a/": "a/", "/": "/", "//": "//", "..": "..", ".": ".", "a+b": "a+b", "a/../b": "a/../b"}


@pytest.fixture(scope="module")
def asker(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    data = tmp_path_factory.mktemp("data")
    arguments = ("--models", str(tiny_models), "--model", TINY, "--data", str(data))
    with start_server(*arguments) as server, Asker(server.host, server.port) as found:
        yield found


def text_of(id_: str) -> str:
    return f"text of {id_}"


def document(id_: str, way: str) -> dict[str, object]:
    return {"id": id_, "text": text_of(id_), "metadata": {"way": way}}


@pytest.mark.parametrize("way", ["one", "batch", "lines"])
def test_every_id_is_kept_shown_changed_and_deleted(asker: Asker, way: str) -> None:
    if way == "one":
        for id_ in IDS:
            answer = asker.ask("POST", "/index", document(id_, way))
            assert (answer.status, answer.body) == (200, {"indexed": id_})
    else:
        documents = [document(id_, way) for id_ in IDS]
        answer = (
            asker.lines(documents) if way == "lines" else asker.ask("POST", "/index/batch", {"documents": documents})
        )
        assert (answer.status, answer.body["indexed"]) == (200, len(IDS)), answer
    for id_ in IDS:
        paths = {f"/index/{encoded(id_)}", f"/index/{encoded_whole(id_)}", f"/index?id={encoded(id_)}"}
        paths |= {f"/collections/default/index/{encoded(id_)}"} | ({f"/index/{RAW[id_]}"} if id_ in RAW else set())
        for path in paths:
            answer = asker.ask("GET", path)
            assert (answer.status, answer.body) == (200, document(id_, way)), path
        answer = asker.ask("PATCH", f"/index/{encoded(id_)}", {"metadata": {"patched": id_}})
        assert answer.status == 200, (id_, answer)
        assert answer.body["metadata"] == {"way": way, "patched": id_}
        hits = asker.ask("POST", "/search", {"like": id_, "top_k": 3, "threshold": -1})
        assert hits.status == 200, (id_, hits)
        assert len(hits.body) == 3
        assert id_ not in [hit["id"] for hit in hits.body]
        hits = asker.ask("POST", "/search", {"query": text_of(id_), "filter": {"patched": id_}, "threshold": -1})
        assert [hit["id"] for hit in hits.body] == [id_]
    check_listing(asker)
    for number, id_ in enumerate(IDS):
        path = f"/index?id={encoded(id_)}" if number % 2 else f"/index/{encoded(id_)}"
        assert asker.ask("DELETE", path).body == {"deleted": id_}
        assert asker.ask("DELETE", path).status == 404
        assert asker.ask("GET", f"/index/{encoded(id_)}").status == 404
    assert asker.ask("GET", "/index").body == {"documents": [], "next": None}


def check_listing(asker: Asker) -> None:
    """Every document once, in the order of the ids' bytes, page by page, each after the last id of the one before."""
    found, after = [], ""
    while True:
        page = asker.ask("GET", f"/index?limit=4&after={encoded(after)}" if after else "/index?limit=4").body
        found += [one["id"] for one in page["documents"]]
        if page["next"] is None:
            break
        after = page["next"]
        assert after == found[-1]
    assert found == sorted(IDS, key=str.encode)


def test_ids_are_deleted_together(asker: Asker) -> None:
    assert asker.lines([document(id_, "together") for id_ in IDS]).body["indexed"] == len(IDS)
    assert asker.ask("POST", "/index/delete", {"ids": [*IDS, "nobody"]}).body == {"deleted": len(IDS)}
    assert asker.ask("GET", "/index").body["documents"] == []


@pytest.mark.parametrize("id_", ["", "x" * 513, "é" * 257, "a\0b"])
def test_what_is_no_id_is_refused_everywhere(asker: Asker, id_: str) -> None:
    sent = document(id_, "")
    assert asker.ask("POST", "/index", sent).status in {400, 422}
    assert asker.ask("POST", "/index/batch", {"documents": [document("good", ""), sent]}).status in {400, 422}
    assert asker.ask("GET", "/index/good").status == 404
    answer = asker.lines([sent])
    assert (answer.status, answer.body["indexed"]) == (200, 0)
    assert answer.body["errors"][0]["status"] in {400, 422}
    for method in ("GET", "DELETE"):
        assert asker.ask(method, f"/index?id={encoded(id_)}").status in {400, 422}, method
        if id_:
            assert asker.ask(method, f"/index/{encoded(id_)}").status in {400, 422}, method


def test_bytes_that_are_no_text_are_no_id(asker: Asker) -> None:
    assert asker.ask("GET", "/index/%FF").status == 400
    assert asker.ask("GET", "/index?id=%FF").status == 400
