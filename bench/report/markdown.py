"""Markdown tables, and the cells in them: numbers with their noise, and a word where nothing was measured."""

from collections.abc import Sequence

from bench.figures.spread import Spread

NOT_MEASURED = "not measured"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, figures: bool = True) -> list[str]:
    """Return a table's lines and an empty one. The first column is text, and so are the others without `figures`."""
    rule = ["---", *("---:" if figures else "---" for _ in head[1:])]
    cells = [head, rule, *rows]
    return [*("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells), ""]


def number(value: float | None) -> str:
    """Return about three digits of it."""
    return NOT_MEASURED if value is None else f"{value:,.{_decimals(value)}f}"


def noisy(figure: Spread | None) -> str:
    """Return the median ± the noise, with as many decimals as the median."""
    if figure is None:
        return NOT_MEASURED
    return f"{number(figure.median)} ± {figure.noise:,.{_decimals(figure.median)}f}"


def cosine(value: float | None) -> str:
    """Return four decimals: what counts is the distance to 1."""
    return NOT_MEASURED if value is None else f"{value:.4f}"


def yes_no(value: bool | None) -> str:
    return NOT_MEASURED if value is None else ("yes" if value else "no")


def _decimals(value: float) -> int:
    size = abs(value)
    if size == 0 or size >= 100:
        return 0
    return 1 if size >= 10 else 2 if size >= 0.1 else 4
