"""Settings that change while a text is cut again: what was found to stay by the older ones is cut anew."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from index import Collection, Entry, Include, Index, Passages, check_content
from index.documents.settings import PassageSettings, SettingsChange
from server.contract.embedding import Timing
from server.documents.computing import Cuttings, Ranges
from server.documents.library import Library
from server.documents.reindexing import Reindexing
from server.documents.settings import SettingsRules
from tests.server.documents.cutters import ROOM, ByWords

NDIM = 4
TEXT = " ".join(["word"] * 300)
FIRST, SECOND = PassageSettings(200, 0), PassageSettings(100, 0)


class ChangingSettings(ByWords):
    """Changes the settings of a collection while it cuts the first text."""

    def __init__(self, collection: Collection) -> None:
        super().__init__()
        self._collection = collection

    async def of(self, texts: Sequence[str], max_tokens: int, overlap_tokens: int, client: str) -> list[Ranges]:
        found = await super().of(texts, max_tokens, overlap_tokens, client)
        await asyncio.wrap_future(self._collection.configure(SettingsChange(passages=SECOND)))
        return found


class FakeEngine:
    async def measure(self, texts: Sequence[str], _: object) -> list[Any]:
        return [SimpleNamespace(ids=text.split(), truncated=len(text.split()) > ROOM) for text in texts]

    async def embed(self, texts: Sequence[str], _: object) -> Any:
        rows = np.tile(np.eye(NDIM, dtype=np.float32)[0], (len(texts), 1))
        counts = [len(text.split()) for text in texts]
        return SimpleNamespace(rows=rows, tokens=counts, truncated=[False] * len(texts), timing=Timing())


class FakeEmbedder:
    max_texts = 8
    engine = FakeEngine()

    def prompted(self, texts: Sequence[str], _: None) -> Sequence[str]:
        return texts


def test_a_text_that_older_settings_would_leave_is_cut_by_the_newer(tmp_path: Path) -> None:
    async def check() -> None:
        library = Library(Index(tmp_path / "data", "model", NDIM), 2)
        collection = library.collection("default")
        settings = collection.configure(SettingsChange(passages=FIRST)).result()
        (spans,) = await ByWords().of([TEXT], FIRST.max_tokens, 0, "")
        rows = np.eye(NDIM, dtype=np.float32)[: len(spans)]
        cut_before = Passages(rows, tuple(spans), settings.cutting - 1)
        collection.put(Entry(check_content("a", TEXT, {}), cut_before)).result()
        assert collection.stats().passages_stale
        cuttings = Cuttings(ChangingSettings(collection), SettingsRules(ROOM, 0.5))
        reindexing = Reindexing(library, cast("Any", FakeEmbedder()), cuttings, None)
        reindexing.start("default")
        while (found := reindexing.task_of("default")) is not None and found.running:
            await asyncio.sleep(0.01)
        assert found is None
        document = collection.get("a", Include(passages=True))
        assert document is not None
        assert len(document.passages or ()) == len(TEXT.split()) / SECOND.max_tokens
        assert not collection.stats().passages_stale
        await reindexing.stop()
        library.close()

    asyncio.run(check())
