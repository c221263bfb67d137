"""A bound on the memory of bodies in progress, decoded too, and of answers that are not read yet.

A request's bytes are released when it ends, an answer's when they are sent. Where there is no room, the clients that
take their answers most slowly lose them. Used from the event loop only.
"""

import logging
from typing import NamedTuple, Protocol

import msgspec

from server.contract.errors import OverloadedError, UnavailableError

log = logging.getLogger("vecd")


class Pace(NamedTuple):
    """How fast a client takes its answers: bytes in a tick of the connections' clock; the lesser, the slower."""

    bytes_per_tick: float
    waited_ticks: int  # below zero: of two that are as slow, the one that was waited for longer comes first


class Holder(Protocol):
    """A request: `held_bytes` are counted for it in all, `answer_bytes` of them for its answer."""

    held_bytes: int
    answer_bytes: int


class Kept(msgspec.Struct):
    """What is counted for a request that has ended, while a thread still works at it."""

    held_bytes: int = 0
    answer_bytes: int = 0


class Taker(Protocol):
    """A connection whose client has not taken all of its answers."""

    def pace(self) -> Pace | None:
        """Return how fast its client is; None where it is too early to say."""

    def cut(self) -> None:
        """End the connection, and count nothing for it any more."""


class BodyBudget:
    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.held_bytes = 0
        self._unsent: dict[Taker, int] = {}

    def hold(self, holder: Holder, size: int) -> None:
        """Count `size` more bytes for a request; below zero, fewer.

        Raises:
            OverloadedError: there is no room for them.
        """
        if not self._has_room(size):
            raise OverloadedError(self._full())
        self.held_bytes += size
        holder.held_bytes += size

    def hold_decoded(self, holder: Holder, size: int) -> None:
        """Count `size` bytes of what a request's body is decoded into, beside the body.

        A request of which more is counted than the budget has passes where nothing else is held.

        Raises:
            OverloadedError: there is no room for them.
        """
        if self.held_bytes > holder.held_bytes and not self._has_room(size):
            raise OverloadedError(self._full())
        self.held_bytes += size
        holder.held_bytes += size

    def hold_answer(self, holder: Holder, size: int) -> None:
        """Count `size` bytes for a request's answer, instead of fewer that were counted for it before.

        Once it is handed over, what is kept for its client is counted; see `count`. An answer that is larger than the
        budget passes where nothing else is held.

        Raises:
            UnavailableError: there is no room for it; it is not to be made, or to be dropped.
        """
        more = size - holder.answer_bytes
        if more <= 0:
            return
        if self.held_bytes > holder.held_bytes and not self._has_room(more):
            raise UnavailableError(f"there is no room for an answer of {size} bytes: {self._full()}")
        self.held_bytes += more
        holder.held_bytes += more
        holder.answer_bytes = size

    def count(self, taker: Taker, size: int) -> None:
        """Count what is kept for a client, instead of what was counted for it before."""
        self.held_bytes += size - self._unsent.get(taker, 0)
        if size:
            self._unsent[taker] = size
        else:
            self._unsent.pop(taker, None)

    def release(self, holder: Holder) -> None:
        """Count nothing more for a request, which has ended."""
        self.held_bytes -= holder.held_bytes
        holder.held_bytes = holder.answer_bytes = 0

    def take_over(self, holder: Holder) -> Kept:
        """Go on counting what is counted for a request, which ends; to be released in its place."""
        kept = Kept(holder.held_bytes, holder.answer_bytes)
        holder.held_bytes = holder.answer_bytes = 0
        return kept

    def _has_room(self, size: int) -> bool:
        """Say whether there is room, made by cutting off slow clients if that suffices."""
        missing = self.held_bytes + size - self.max_bytes
        if missing <= 0 or size <= 0:
            return True
        slow = [(pace, taker) for taker in self._unsent if (pace := taker.pace()) is not None]
        if sum(self._unsent[taker] for _, taker in slow) < missing:
            return False
        slow.sort(key=lambda found: found[0])
        for pace, taker in slow:
            log.warning("a client lost its answer, of which it took %.0f bytes a tick", pace.bytes_per_tick)
            taker.cut()
            if self.held_bytes + size <= self.max_bytes:
                break
        return True

    def _full(self) -> str:
        return (
            f"the bodies of the requests in progress and the answers that clients have not read take "
            f"{self.held_bytes} bytes; max_bodies_bytes is {self.max_bytes}"
        )
