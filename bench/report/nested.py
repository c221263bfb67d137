"""Tables of figures that lie in dicts of any depth, under the names that they have in the raw file."""

from collections.abc import Mapping

from bench.report.markdown import NOT_MEASURED, noisy, number, table, yes_no
from bench.spread import spread

# What a field of a raw file holds, where its name alone does not say it.
TITLES = {
    "lone_text_ms": "lone_text_ms: milliseconds of a text alone, on one core or all, by its length in tokens",
    "tokens_per_run": "tokens_per_run: tokens/s by the texts' length (down) and the tokens of a run (across)",
}


def render_nested(figures: Mapping[str, object]) -> list[str]:
    """Return a titled table for each field, split until no table is deeper than rows and columns."""
    lines = _flat("", figures)
    for name, value in figures.items():
        if isinstance(value, dict):
            lines += _render(TITLES.get(name, name), value)
    return lines


def _render(title: str, value: dict[str, object]) -> list[str]:
    deep = {name: inner for name, inner in value.items() if isinstance(inner, dict)}
    lines = _flat(title, value)
    if any(isinstance(leaf, dict) for inner in deep.values() for leaf in inner.values()):
        return [*lines, *(line for name, inner in deep.items() for line in _render(f"{title}, {name}", inner))]
    if not deep:
        return lines
    columns = list(dict.fromkeys(column for inner in deep.values() for column in inner))
    rows = [[name, *(_cell(inner.get(column)) for column in columns)] for name, inner in deep.items()]
    return [*lines, f"{title}:", "", *table(["", *columns], rows)]


def _flat(title: str, value: Mapping[str, object]) -> list[str]:
    leaves = [[name, _cell(leaf)] for name, leaf in value.items() if not isinstance(leaf, dict)]
    if not leaves:
        return []
    return [*([f"{title}:", ""] if title else []), *table(["", "value"], leaves)]


def _cell(leaf: object) -> str:
    if leaf is None:
        return NOT_MEASURED
    if isinstance(leaf, bool):
        return yes_no(leaf)
    if isinstance(leaf, int):
        return f"{leaf:,}"
    if isinstance(leaf, float):
        return number(leaf)
    if isinstance(leaf, list):
        return _list_cell(leaf)
    return str(leaf)


def _list_cell(leaf: list[object]) -> str:
    figures = [value for value in leaf if isinstance(value, int | float)]
    return noisy(spread(figures)) if figures else ", ".join(map(str, leaf))
