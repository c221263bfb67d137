"""Which character parts the cells of a CSV: the one by which most rows have as many cells as the header."""

import csv

DELIMITERS = (",", ";", "\t", "|")
ROWS = 100


def guess(sample: str, *, whole: bool) -> str:
    """Return the delimiter of a text that begins like this; unless this is the `whole`, its last row is cut off."""
    return max(DELIMITERS, key=lambda delimiter: (agreement(sample, delimiter, whole), -DELIMITERS.index(delimiter)))


def agreement(sample: str, delimiter: str, whole: bool) -> tuple[float, int]:
    """Return the share of rows that have as many cells as the header, and how many; nothing if it is a single one."""
    widths: list[int] = []
    try:
        for cells in csv.reader(sample.splitlines(keepends=True), delimiter=delimiter):
            if cells:
                widths.append(len(cells))
            if len(widths) == ROWS:
                break
    except csv.Error:
        return (0.0, 0)
    if len(widths) < ROWS and len(widths) > 1 and not whole:
        widths.pop()
    if not widths or widths[0] == 1:
        return (0.0, 0)
    return (sum(width == widths[0] for width in widths) / len(widths), widths[0])
