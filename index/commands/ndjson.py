"""Reads documents from lines of JSON: `{"id", "text", "metadata", "expires_at"}`.

`"vector"` and `"passages"` are left out.
"""

from collections.abc import Iterator
from typing import BinaryIO

from index.commands.lines import MAX_LINE_BYTES, TOO_LARGE, Line, Refused, without_vectors

BOM = b"\xef\xbb\xbf"
WHITE = b" \t\r\n"


class LineSource:
    """Documents from a stream. `ignored` names the fields that were left out; empty lines are passed over."""

    unit = "B"

    def __init__(self, file: BinaryIO, total: int | None) -> None:
        self._file = file
        self.total = total
        self.ignored: set[str] = set()

    def lines(self, done: int) -> Iterator[Line]:
        """Yield the lines after those that are done; of a line longer than a server takes, the rest is not kept."""
        number = 0
        while piece := self._file.readline(MAX_LINE_BYTES + 1):
            number += 1
            weight, too_long = len(piece), len(piece) > MAX_LINE_BYTES and not piece.endswith(b"\n")
            rest = piece
            while rest and not rest.endswith(b"\n"):
                rest = self._file.readline(MAX_LINE_BYTES)
                weight += len(rest)
            content = (piece.removeprefix(BOM) if number == 1 else piece).strip(WHITE)
            if number <= done or not content:
                continue
            if too_long:
                yield Line(number, b"", weight, Refused(TOO_LARGE, f"the line is longer than {MAX_LINE_BYTES} bytes"))
                continue
            content, computed = without_vectors(content)
            self.ignored |= computed
            yield Line(number, content, weight)
