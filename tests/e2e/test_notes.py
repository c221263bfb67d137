"""A person's notes, asked for in other words: how many questions find their note first, with the defaults.

By the notes' beginnings alone fp32 finds 18 of 20 notes of the first set, 19 of the second, and no late fact. What is
asserted is what is found, so that a change which loses answers is seen.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.notes_data import FOLDER, SECOND_FOLDER, Question, notes, questions
from tests.running import start_server
from tests.server.polling import until

# Right first, of 20 notes and of 10 late facts, by vector and by both.
PENDING = 'vecd_index_pending_words{collection="default"}'
FOUND = {FOLDER: {"vector": (14, 8), "hybrid": (7, 7)}, SECOND_FOLDER: {"vector": (17, 10), "hybrid": (17, 8)}}


@pytest.fixture(scope="module", params=list(FOUND), ids=["first", "second"])
def asked(request: pytest.FixtureRequest) -> Iterator[tuple[Path, httpx.Client]]:
    with start_server("--data", ":memory:") as server, server.client() as client:
        for name, text in notes(request.param).items():
            assert client.post("/index", json={"id": name, "text": text}).status_code == 200
        until(lambda: f"{PENDING} 0.0" in client.get("/metrics").text)  # or BM25 is that of the notes before
        yield request.param, client


@pytest.mark.parametrize("mode", ["vector", "hybrid"])
def test_questions_find_their_notes(asked: tuple[Path, httpx.Client], mode: str) -> None:
    folder, client = asked
    every = questions(folder)
    right = tuple(len(right_first(client, mode, some)) for some in (every.notes, every.late_facts))
    print(f"\n{folder.name}, {mode}: {right[0]} of 20 notes and {right[1]} of 10 late facts are found first")  # noqa: T201
    assert all(one >= least for one, least in zip(right, FOUND[folder][mode], strict=True)), right


def test_the_passage_that_is_found_holds_the_late_fact(asked: tuple[Path, httpx.Client]) -> None:
    folder, client = asked
    texts = notes(folder)
    for one in right_first(client, "vector", questions(folder).late_facts):
        (hit,) = search(client, "vector", one)
        passage = texts[one.note][hit["passage"]["start"] : hit["passage"]["end"]]
        assert one.fact in passage, one


def right_first(client: httpx.Client, mode: str, every: Sequence[Question]) -> list[Question]:
    return [one for one in every if [hit["id"] for hit in search(client, mode, one)] == [one.note]]


def search(client: httpx.Client, mode: str, one: Question) -> list[dict[str, Any]]:
    body = {"query": one.question, "mode": mode, "top_k": 1, "threshold": -1}
    found: list[dict[str, Any]] = client.post("/search", json=body).raise_for_status().json()
    return found
