"""A server whose disk is full answers 507 to writers, goes on for everybody else, and writes when there is room."""

from pathlib import Path
from typing import Any

import pytest

from tests.disks import SmallDisk, small_disk
from tests.running import start_server
from tests.server.documents.daemons.asking import Answer, Asker
from tests.tiny import TINY

pytestmark = pytest.mark.e2e

TEXT = "room " * 2_000
MANY = 2_000
FULL = 507


def made(number: int) -> dict[str, Any]:
    return {"id": f"id/{number}", "text": f"word{number} {TEXT}", "metadata": {"n": number}}


def write_until_full(asker: Asker) -> int:
    for number in range(MANY):
        answer = asker.ask("POST", "/index", made(number))
        if answer.status != 200:
            check_problem(answer)
            return number
    raise AssertionError("the disk never was full")


def check_problem(answer: Answer) -> None:
    """It is RFC 9457's, and says what to do."""
    assert answer.status == FULL, answer
    assert answer.media == "application/problem+json"
    assert answer.body["status"] == FULL
    assert "Make room" in answer.body["detail"]


def check(asker: Asker, count: int) -> None:
    for number in range(count):
        assert asker.ask("GET", f"/index?id=id/{number}").body == made(number)
    assert asker.ask("GET", f"/index?id=id/{count}").status == 404
    assert asker.ask("GET", "/stats").body["index"]["documents"] == count
    last = count - 1
    for search in (
        {"query": f"word{last}", "mode": "text"},
        {"query": "room", "filter": {"n": last}, "threshold": -1},
    ):
        assert [hit["id"] for hit in asker.ask("POST", "/search", search).body] == [f"id/{last}"]


def test_writers_are_told_507_and_nobody_else_notices(tiny_models: Path, tmp_path: Path) -> None:
    arguments = ("--models", str(tiny_models), "--model", TINY, "--data", str(tmp_path / "disk"))
    with small_disk(tmp_path / "disk", 16) as disk:
        with start_server(*arguments) as server, Asker(server.host, server.port) as asker:
            disk.fill(spare_bytes=3_000_000)
            count = write_until_full(asker)
            assert count > 10
            disk.fill()
            refuse_everything(asker, count)
            check(asker, count)
            assert asker.ask("GET", "/health/ready").status == 200
            assert len(asker.ask("POST", "/embed", {"texts": ["a"]}).body["embeddings"]) == 1
            go_on(disk, asker, count)
            assert server.terminate() == 0
        with start_server(*arguments) as server, Asker(server.host, server.port) as asker:
            check(asker, count + 10)


def refuse_everything(asker: Asker, count: int) -> None:
    """Each way of writing is told; a stream says how far it came."""
    more = [made(number) for number in range(count, count + 100)]
    check_problem(asker.ask("POST", "/index", more[0]))
    check_problem(asker.ask("POST", "/index/batch", {"documents": more}))
    answer = asker.lines(more)
    check_problem(answer)
    assert "0 documents are on the disk" in answer.body["detail"]
    long = {"metadata": {"long": "x" * 60_000}}
    check_problem(asker.ask("PATCH", "/index/id%2F0", long))
    check_problem(asker.ask("POST", "/index/delete", {"filter": {"n": {"$gte": 0}}}))


def go_on(disk: SmallDisk, asker: Asker, count: int) -> None:
    disk.make_room()
    for number in range(count, count + 10):
        answer = asker.ask("POST", "/index", made(number))
        assert answer.status == 200, answer
    check(asker, count + 10)
