"""Texts that are being computed for somebody, so that whoever asks for the same text meanwhile can wait for it.

Keys are the cache's. Used from the event loop alone. Whoever waits gets the embedding, or the error if this very text
has failed, or None where the first caller left, was late or was refused; then the text is computed anew.
"""

import asyncio
from collections.abc import Iterable, Mapping

from server.contract.errors import ServerError
from server.engine.cache import CachedEmbedding, Key

Landing = asyncio.Future[CachedEmbedding | ServerError | None]


class InFlight:
    """What is under way by key, with a future for those that somebody else waits for."""

    def __init__(self) -> None:
        self.joined = 0
        self._landings: dict[Key, Landing | None] = {}

    def __len__(self) -> int:
        return len(self._landings)

    def __contains__(self, key: Key) -> bool:
        return key in self._landings

    def begin(self, keys: Iterable[Key]) -> None:
        """Say that these are being computed from now on."""
        self._landings.update(dict.fromkeys(keys))

    def join(self, key: Key) -> Landing:
        """Return what to wait for; do not await it alone, since cancelling that would cancel it for all."""
        self.joined += 1
        landing = self._landings[key]
        if landing is None:
            landing = self._landings[key] = asyncio.get_running_loop().create_future()
        return landing

    def land(self, landed: Mapping[Key, CachedEmbedding | ServerError | None]) -> None:
        """Say that these are done with, and hand over what there is."""
        for key, entry in landed.items():
            landing = self._landings.pop(key, None)
            if landing is not None and not landing.done():
                landing.set_result(entry)
