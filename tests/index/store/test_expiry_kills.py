"""Killed with SIGKILL, and started again: what had expired is there for nobody, and what lasts is all there."""

import subprocess
import sys
from pathlib import Path

import pytest

from index import Index, Query
from index.store.queries import single
from tests.index.fakes import SetClock
from tests.index.harness import open_index
from tests.index.store.test_expiry import INSTANT, NOW, until
from tests.index.vectors import one

EXPIRING, LASTING = 3_000, 20
# Writes documents of which most expire, lets their time come where it is told to, and kills itself some commits later.
VICTIM = """
import os, pathlib, signal, sys
from tests.index.fakes import PointedDisk, SetClock
from tests.index.harness import document, open_index
from tests.index.store.test_expiry import INSTANT, NOW, expiring

left = {commits}
def at(point):
    global left
    if armed and point == "after_commit":
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

armed, clock = False, SetClock(NOW)
collection = open_index(pathlib.Path({folder!r}), PointedDisk(at), clock=clock).collection()
collection.put_many([expiring("passing/" + str(n), n, INSTANT, n=n % 7) for n in range({expiring})]).result()
collection.put_many([document("lasting/" + str(n), n, n=n % 7) for n in range({lasting})]).result()
if not left:
    os.kill(os.getpid(), signal.SIGKILL)
armed, clock.ms = True, INSTANT
collection.put(document("lasting/0", 0, n=0)).result()
signal.pause()
"""


def killed(folder: Path, commits: int) -> None:
    """Have a process die of SIGKILL after so many commits since the instant; none is before it."""
    code = VICTIM.format(folder=str(folder), commits=commits, expiring=EXPIRING, lasting=LASTING)
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == -9


def stored(index: Index) -> int:
    with index.collection().store.readers.reading() as connection:
        return int(single(connection, "SELECT count(*) FROM docs"))


def only_what_lasts_is_there(index: Index) -> None:
    collection = index.collection()
    everyone = {f"lasting/{n}" for n in range(LASTING)}
    assert {found.id for found in collection.documents()} == everyone
    assert collection.count() == LASTING
    assert collection.count({"n": {"$gte": 0}}) == LASTING
    assert {hit.id for hit in collection.search(Query(vector=one(5), top_k=1_000, threshold=-1))} == everyone
    assert {hit.id for hit in collection.search(Query(mode="text", text="text", top_k=1_000))} == everyone
    assert collection.get("passing/1") is None


@pytest.mark.e2e
@pytest.mark.parametrize("commits", [0, 2, 4])
def test_what_had_expired_stays_gone_after_a_kill(tmp_path: Path, commits: int) -> None:
    """Before anything was deleted, and in the middle of it."""
    killed(tmp_path, commits)
    index = open_index(tmp_path, clock=SetClock(INSTANT))
    only_what_lasts_is_there(index)
    until(lambda: stored(index) == LASTING)
    only_what_lasts_is_there(index)
    assert index.collection().wait_until_viewed(60)
    assert index.collection().wait_for_words(60)
    assert index.collection().health().problems == ()
    index.close()


@pytest.mark.e2e
def test_a_kill_in_the_middle_leaves_some_and_before_its_time_all(tmp_path: Path) -> None:
    """Which shows that the others are looked at in between."""
    killed(tmp_path / "middle", 3)
    index = open_index(tmp_path / "middle", clock=SetClock(NOW))
    assert LASTING < stored(index) < LASTING + EXPIRING
    assert index.collection().count() == stored(index)
    index.close()
    killed(tmp_path / "before", 0)
    index = open_index(tmp_path / "before", clock=SetClock(INSTANT - 1))
    assert index.collection().count() == LASTING + EXPIRING
    index.close()
