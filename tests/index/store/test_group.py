"""A group of jobs: when it is full, and that each job's future is settled once."""

import queue
from typing import Any

import apsw
import pytest

from index.store.group import MAX_DOCUMENTS, Changes, Group, Job, Write


def job(documents: int = 1) -> Job:
    future: Write[Any] = Write()
    return Job(lambda _connection, _changes: None, future, documents)


def waiting(*jobs: Job | None) -> "queue.SimpleQueue[Job | None]":
    found: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
    for one in jobs:
        found.put(one)
    return found


def test_jobs_are_taken_until_there_are_enough_documents() -> None:
    group, others = Group(job(MAX_DOCUMENTS - 1)), waiting(job(1), job(1))
    assert group.take(others) is not None
    assert group.take(others) is None
    assert others.qsize() == 1


def test_nothing_is_taken_after_all_vectors_were_exchanged() -> None:
    group = Group(job())
    group.changes.add(Changes(exchanged=True))
    assert group.take(waiting(job())) is None


def test_the_end_of_the_queue_is_noted() -> None:
    group = Group(job())
    assert group.take(waiting(None)) is None
    assert group.last


def test_whatever_a_job_has_done_it_fails_with_its_group() -> None:
    first, second, cancelled = job(), job(), job()
    group = Group(first)
    assert group.take(waiting(second)) is second
    assert group.take(waiting(cancelled)) is cancelled
    cancelled.future.cancel()
    first.result = 1
    group.fail(apsw.FullError("no room"))
    group.settle()
    group.settle()
    for one in (first, second):
        with pytest.raises(apsw.FullError):
            one.future.result(0)
    assert cancelled.future.cancelled()


def test_jobs_are_settled_each_with_its_own_outcome() -> None:
    first, second = job(), job()
    group = Group(first)
    group.take(waiting(second))
    first.result = 7
    second.fail(ValueError("mine"))
    group.settle()
    assert first.future.result(0) == 7
    with pytest.raises(ValueError, match="mine"):
        second.future.result(0)
