"""Tables of figures that a raw file holds in dicts of any depth, under the names that they have there."""

from collections.abc import Mapping

from bench.figures.spread import spread
from bench.report.markdown import NOT_MEASURED, noisy, number, table, yes_no

# What a field of a raw file holds, where its name does not say it.
TITLES = {
    "company": "company: short texts over HTTP, with the long ones beside them and at the same times without",
    "gauges": "gauges: what the server itself says is in work, while nobody asks",
    "lone_text_ms": "lone_text_ms: milliseconds of a text alone, on one core or all, by its length in tokens",
    "padding": "padding: from texts to rows, against padding in order of arrival, really computed",
    "raw": "raw: the graph driven directly, without HTTP, tokenizer and queue",
    "tokens_per_run": "tokens_per_run: tokens/s by the texts' length (down) and the tokens of a run (across)",
}

Rows = dict[str, dict[str, object]]


def render_nested(figures: Mapping[str, object]) -> list[str]:
    """Return a titled table for each field, split until no table is deeper than rows and columns."""
    lines = _flat("", figures)
    for name, value in figures.items():
        if isinstance(value, dict) and value:
            lines += _render(TITLES.get(name, name), value)
    return lines


def _render(title: str, value: dict[str, object]) -> list[str]:
    deep = {name: inner for name, inner in value.items() if isinstance(inner, dict) and inner}
    lines = _flat(title, value)
    if any(isinstance(leaf, dict) for inner in deep.values() for leaf in inner.values()):
        return [*lines, *(line for name, inner in deep.items() for line in _render(f"{title}, {name}", inner))]
    for group in _share_columns(deep):
        columns = list(dict.fromkeys(column for inner in group.values() for column in inner))
        rows = [[name, *(_cell(inner.get(column)) for column in columns)] for name, inner in group.items()]
        lines += [f"{title}:", "", *table(["", *columns], rows)]
    return lines


def _share_columns(deep: Rows) -> list[Rows]:
    """Return the rows in groups, each a table: rows with a common column, also by way of other rows, share one."""
    groups: list[Rows] = []
    for name, inner in deep.items():
        near = [group for group in groups if any(inner.keys() & other.keys() for other in group.values())]
        joined = {key: row for group in near for key, row in group.items()} | {name: inner}
        groups = [group for group in groups if group not in near] + [joined]
    return groups


def _flat(title: str, value: Mapping[str, object]) -> list[str]:
    leaves = [
        [name, "none" if leaf == {} else _cell(leaf)]
        for name, leaf in value.items()
        if not isinstance(leaf, dict) or not leaf
    ]
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
