"""A stream of documents: what is committed when, what is told of wrong lines, and how far it came where it stops."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import nullcontext
from typing import Any, cast

import numpy as np
import pytest

from index import Content
from index.documents.passages import whole
from server.contract.documents import Document
from server.contract.embedding import Demand, Timing
from server.contract.errors import (
    DeadlineError,
    FingerprintError,
    InferenceError,
    OverloadedError,
    ServerError,
    StorageFullError,
    UnacceptableInputError,
    UnavailableError,
    UnknownCollectionError,
)
from server.dialects.native import lines as lines_module
from server.dialects.native.bodies.documents import BatchIndexed
from server.dialects.native.lines import MAX_ERRORS, Keep, LineStream
from server.documents import stream
from server.documents.computing import Computed
from server.documents.ingest import Ingest, Prepared
from server.documents.stream import Stream
from server.web.decoding import LARGE_BYTES, decode_json
from server.web.errors import StreamStoppedError, TooLargeError
from server.web.ndjson import LineGroup, RawLine

DEMAND = Demand(client="somebody")


class FakeIngest:
    """Embeds at once, later where a text says so, or not at all; remembers what is committed, in order."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.commits: list[list[str]] = []
        self.prepared: list[list[str]] = []
        self.at_once = self.most_at_once = 0
        self.errors: list[Exception] = []  # of the next calls
        self.commit_errors: dict[str, Exception] = {}
        self.writable_error: Exception | None = None
        self.held_s = 0.0

    def check_writable(self, name: str) -> None:
        if self.writable_error is not None:
            raise self.writable_error

    async def prepare(self, name: str, documents: Sequence[Document], demand: Demand) -> Prepared:
        self.prepared.append([one.id for one in documents])
        if self.errors:
            raise self.errors.pop(0)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0.02 if any("slow" in one.text for one in documents) else 0)
            if any("hangs" in one.text for one in documents):
                await asyncio.Event().wait()
        finally:
            self.at_once -= 1
        for word, error in (("long", UnacceptableInputError("too long")), ("nan", InferenceError("secret"))):
            if any(word in one.text for one in documents):
                raise error
        found = [Computed(whole(np.zeros(2, np.float32)), 1, truncated=False) for _ in documents]
        contents = [Content(one.id, one.text, b"{}", frozenset()) for one in documents]
        return Prepared(cast("Any", None), contents, found, Timing())

    async def commit(self, prepared: Prepared) -> float:
        ids = [one.id for one in prepared.contents]
        for one in ids:
            if one in self.commit_errors:
                raise self.commit_errors[one]
        self.commits.append(ids)
        self.kept |= {one.id: one.text for one in prepared.contents}
        return self.held_s


def line(id_: str, text: str) -> bytes:
    return json.dumps({"id": id_, "text": text}).encode()


def grouped(lines: Sequence[bytes], size: int) -> list[LineGroup]:
    numbered = [RawLine(number, content) for number, content in enumerate(lines, 1)]
    parts = [numbered[start : start + size] for start in range(0, len(lines), size)]
    return [LineGroup(part, sum(len(one.content) for one in part)) for part in parts]


async def given(
    groups: Sequence[LineGroup], then: Callable[[], Awaitable[None]] | None = None
) -> AsyncIterator[LineGroup]:
    for group in groups:
        yield group
    if then is not None:
        await then()


def kept_by(ingest: FakeIngest, demand: Demand = DEMAND) -> Keep:
    return Stream(nullcontext, cast("Ingest", ingest), "name", demand).keep


def keep(ingest: FakeIngest, groups: Sequence[LineGroup], demand: Demand = DEMAND) -> BatchIndexed:
    held: list[int] = [sum(group.held_bytes for group in groups)]

    async def check() -> BatchIndexed:
        told = await LineStream(held.append).keep(given(groups), kept_by(ingest, demand))
        assert len(asyncio.all_tasks()) == 1
        return told

    told = asyncio.run(check())
    assert sum(held) == 8 * sum(map(len, ingest.commits))  # what is kept of their ids
    return told


def stopped(ingest: FakeIngest, groups: Sequence[LineGroup], demand: Demand = DEMAND) -> StreamStoppedError:
    async def check() -> StreamStoppedError:
        with pytest.raises(StreamStoppedError) as error:
            await LineStream(lambda _: None).keep(given(groups), kept_by(ingest, demand))
        assert len(asyncio.all_tasks()) == 1
        return error.value

    return asyncio.run(check())


def errors_of(told: BatchIndexed) -> list[tuple[int, int]]:
    assert isinstance(told.errors, list)
    return [(one.line, one.status) for one in told.errors]


def test_groups_are_prepared_side_by_side_and_committed_in_their_order() -> None:
    ingest = FakeIngest()
    lines = [line("same", f"{'slow ' if number % 4 == 0 else ''}{number}") for number in range(40)]
    told = keep(ingest, grouped(lines, 2))
    assert told.indexed == 1
    assert ingest.kept == {"same": "39"}
    assert 1 < ingest.most_at_once <= stream.MAX_GROUPS


def test_wrong_lines_are_told_by_number_and_hold_up_nobody() -> None:
    ingest = FakeIngest()
    wrong = b'{"id": [5], "text": ""}'
    lines = [line("1", "good"), b"{", line("3", "long"), line("4", "good"), wrong, line("6", "nan")]
    told = keep(ingest, grouped([*lines, *(line(str(number), "good") for number in range(7, 20))], 8))
    assert (told.indexed, told.failed) == (15, 4)
    assert errors_of(told) == [(2, 400), (3, 422), (5, 400), (6, 500)]
    assert "secret" not in str(told.errors)
    assert list(ingest.kept) == ["1", "4", *(str(number) for number in range(7, 20))]


def test_a_line_that_was_passed_over_is_told() -> None:
    lines = [RawLine(1, line("1", "good")), RawLine(2, b"", TooLargeError("too long")), RawLine(3, line("3", "good"))]
    told = keep(FakeIngest(), [LineGroup(lines, sum(len(one.content) for one in lines))])
    assert (told.indexed, errors_of(told)) == (2, [(2, 413)])


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        (b'{"id": "2", "text": "", "metadata": {"a": "%s"}}' % (b"y" * 1_200_000), 422),
        (b'{"id": "2", "text": "", "vector": [%s1]}' % (b"0.25, " * 200_000), 422),
        (b'{"id": "2", "text": "%s' % (b"x" * 300_000), 400),
    ],
)
def test_a_line_with_what_is_far_too_large_holds_up_nobody(wrong: bytes, status: int) -> None:
    told = keep(FakeIngest(), grouped([line("1", "good"), wrong, line("3", "good")], 3))
    assert (told.indexed, errors_of(told)) == (2, [(2, status)])


def test_large_lines_are_decoded_on_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = list[threading.Thread]()

    def decode(content: bytes, kind: Any) -> Any:
        threads.append(threading.current_thread())
        return decode_json(content, kind)

    monkeypatch.setattr(lines_module, "decode_json", decode)
    for size, aside in ((10, False), (LARGE_BYTES, True)):
        assert keep(FakeIngest(), grouped([line("1", "x" * size)], 1)).indexed == 1
        assert (threads.pop() is not threading.main_thread()) is aside


def test_the_first_thousand_wrong_lines_are_told_in_their_order() -> None:
    told = keep(FakeIngest(), grouped([b"x"] * (MAX_ERRORS + 700), 64))
    assert (told.indexed, told.failed) == (0, MAX_ERRORS + 700)
    assert [number for number, _ in errors_of(told)] == list(range(1, MAX_ERRORS + 1))


def test_what_a_line_quotes_is_told_shortened() -> None:
    told = keep(FakeIngest(), grouped([b'{"' + b"k" * 100_000 + b'": 1}'] * 10, 4))
    assert isinstance(told.errors, list)
    assert all(len(one.detail) < 1000 for one in told.errors)


def test_it_waits_for_room() -> None:
    ingest = FakeIngest()
    ingest.errors = [OverloadedError("full")]
    assert keep(ingest, grouped([line("a", "text")], 1)).indexed == 1
    assert ingest.prepared == [["a"], ["a"]]


def test_a_deadline_that_is_not_the_clients_own_is_waited_for() -> None:
    ingest = FakeIngest()
    ingest.errors = [DeadlineError("late")]
    assert keep(ingest, grouped([line("a", "text")], 1)).indexed == 1
    ingest.errors = [DeadlineError("late")]
    own = Demand(client="somebody", timeout_s=1)
    assert isinstance(stopped(ingest, grouped([line("a", "text")], 1), own).cause, DeadlineError)


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PATIENCE_S", 0.5)
    ingest = FakeIngest()
    ingest.errors = [OverloadedError("full")]
    assert isinstance(stopped(ingest, grouped([line("a", "text")], 1)).cause, OverloadedError)


@pytest.mark.parametrize("cause", [StorageFullError("the disk is full"), UnavailableError("a worker died")])
def test_it_says_how_far_it_came_where_it_stops(cause: ServerError) -> None:
    ingest = FakeIngest()
    ingest.commit_errors = {"7": cause}
    error = stopped(ingest, grouped([b"wrong", *(line(str(number), "text") for number in range(2, 30))], 3))
    assert error.cause is cause
    assert str(error).startswith("all lines up to 6 are done and 5 documents are on the disk; stopped: ")
    assert list(ingest.kept) == ["2", "3", "4", "5", "6"]


def test_an_error_of_a_later_group_does_not_take_earlier_ones_along() -> None:
    ingest = FakeIngest()

    async def prepare_or_fail(name: str, documents: Sequence[Document], demand: Demand) -> Prepared:
        if documents[0].id == "5":
            message = "gone"
            raise FingerprintError(message)
        return await FakeIngest.prepare(ingest, name, documents, demand)

    ingest.prepare = prepare_or_fail  # type: ignore[method-assign]
    error = stopped(ingest, grouped([line(str(number), "slow") for number in range(1, 9)], 2))
    assert str(error).startswith("all lines up to 4 are done and 4 documents")


@pytest.mark.parametrize("error", [UnknownCollectionError("none"), FingerprintError("another model's")])
@pytest.mark.parametrize("lines", [[], [line("a", "text")]])
def test_a_collection_that_takes_nothing_is_told_at_once(error: ServerError, lines: list[bytes]) -> None:
    ingest = FakeIngest()
    ingest.writable_error = error
    with pytest.raises(type(error)):
        keep(ingest, grouped(lines, 1))
    assert ingest.prepared == []


def test_what_came_is_committed_while_the_client_says_nothing() -> None:
    ingest = FakeIngest()

    async def check() -> None:
        async def all_there() -> None:
            while sum(map(len, ingest.commits)) < 10:
                await asyncio.sleep(0.001)

        groups = grouped([line(str(number), "slow") for number in range(10)], 2)
        indexed = await LineStream(lambda _: None).keep(given(groups, all_there), kept_by(ingest))
        assert (indexed.indexed, indexed.failed) == (10, 0)

    asyncio.run(check())


def test_a_stream_says_for_how_long_all_its_groups_were_held_up() -> None:
    ingest = FakeIngest()
    ingest.held_s = 0.25
    stream = LineStream(lambda _: None)
    groups = grouped([line(str(number), "slow") for number in range(8)], 2)
    asyncio.run(stream.keep(given(groups), kept_by(ingest)))
    assert stream.held_s == 1.0


def test_what_came_before_the_end_is_kept_whatever_the_end_is() -> None:
    ingest = FakeIngest()

    async def leave() -> None:
        message = "the server is stopping"
        raise UnavailableError(message)

    async def check() -> None:
        groups = grouped([line(str(number), "slow") for number in range(10)], 2)
        with pytest.raises(StreamStoppedError, match=r"up to 10 are done and 10 documents .* the server is stopping"):
            await LineStream(lambda _: None).keep(given(groups, leave), kept_by(ingest))

    asyncio.run(check())


def test_who_leaves_takes_everything_along() -> None:
    ingest = FakeIngest()

    async def check() -> None:
        groups = given(grouped([line(str(number), "hangs") for number in range(3)], 1))
        kept = LineStream(lambda _: None).keep(groups, kept_by(ingest))
        task = asyncio.create_task(kept)
        while ingest.at_once < 3:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ingest.at_once == 0
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(check())
    assert ingest.commits == []
