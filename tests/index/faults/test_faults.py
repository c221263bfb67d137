"""Calls of the system that fail under the index: what was acknowledged is there, what was refused is not."""

import random
from collections.abc import Iterator

import pytest

from tests.index.faults.life import EARLY, FORGET
from tests.index.faults.orders import Fault
from tests.index.faults.sweep import Case, Sweep, cases_of, sweep
from tests.index.faults.table import summary, table, wrong

SHORT, FEW = 300, 8


@pytest.fixture(scope="module")
def stage() -> Iterator[Sweep]:
    swept = Sweep()
    yield swept
    swept.close()


@pytest.mark.timeout(600)
def test_whichever_call_fails_nothing_acknowledged_is_lost_and_nothing_refused_is_there() -> None:
    outcomes = sweep(SHORT, 1)
    print("\n".join([*table(outcomes), summary(outcomes)]))  # noqa: T201 - what was tried
    assert sum(one.reached for one in outcomes) > SHORT * 0.9
    assert [(one.case, one.found) for one in wrong(outcomes)] == []


@pytest.mark.parametrize("ending", ["killed", "closed"])
@pytest.mark.parametrize("often", ["once", "forever"])
def test_a_commit_whose_flush_fails_is_not_there_after_a_kill_or_the_answer_says_that_it_is_unknown(
    stage: Sweep, often: str, ending: str
) -> None:
    flushes = stage.calls("put twice")["sync"]
    assert flushes >= 4
    outcomes = [
        stage.run(Case("put twice", Fault("sync", place, "EIO", often), ending)) for place in range(1, flushes + 1)
    ]
    assert sum(one.first.endswith("documents.sqlite-wal") for one in outcomes) >= 2
    assert [(one.case, one.found) for one in outcomes if one.found] == []


# Each of these was wrong: a collection that was not made was there after the start, a restore that was refused was
# done, a start ended with an error that is none of the index.
@pytest.mark.parametrize(
    ("act", "call", "error", "often"),
    [
        ("create", "open", "EMFILE", "forever"),
        ("index restore", "sync", "EIO", "once"),
        ("index restore anew", "list", "EIO", "once"),
        ("open", "list", "EIO", "forever"),
    ],
)
def test_every_call_of_a_kind_fails(stage: Sweep, act: str, call: str, error: str, often: str) -> None:
    calls = stage.calls(act)
    cases = [
        case
        for case in cases_of(act, calls, random.Random(1))
        if (case.fault.call, case.fault.error, case.fault.often) == (call, error, often)
    ]
    assert len(cases) == calls[call] > 0
    few = cases[:: max(1, len(cases) // FEW)]
    assert [(one.case, one.found) for one in map(stage.run, few) if one.found] == []


@pytest.mark.parametrize(
    ("lie", "act", "call", "found"),
    [
        ("lose", "put", "write", "lost"),
        ("keep", "delete", "write", "back"),
        (EARLY, "put", "write", "lost"),
        (FORGET, "drop default", "sync", "refused but there"),
    ],
)
def test_a_store_that_lies_is_found_out(stage: Sweep, lie: str, act: str, call: str, found: str) -> None:
    places = range(1, stage.calls(act)[call] + 1)
    cases = (Case(act, Fault(call, place, "EIO", "once"), "killed", lie) for place in places)
    assert any(found in {what for what, _ in stage.run(case).found} for case in cases)
