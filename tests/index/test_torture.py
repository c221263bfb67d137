"""Killed at any moment: nothing acknowledged is lost, nothing deleted comes back, nothing is there without reason."""

import random
from collections.abc import Iterator
from pathlib import Path

import apsw
import numpy as np
import pytest

from index.view.graph import Graph, GraphParameters
from index.view.groups import Membership
from index.view.links import leave_vectors
from index.view.snapshots import append_company
from tests.index.torture.harm import digest_of
from tests.index.torture.inspection import inspect
from tests.index.torture.operations import Contents, Model, Operation, encode
from tests.index.torture.rounds import Torture, torture
from tests.index.torture.verdicts import judge, read_log
from tests.index.vectors import NDIM, clustered

pytestmark = pytest.mark.e2e

TRIES = 8


def test_nothing_is_lost_in_a_hundred_kills() -> None:
    figures = torture(kills=100, seed=2)
    assert figures.clean, (figures, figures.verdict.said, figures.problems)
    assert figures.needed, "no start had a harmed snapshot to notice"


@pytest.fixture(scope="module")
def filled() -> Iterator[Torture]:
    """A folder in which nobody was killed yet, with a snapshot."""
    one = Torture(seed=4)
    yield one
    one.close()


def test_nothing_is_lost_in_a_few_kills(filled: Torture) -> None:
    for moment in ("after_commit", "ready", "opening"):
        filled.kill(moment, harmful=False)
        filled.look()  # what one victim had not finished must be known before the next one writes
    assert filled.figures.clean, filled.figures


@pytest.mark.parametrize(("lie", "counted"), [("lose", "lost"), ("keep", "back"), ("invent", "phantom")])
def test_a_victim_that_lies_is_caught(filled: Torture, lie: str, counted: str) -> None:
    before = getattr(filled.figures.verdict, counted)
    for _ in range(TRIES):  # what it lies of is drawn by lot, and may be nothing
        filled.kill("closed", harmful=False, lie=lie)
        filled.look()
        if getattr(filled.figures.verdict, counted) > before:
            return
    pytest.fail(f"nobody noticed: {filled.figures}")


def test_a_start_that_does_not_notice_a_harmed_snapshot_is_counted(filled: Torture) -> None:
    for _ in range(TRIES):  # a snapshot that is harmed need not be the one to load next
        filled.kill("opening", harmful=True)
        if filled.unnoticed:
            break
    assert len(filled.unnoticed) == 1
    filled.see_noticed([])
    assert filled.figures.trusted == 1
    assert not filled.figures.clean


def test_a_snapshot_that_is_trusted_though_it_holds_other_rows_is_caught(filled: Torture) -> None:
    """The database is made to vouch for it, as if nobody had compared anything: rows stand for others."""
    home = filled.folder / "collections" / "default"
    connection = apsw.Connection(str(home / "documents.sqlite"))
    (name,) = connection.execute("SELECT file FROM snapshots ORDER BY number DESC").fetchone() or ("",)
    keys = [key for (key,) in connection.execute("SELECT key FROM vectors")]
    wrong = Graph(GraphParameters(NDIM))
    rows = clustered(len(keys), 99).astype(np.float16)
    nodes = np.empty(0, np.int64)
    while len(nodes) < len(keys):
        nodes = np.append(nodes, wrong.add(np.array(keys[len(nodes) :], np.int64), rows[len(nodes) :]))
    wrong.write(home / "whole")
    leave_vectors(home / "whole", home / str(name))
    (home / "whole").unlink()
    append_company(home / str(name), wrong, Membership(np.array(keys), np.roll(nodes, 1), np.empty(0, np.int64)))
    connection.execute("UPDATE snapshots SET sha256 = ?", (digest_of(home / str(name)),))
    connection.close()
    found = inspect(filled.folder, Model(0), random.Random(1))
    assert any("rows of the view are not those of the truth" in problem for problem in found.problems)


def log_of(operations: list[Operation], acknowledged: int | set[int]) -> str:
    lines = [encode({"intent": number, "operation": operation}) for number, operation in enumerate(operations)]
    numbers = range(acknowledged) if isinstance(acknowledged, int) else acknowledged
    lines += [encode({"acknowledged": number}) for number in numbers]
    return b"".join(lines).decode()


def put(id_: str, seed: int) -> Operation:
    return Operation("put", "c", (id_,), (seed,))


def holding(**seeds: int) -> Contents:
    return Contents(0, {id_: (seed, {"n": 0}) for id_, seed in seeds.items()})


DELETE = Operation("delete", "c", ("a",), (0,))
CREATE, DROP = Operation("create", "c"), Operation("drop", "c")
EXCHANGE = Operation("reindex", "c", generation=1)


@pytest.mark.parametrize(
    ("operations", "acknowledged", "after", "wrong"),
    [
        ([put("a", 1)], 1, holding(a=1), None),
        ([put("a", 1)], 0, holding(a=1), None),  # committed, and killed before it could be said
        ([put("a", 1)], 0, holding(), None),
        ([put("a", 1)], 1, holding(), "lost"),
        ([put("a", 1), DELETE], 2, holding(a=1), "back"),
        ([put("a", 1)], 1, holding(a=1, b=2), "phantom"),
        ([put("a", 1), put("b", 2)], 0, holding(b=2), "back"),  # the second without the first
        ([put("a", 1), put("a", 2)], 2, holding(a=1), "lost"),  # an older one
        ([put("a", 1), CREATE], {1}, holding(), None),  # which it was already, whoever still waits
        ([put("a", 1), CREATE], {1}, holding(a=1), None),
        ([put("a", 1), DROP], {1}, holding(), "back"),
        ([put("a", 1), DROP], 2, None, None),
        ([put("a", 1), DROP], 1, None, None),
        ([put("a", 1), DROP], 2, holding(a=1), "back"),
        ([put("a", 1), DROP], 1, holding(), "lost"),  # half of a drop
        ([put("a", 1), DROP, CREATE], 3, None, "lost"),
        ([put("a", 1), DROP, CREATE], 3, holding(), None),
        ([put("a", 1), EXCHANGE], 1, holding(a=1), None),
        ([put("a", 1), EXCHANGE], 2, holding(a=1), "lost"),  # the exchange is
    ],
)
def test_the_harness_knows_right_from_wrong(
    operations: list[Operation], acknowledged: int | set[int], after: Contents | None, wrong: str | None
) -> None:
    verdict = judge({"c": Contents(0, {})}, read_log(log_of(operations, acknowledged)), {"c": after} if after else {})
    assert verdict.clean == (wrong is None), verdict
    if wrong is not None:
        assert getattr(verdict, wrong) > 0, verdict


def test_a_last_line_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    text = log_of([put("a", 1)], 1)
    assert read_log(text[:-5]).acknowledged == {}
    assert Model(3).fingerprint == "model-3"
