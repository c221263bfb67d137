"""While the index of words is built, searches by words wait on the event loop, and others have the threads."""

import asyncio
import threading
from pathlib import Path

from server.documents.library import Library
from server.documents.retrieval import wait_for_words
from tests.index.fakes import PointedDisk
from tests.index.harness import document, open_index

COUNT = 5_100  # more than a search scores beside the index


def test_searches_by_words_that_wait_take_no_thread(tmp_path: Path) -> None:
    go = threading.Event()

    def stop_words(point: str) -> None:
        if point == "before_words":
            go.wait(60)

    index = open_index(tmp_path, PointedDisk(stop_words))
    library, collection = Library(index, 1), index.collection()
    collection.put_many([document(str(n), n % 100, f"word{n}") for n in range(COUNT - 100)]).result()
    collection.put_many([document(str(n), n % 100, f"word{n}") for n in range(COUNT - 100, COUNT)]).result()

    async def read_beside() -> int:
        waiting = [asyncio.create_task(wait_for_words(collection)) for _ in range(4)]
        count = await asyncio.wait_for(library.find("", collection.count), 60)
        assert not any(one.done() for one in waiting)
        assert not collection.words_ready
        go.set()
        await asyncio.wait_for(asyncio.gather(*waiting), 60)
        return count

    try:
        assert asyncio.run(read_beside()) == COUNT
        assert collection.words_ready
    finally:
        go.set()
        library.close()
