"""A server whose documents may take no more memory answers 507 to writers before it embeds, and goes on otherwise."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.running import RunningServer, start_server
from tests.server.documents.daemons.asking import Answer, Asker
from tests.tiny import HIDDEN, TINY

pytestmark = pytest.mark.e2e

BYTES = 100_000
FULL = 507


def made(number: int) -> dict[str, Any]:
    return {"id": f"id/{number}", "text": f"a text of {number} and no other", "metadata": {"n": number}}


def given(number: int) -> dict[str, Any]:
    """One with a vector that is not like any other, so that it has a node of its own in the graph."""
    return made(number) | {"vector": np.random.default_rng(number).normal(size=HIDDEN).tolist()}


def check_problem(answer: Answer) -> None:
    """It is RFC 9457's, and says what is wanted, what is allowed and what to do."""
    assert answer.status == FULL, answer
    assert answer.media == "application/problem+json"
    assert f"fewer are left of the {BYTES:,} that --index-bytes allows" in answer.body["detail"]
    assert "Delete documents" in answer.body["detail"]


def embedded(server: RunningServer) -> int:
    """How many tokens the server has computed."""
    with server.client() as client:
        found = re.search(r"^vecd_computed_tokens_total ([\d.]+)", client.get("/metrics").text, re.MULTILINE)
    assert found
    return int(float(found[1]))


def test_writers_are_told_507_and_nothing_is_embedded_for_them(tiny_models: Path, tmp_path: Path) -> None:
    arguments = ("--models", str(tiny_models), "--model", TINY, "--data", str(tmp_path / "data"))
    bounded = (*arguments, "--index-bytes", str(BYTES))
    with start_server(*bounded) as server, Asker(server.host, server.port) as asker:
        assert any(line.startswith("room") and "are taken" in line for line in server.lines)
        many = [given(number) for number in range(2_000)]
        answer = asker.lines(many)
        check_problem(answer)
        count = asker.ask("GET", "/stats").body["index"]["documents"]
        assert 0 < count < 2_000
        assert f"{count} documents are on the disk" in answer.body["detail"]
        while (answer := asker.ask("POST", "/index", given(count))).status == 200:
            count += 1
        check_problem(answer)
        refuse_everything(server, asker, count)
        go_on(asker, count)
    with start_server(*arguments, "--index-bytes", "1000") as server, Asker(server.host, server.port) as asker:
        assert any(line.startswith("room") and "no more documents are taken (507)" in line for line in server.lines)
        assert asker.ask("GET", "/stats").body["index"]["documents"] == count
        assert asker.ask("POST", "/search", {"query": "a text", "threshold": -1}).status == 200
        assert asker.ask("POST", "/index", made(count + 1)).status == FULL


def refuse_everything(server: RunningServer, asker: Asker, count: int) -> None:
    more = [made(number) for number in range(count, count + 100)]
    before = embedded(server)
    check_problem(asker.ask("POST", "/index", more[0]))
    check_problem(asker.ask("POST", "/index/batch", {"documents": more}))
    answer = asker.lines(more)
    check_problem(answer)
    assert "0 documents are on the disk" in answer.body["detail"]
    assert embedded(server) == before
    assert asker.ask("GET", "/stats").body["index"]["documents"] == count
    assert asker.ask("GET", f"/index?id=id/{count}").status == 404


def go_on(asker: Asker, count: int) -> None:
    """What needs no more memory passes, and a deletion makes room."""
    assert asker.ask("POST", "/index", made(0) | {"text": "another text"}).status == 200
    assert asker.ask("PATCH", "/index/id%2F1", {"metadata": {"long": "x" * 10_000}}).status == 200
    hits = asker.ask("POST", "/search", {"query": "a text", "filter": {"n": 2}, "threshold": -1}).body
    assert [hit["id"] for hit in hits] == ["id/2"]
    assert asker.ask("POST", "/index/delete", {"ids": ["id/3"]}).body == {"deleted": 1}
    assert asker.ask("POST", "/index", given(count)).status == 200
    assert asker.ask("POST", "/index", given(3)).status == FULL
