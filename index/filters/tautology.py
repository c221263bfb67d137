"""Says of a filter whether its form alone makes it hold for every document, whatever they are. Pure."""

import itertools
from collections.abc import Iterator, Mapping

from index.filters.clauses import Leaf
from index.filters.tree import Comparison, Condition, Every, Exists, Lasting, Negation, Range, Some

MAX_LEAVES = 10  # 1,024 cases; of more leaves, only what holds whichever of them hold is seen

Cases = Mapping[Leaf, bool | None]


def holds_for_all(condition: Condition) -> bool:
    """Return whether the condition holds whichever comparisons in it do."""
    leaves = tuple(dict.fromkeys(leaves_of(condition)))
    if len(leaves) > MAX_LEAVES:
        return outcome(condition, dict.fromkeys(leaves)) is True
    cases = itertools.product((False, True), repeat=len(leaves))
    return all(outcome(condition, dict(zip(leaves, case, strict=True))) for case in cases)


def leaves_of(condition: Condition) -> Iterator[Leaf]:
    match condition:
        case Comparison() | Exists():
            yield condition
        case Lasting():  # which may or may not hold
            return
        case Range(bounds=bounds):
            yield from bounds
        case Negation(part=part):
            yield from leaves_of(part)
        case Every(parts=parts) | Some(parts=parts):
            for part in parts:
                yield from leaves_of(part)


def outcome(condition: Condition, cases: Cases) -> bool | None:
    """Return whether it holds in a case, None where that depends on unknown leaves (Kleene's logic)."""
    match condition:
        case Comparison() | Exists():
            return cases[condition]
        case Lasting():
            return None
        case Range(bounds=bounds):
            return outcome(Every(bounds), cases)
        case Negation(part=part):
            found = outcome(part, cases)
            return None if found is None else not found
        case Every(parts=parts):
            found_all = {outcome(part, cases) for part in parts}
            return False if False in found_all else None if None in found_all else True
        case Some(parts=parts):
            found_all = {outcome(part, cases) for part in parts}
            return True if True in found_all else None if None in found_all else False
