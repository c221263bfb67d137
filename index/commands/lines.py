"""What `import` reads from either format: numbered lines, each a document as JSON or refused, in pieces to send."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from index.documents.metadata import encode_metadata
from index.errors import DocumentError

PIECE_LINES, PIECE_BYTES = 512, 4 << 20  # whichever comes first: a piece is sent, acknowledged, and sent again whole
MAX_LINE_BYTES = 32 << 20  # what a server takes by default
BAD, TOO_LARGE = 400, 413
COMPUTED = {"vector", "passages"}


class Line(msgspec.Struct, frozen=True):
    """A document as JSON, or why it is refused before it is sent; `number` counts from 1 in its file.

    `weight` is its part of the file, in the source's unit.
    """

    number: int
    content: bytes
    weight: int = 1
    refused: "Refused | None" = None


class Refused(msgspec.Struct, frozen=True):
    """Why a line is refused, in a server's terms."""

    status: int
    detail: str


L = TypeVar("L", bound=Line)


def without_vectors(content: bytes) -> tuple[bytes, set[str]]:
    """Return a line without what a server computes itself, and which fields those are."""
    try:
        fields = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return content, set()  # the server says what is wrong with it
    computed = COMPUTED & fields.keys()
    if not computed:
        return content, set()
    return msgspec.json.encode({name: value for name, value in fields.items() if name not in computed}), computed


def document(id_: object, text: object, metadata: object, expires_at: object = None) -> bytes | Refused:
    """Return a row of a table as JSON, or why it is not a document."""
    if not isinstance(id_, str) or not isinstance(text, str):
        field, value = ("id", id_) if not isinstance(id_, str) else ("text", text)
        return Refused(BAD, f"the {field} is {'missing' if value is None else f'a {type(value).__name__}'}, not text")
    fields: dict[str, Any] = {"id": id_, "text": text}
    if isinstance(metadata, str):
        try:
            msgspec.json.decode(metadata, type=dict[str, msgspec.Raw])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return Refused(BAD, f"the metadata are no JSON object: {error}")
        fields["metadata"] = msgspec.Raw(metadata.encode())
    elif metadata is not None:
        try:  # msgspec would make null of NaN, and text of dates, decimals and bytes
            fields["metadata"] = msgspec.Raw(encode_metadata(metadata))
        except DocumentError as error:
            return Refused(BAD, f"the metadata are refused: {error}")
    if expires_at is not None:
        if not isinstance(expires_at, str):
            return Refused(BAD, f"expires_at is a {type(expires_at).__name__}, not text")
        fields["expires_at"] = expires_at
    try:
        return msgspec.json.encode(fields)
    except UnicodeEncodeError as error:
        return Refused(BAD, f"the id, the text or expires_at is not Unicode: {error}")


def pieces(lines: Iterable[L]) -> Iterator[list[L]]:
    """Yield the lines in pieces of at least one line."""
    piece: list[L] = []
    size = 0
    for line in lines:
        if piece and (len(piece) == PIECE_LINES or size + len(line.content) > PIECE_BYTES):
            yield piece
            piece, size = [], 0
        piece.append(line)
        size += len(line.content)
    if piece:
        yield piece


def halves(piece: Sequence[L]) -> tuple[Sequence[L], Sequence[L]]:
    half = len(piece) // 2
    return piece[:half], piece[half:]
