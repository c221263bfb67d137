"""What came of a sweep, operation by fault: how often each was tried, and how often something was wrong."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.index.faults.sweep import Outcome

# What must never be; the rest says what could be better.
WRONG = {
    *("lost", "back", "phantom", "refused but there", "start refused", "start crashed", "crashed", "hung", "problem"),
    *("stray error", "thread died", "not back"),
}


def wrong(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [one for one in outcomes if WRONG & {what for what, _ in one.found}]


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield lines: a row an operation, a column a call and an error; `tried` or `tried/wrong`."""
    faults = sorted({(one.case.fault.call, one.case.fault.error) for one in outcomes})
    tried = Counter((one.case.act, one.case.fault.call, one.case.fault.error) for one in outcomes if one.reached)
    bad = Counter((one.case.act, one.case.fault.call, one.case.fault.error) for one in wrong(outcomes))
    acts = list(dict.fromkeys(one.case.act for one in outcomes))
    heads = [f"{call} {error}" for call, error in faults]
    rows = [["", *heads]]
    for act in acts:
        cells = [(tried[act, *fault], bad[act, *fault]) for fault in faults]
        rows.append([act, *(f"{count}/{wrong_}" if wrong_ else str(count or "") for count, wrong_ in cells)])
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )


def summary(outcomes: Sequence[Outcome]) -> str:
    found = Counter(what for one in outcomes for what in {what for what, _ in one.found})
    reached = sum(one.reached for one in outcomes)
    said = ", ".join(f"{what} {count}" for what, count in sorted(found.items())) or "nothing"
    missed = len(outcomes) - reached
    return f"{reached} faults met, {missed} not come to; wrong in {len(wrong(outcomes))} cases; found: {said}"
