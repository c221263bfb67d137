"""Goals: ratios within rounds, best peer of equal fidelity, nothing hidden when a server is missing."""

import pytest

from bench.figures.goals import ALONE, BUSY, SERVICE, SINGLE, judge, judge_door, ratio
from bench.figures.peer_rows import ROWS, RowFigures, table


def figures(speed: float, p50: float = 1.0, p99: float = 2.0) -> RowFigures:
    rounds = [0.5, 1.0, 2.0]  # a noisy machine: the same for all within a round
    return RowFigures(
        requests_per_s=[speed * r for r in rounds],
        texts_per_s=[speed * r for r in rounds],
        p50_ms=[p50 / r for r in rounds],
        p99_ms=[p99 / r for r in rounds],
    )


def rows(**servers: RowFigures) -> dict[str, dict[str, RowFigures]]:
    named = {name.replace("_", "-"): value for name, value in servers.items()}
    return {row.name: named for row in ROWS}


def test_a_ratio_is_taken_within_the_rounds() -> None:
    assert ratio(rows(vecd=figures(30), other=figures(10)), SINGLE, "other", lambda row: row.texts_per_s) == 3


def test_a_missing_server_gives_no_value_and_is_neither_met_nor_missed() -> None:
    goals = judge(rows(vecd=figures(100)), set())
    assert all(goal.value is None and goal.met is None for goal in goals.values())


def test_a_goal_is_met_or_missed_by_its_value() -> None:
    goals = judge(rows(vecd=figures(100, p50=1), gunicorn_st=figures(5, p50=10)), {SERVICE})
    assert goals[f"requests/s against {SERVICE}, {SINGLE}"].value == pytest.approx(20)
    assert goals[f"requests/s against {SERVICE}, {SINGLE}"].met is True
    assert goals[f"p50 against {SERVICE}, {ALONE}"].value == pytest.approx(10)


def test_the_best_peer_counts_and_one_of_less_fidelity_does_not() -> None:
    measured = rows(vecd=figures(100), slow=figures(10), fast=figures(80, p99=1), untrue=figures(1000))
    goals = judge(measured, {"slow", "fast"})
    best = goals[f"texts/s against the best peer, {SINGLE}"]
    assert best.value == pytest.approx(1.25)
    assert best.met is False
    assert goals[f"p99 against the best peer, {BUSY}"].value == pytest.approx(0.5)


def test_the_table_names_what_did_not_run_and_why() -> None:
    lines = table(rows(vecd=figures(100)), {"vecd": None, "other": "no binary"})
    assert lines[-1] == "other: no binary"
    assert any(line.startswith("other") and "-" in line for line in lines[:-1])


def test_the_door_is_held_to_a_rate_and_to_no_error_at_all() -> None:
    def met(per_s: list[float], errors: list[int]) -> bool | None:
        (goal,) = judge_door(RowFigures(requests_per_s=per_s, errors=errors)).values()
        return goal.met

    assert met([5000, 6000, 9000], [0, 0, 0]) is True
    assert met([5000, 5999, 9000], [0, 0, 0]) is False
    assert met([9000, 9000, 9000], [0, 0, 1]) is False
