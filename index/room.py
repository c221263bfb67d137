"""Whether documents have room in memory, asked before their texts are embedded. The writer decides it again."""

from collections.abc import Mapping

from index.errors import MemoryFullError
from index.store import rows
from index.store.store import Store
from index.view.memory import Memory


class Room:
    """Of one collection. From any thread."""

    def __init__(self, store: Store, memory: Memory) -> None:
        self._store = store
        self._memory = memory

    def has(self, passages: int) -> bool:
        """Say whether so many passages have room, whatever they may replace. Never waits."""
        try:
            self._memory.check_room(passages)
        except MemoryFullError:
            return False
        return True

    def check(self, passages: Mapping[str, int]) -> None:
        """Raise MemoryFullError where documents of so many passages, by id, need more than those that they replace."""
        with self._store.readers.reading() as connection:
            keys = rows.keys_of(connection, list(passages)) if passages else []
        self._memory.check_room(sum(passages.values()) - self._memory.count_of(keys))
