"""Processes that run out of descriptors: what fits is served, what does not is refused, and it all comes back."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

EATING = """
import os, pathlib, resource, sys
from index import CollectionNameError, IndexRoomError, Query, StorageFullError
from tests.index.harness import document, open_index
from tests.index.vectors import one
from tests.server.polling import until

def limit(count):
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

def eat(left=0):
    eaten = []
    try:
        while True:
            eaten.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        release(eaten[len(eaten) - left:])
        return eaten[:len(eaten) - left]

def release(eaten):
    for descriptor in eaten:
        os.close(descriptor)

def check(collection, id_, seed):
    assert collection.put(document(id_, seed)).result(20) == 1
    assert collection.search(Query(vector=one(seed), top_k=1))[0].id == id_
    assert collection.wait_for_words(60)
    assert [hit.id for hit in collection.search(Query(mode="text", text=f"text of {id_}", top_k=1))] == [id_]

def check_snapshot(collection):
    before = collection.stats().snapshots
    collection.snapshot()
    until(lambda: collection.stats().snapshots > before and collection.stats().snapshot_failure is None)

folder = pathlib.Path(sys.argv[1])
"""
MAKE = """
index = open_index(folder)
for number in range(200):
    index.create(f"c{number}").put(document("first", number)).result(20)
index.close()
"""
WITH_FEW = """
limit(1024)
index = open_index(folder)
names = index.names()
assert len(names) == 201
for round_ in range(2):
    for number, name in enumerate(names):
        check(index.collection(name), f"round {round_}", 1_000 * (round_ + 1) + number)
for name in names:
    assert index.collection(name).count() == (2 if name == "default" else 3)
assert index.well
try:
    index.create("one-more")
    raise AssertionError
except CollectionNameError as error:
    assert "ulimit -n" in str(error)
check(index.collection(), "last", 9_999)
index.close()
"""
REFUSED = """
limit(1024)
index = open_index(folder)
made = 0
try:
    for number in range(200):
        index.create(f"c{number}")
        made += 1
    raise AssertionError
except CollectionNameError as error:
    assert "ulimit -n" in str(error)
assert made > 100
for number in range(made):
    check(index.collection(f"c{number}"), "a", number)
assert index.well
index.close()
"""
WHILE_WRITING = """
limit(256)
index = open_index(folder)
collection = index.collection()
collection.put_many([document(str(number), number) for number in range(200)]).result(20)
assert collection.wait_for_words(60)
assert collection.wait_until_viewed(60)
first = collection
for round_ in range(3):
    eaten = eat()
    for number in range(20):
        collection.put(document(f"eaten {number}", 1_000 + number)).result(20)
    collection.snapshot()
    until(lambda: "open files" in str(collection.stats().snapshot_failure))
    until(lambda: collection.stats().words_failure is not None or not collection.stats().words_pending)
    assert index.well, collection.stats()
    release(eaten)
    check(collection, f"after {round_}", 2_000 + round_)
    check_snapshot(collection)
    until(lambda: collection.stats().words_failure is None)
    assert index.collection() is first
    assert collection.health().problems == ()
index.close()
index = open_index(folder)
assert index.collection().count() == 223
assert index.collection().health().problems == ()
index.close()
"""
AT_AN_OPEN = """
limit(700)
index = open_index(folder)
opened = refused = 0
for left in range(16):
    eaten = eat(left)
    try:
        index.create(f"made-{left}")
        opened += 1
    except StorageFullError:
        refused += 1
        assert not (folder / "collections" / f"made-{left}").exists()
    release(eaten)
    for name in (f"made-{left}", "default"):
        check(index.create(name), f"after {left}", left)
        check_snapshot(index.collection(name))
assert index.well
index.close()
assert refused
for left in range(24):
    eaten = eat(left)
    index = None
    try:
        index = open_index(folder)
        opened += 1
    except (IndexRoomError, OSError):
        refused += 1
    release(eaten)
    index = index or open_index(folder)
    check(index.collection(), f"after {left}", 100 + left)
    check_snapshot(index.collection())
    assert index.well
    index.close()
print(opened, refused)
"""


def run(script: str, folder: Path) -> None:
    command = [sys.executable, "-c", EATING + script, str(folder)]
    done = subprocess.run(command, check=False, timeout=400, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr


def test_two_hundred_collections_are_served_with_1024_descriptors(tmp_path: Path) -> None:
    run(MAKE, tmp_path)
    run(WITH_FEW, tmp_path)


def test_a_collection_that_would_not_fit_is_refused_in_words_before_anything_breaks(tmp_path: Path) -> None:
    run(REFUSED, tmp_path)


def test_what_is_written_while_no_descriptor_is_left_is_there_and_the_rest_comes_back(tmp_path: Path) -> None:
    run(WHILE_WRITING, tmp_path)


def test_no_open_that_lacked_a_descriptor_leaves_anything_that_cannot_be_written(tmp_path: Path) -> None:
    run(AT_AN_OPEN, tmp_path)
