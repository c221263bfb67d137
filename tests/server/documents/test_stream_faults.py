"""A stream into a model that computes nothing any more: it stops, instead of trying each line by itself."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import nullcontext
from typing import Any, cast

import numpy as np
import pytest

from index import Content
from index.documents.passages import whole
from server.contract.documents import Document
from server.contract.embedding import Demand, Timing
from server.contract.errors import InferenceError
from server.dialects.native.bodies.documents import BatchIndexed
from server.dialects.native.lines import LineStream
from server.documents.computing import Computed
from server.documents.ingest import Ingest, Prepared
from server.documents.stream import MAX_FAULTS, Stream
from server.web.errors import StreamStoppedError
from server.web.ndjson import LineGroup, RawLine


class Failing:
    """Computes no text in which the word "nan" is."""

    def __init__(self) -> None:
        self.calls = 0

    def check_writable(self, name: str) -> None:
        pass

    async def prepare(self, name: str, documents: Sequence[Document], demand: Demand) -> Prepared:
        self.calls += 1
        if any("nan" in one.text for one in documents):
            raise InferenceError("secret")
        found = [Computed(whole(np.zeros(2, np.float32)), 1, truncated=False) for _ in documents]
        contents = [Content(one.id, one.text, b"{}", frozenset()) for one in documents]
        return Prepared(cast("Any", None), contents, found, Timing())

    async def commit(self, prepared: Prepared) -> float:
        return 0.0


def keep(ingest: Failing, texts: Sequence[str]) -> BatchIndexed:
    lines = [
        RawLine(number, json.dumps({"id": str(number), "text": text}).encode()) for number, text in enumerate(texts, 1)
    ]

    async def groups() -> AsyncIterator[LineGroup]:
        for start in range(0, len(lines), 64):
            yield LineGroup(lines[start : start + 64], 0)

    stream = Stream(nullcontext, cast("Ingest", ingest), "name", Demand(client="somebody"))
    return asyncio.run(LineStream(lambda _: None).keep(groups(), stream.keep))


def test_a_model_that_fails_stops_the_stream() -> None:
    ingest = Failing()
    with pytest.raises(StreamStoppedError, match="all lines up to 0 are done") as error:
        keep(ingest, ["nan"] * 10_000)
    assert isinstance(error.value.cause, InferenceError)
    assert "secret" not in str(error.value)
    assert ingest.calls < 20 * MAX_FAULTS


def test_texts_that_fail_here_and_there_do_not() -> None:
    told = keep(Failing(), ["nan" if number % 3 == 0 else "text" for number in range(1_000)])
    assert (told.indexed, told.failed) == (666, 334)
