"""The goals of the product: named figures, each met or not. A goal never decides whether a run counts.

Ratios are taken within each round, and their median is reported.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence, Set

import msgspec

from bench.figures.goal import Goal
from bench.figures.peer_rows import OURS, RowFigures

Rows = Mapping[str, Mapping[str, RowFigures]]
Values = Callable[[RowFigures], Sequence[float]]

SERVICE = "gunicorn-st"
SINGLE, BATCH = "1 text, 16 connections", "32 texts, 16 connections"
DOOR, DOOR_PER_S = "requests/s of a cached text on one core, 16 connections, with keys and limits", 6000
BARE_LONE, BARE_CROWD = "p50 against the bare loop, 1 text, 1 connection", "requests/s against the bare loop, " + SINGLE
ALONE, MIXED, BUSY = "1 text, 1 connection", "mixed, 16 connections", "open loop, 80%"


def judge(rows: Rows, faithful: Set[str]) -> dict[str, Goal]:
    """Compare vecd with the service most people write, and with the best peer of equal fidelity in every row.

    `faithful` names the peers that keep a mean cosine of 0.99 to fp32.
    """
    goals = {
        f"requests/s against {SERVICE}, {SINGLE}": _goal(
            18, ratio(rows, SINGLE, SERVICE, lambda row: row.requests_per_s)
        ),
        f"texts/s against {SERVICE}, {BATCH}": _goal(9, ratio(rows, BATCH, SERVICE, lambda row: row.texts_per_s)),
        f"p50 against {SERVICE}, {ALONE}": _goal(6, _inverse(ratio(rows, ALONE, SERVICE, lambda row: row.p50_ms))),
    }
    for row in (ALONE, SINGLE, BATCH, MIXED):
        found = [ratio(rows, row, peer, lambda one: one.texts_per_s) for peer in sorted(faithful)]
        goals[f"texts/s against the best peer, {row}"] = _goal(2, _least(found))
    found = [_inverse(ratio(rows, BUSY, peer, lambda one: one.p99_ms)) for peer in sorted(faithful)]
    goals[f"p99 against the best peer, {BUSY}"] = _goal(1, _least(found))
    return goals


def judge_door(door: RowFigures) -> dict[str, Goal]:
    """Compare the requests a second for a cached text, with keys and limits, with the goal.

    With an error in any round the goal is not met.
    """
    per_s = statistics.median(door.requests_per_s) if door.requests_per_s else None
    goal = _goal(DOOR_PER_S, per_s)
    return {DOOR: msgspec.structs.replace(goal, met=goal.met and not any(door.errors))}


def judge_bare(connections: int, per_s_of_bare: float, p50_of_bare: float, *, errors: bool) -> dict[str, Goal]:
    """Compare requests of one short text with the bare loop's, by the ratios of requests a second and of medians.

    The goals are of 1 and of 16 connections; with an error in any round none is met.
    """
    goals = {}
    if connections == 1:
        goals = {BARE_LONE: _goal(0.8, _inverse(p50_of_bare))}
    elif connections == 16:
        goals = {BARE_CROWD: _goal(0.9, per_s_of_bare)}
    return {name: msgspec.structs.replace(goal, met=goal.met and not errors) for name, goal in goals.items()}


def ratio(rows: Rows, row: str, peer: str, values: Values) -> float | None:
    """Return the median over the rounds of vecd's value divided by the peer's; None where either is missing."""
    ours, theirs = rows.get(row, {}).get(OURS), rows.get(row, {}).get(peer)
    if ours is None or theirs is None:
        return None
    pairs = [(a, b) for a, b in zip(values(ours), values(theirs), strict=False) if b > 0]
    return statistics.median(a / b for a, b in pairs) if pairs else None


def _inverse(value: float | None) -> float | None:
    return 1 / value if value else None


def _least(found: Sequence[float | None]) -> float | None:
    known = [value for value in found if value is not None]
    return min(known) if known else None


def _goal(goal: float, value: float | None) -> Goal:
    return Goal(goal, value, None if value is None else value >= goal)
