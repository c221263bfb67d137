"""Sends pieces of documents to a server, one after the other, so that the last of equal ids stays the last."""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

import msgspec

from index.commands.client import Client
from index.commands.errors import CommandError
from index.commands.lines import BAD, TOO_LARGE, Line, Refused, halves
from index.commands.resuming import Progress

NDJSON_MEDIA = "application/x-ndjson"
UNTAKEN = {BAD, TOO_LARGE, 422}  # something in the piece is wrong, and the server does not say which line
L = TypeVar("L", bound=Line)


class LineError(msgspec.Struct, frozen=True):
    """A line of a request that the server refused."""

    line: int
    status: int
    detail: str


class Answer(msgspec.Struct, frozen=True):
    """The server's answer to a piece."""

    indexed: int
    errors: tuple[LineError, ...] = ()
    truncated: int = 0


class Sender(Generic[L]):
    """Counts documents kept, lines refused and texts cut, on top of what was done `before`; tells what is refused."""

    def __init__(self, client: Client, tell: Callable[[L, Refused], None], before: Progress) -> None:
        self._client = client
        self._tell = tell
        self.indexed, self.refused, self.truncated = before.indexed, before.refused, before.truncated

    def send(self, piece: Sequence[L]) -> None:
        """Return when every line is kept or refused. Raises CommandError where the server takes no more."""
        for line in piece:
            if line.refused is not None:
                self._refuse(line, line.refused)
        self._send([line for line in piece if line.refused is None])

    def _send(self, piece: Sequence[L]) -> None:
        if not piece:
            return
        body = b"\n".join(line.content for line in piece)
        reply = self._client.ask("POST", "/index/batch", body, NDJSON_MEDIA)
        if reply.status in UNTAKEN:
            if len(piece) == 1:
                self._refuse(piece[0], Refused(reply.status, reply.detail))
                return
            for half in halves(piece):
                self._send(half)
            return
        try:
            kept = msgspec.convert(reply.body, Answer)
        except msgspec.ValidationError as error:
            raise self._client.unlike(reply, error) from error
        self.indexed += kept.indexed
        self.truncated += kept.truncated
        self._refuse_all(piece, kept.errors)

    def _refuse_all(self, piece: Sequence[L], errors: Iterable[LineError]) -> None:
        for error in errors:
            if not 1 <= error.line <= len(piece):
                message = f"{self._client.url} speaks of line {error.line} of {len(piece)}, as no server of vecd does"
                raise CommandError(message)
            self._refuse(piece[error.line - 1], Refused(error.status, error.detail))

    def _refuse(self, line: L, why: Refused) -> None:
        self.refused += 1
        self._tell(line, why)
