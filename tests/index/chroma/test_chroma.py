"""Filters mean what chromadb 1.5.9 says, where the two dialects meet.

They differ in this:
- chromadb takes one field and one operator at a time and two parts of $and and $or at least; here several fields, and
  several operators of a field, are joined by "and", and one part is enough.
- $not and $exists are vecd's alone; $not_contains is {"$not": {"$contains": ...}} here.
- $gt and its like compare strings here too; both refuse booleans.
- Lists of $in and $nin hold one kind of value there, any here; an empty one is refused there, and matches nothing ($in)
  or everything ($nin) here.
- 1 and 1.0 are equal in both. But chromadb cuts off a fraction before it compares it with an integer, so that 2.5
  equals 2 there, and makes a float of an integer that is compared with one, so that 2**53 + 1 equals 2.0**53.
- Within lists in metadata 1 and 1.0 are different values there.
- chromadb's lists in metadata are not empty and hold one kind, without null and objects; here they are JSON.
- An integer over 64 bits is refused here and becomes a float there.
- A field's name may be empty or begin with $ here, though a filter cannot name the latter.
"""

import random
from pathlib import Path
from typing import Any

import pytest

from index import Document, FilterError, Query, parse_filter
from tests.index.chroma.environment import ask_chroma
from tests.index.chroma.translation import to_chroma
from tests.index.harness import open_index
from tests.index.made_up import filter_, metadata
from tests.index.vectors import one

pytestmark = pytest.mark.e2e

DOCUMENTS, FILTERS = 300, 2_000


def test_two_thousand_filters_find_the_same_documents(tmp_path: Path) -> None:
    random_ = random.Random(3)
    documents = [metadata(random_, whole=False) for _ in range(DOCUMENTS)]
    filters = [filter_(random_, whole=False) for _ in range(FILTERS)]
    answers = ask_chroma(documents, [to_chroma(given) for given in filters], tmp_path)
    index = open_index(None)
    collection = index.collection()
    collection.put_many([Document(str(number), "", facts, one(1)) for number, facts in enumerate(documents)]).result()
    sizes = []
    for given, answer in zip(filters, answers, strict=True):
        hits = collection.search(Query(vector=one(1), filter=given, top_k=DOCUMENTS, threshold=-1))
        assert sorted(int(hit.id) for hit in hits) == answer, given
        sizes.append(len(hits))
    index.close()
    assert sum(0 < size < DOCUMENTS for size in sizes) > FILTERS / 2, "most filters choose nothing or everything"


Differing = tuple[dict[str, Any], list[str] | None, list[str] | None]
METADATA: dict[str, dict[str, Any]] = {
    "integer": {"a": 1},
    "integers": {"a": [1, 2]},
    "floats": {"a": [1.0, 2.5]},
    "text": {"a": "x"},
    "large": {"b": 2.0**53},
    "nothing": {},
}
# The filter, who matches here and who matches there; None is refused.
DIFFERENCES: list[Differing] = [
    ({"a": {"$gt": 0, "$lt": 2}}, ["integer"], None),
    ({"a": 1, "b": {"$ne": 1}}, ["integer"], None),
    ({"$and": [{"a": 1}]}, ["integer"], None),
    ({"$not": {"a": {"$gt": 0}}}, ["integers", "floats", "text", "large", "nothing"], None),
    ({"a": {"$exists": False}}, ["large", "nothing"], None),
    ({"a": {"$not_contains": 1}}, None, ["integer", "floats", "text", "large", "nothing"]),
    ({"a": {"$gt": "w"}}, ["text"], None),
    ({"a": {"$in": [1, "x"]}}, ["integer", "text"], None),
    ({"a": {"$in": []}}, [], None),
    ({"a": {"$nin": []}}, ["integer", "integers", "floats", "text", "large", "nothing"], None),
    ({"a": {"$contains": 1}}, ["integers", "floats"], ["integers"]),
    ({"a": 1.5}, [], ["integer"]),
    ({"b": 2**53 + 1}, [], ["large"]),
    ({"a": {"$contains": 1.0}}, ["integers", "floats"], ["floats"]),
]


def test_where_the_dialects_differ_they_differ_as_is_said(tmp_path: Path) -> None:
    names = list(METADATA)
    answers = ask_chroma(list(METADATA.values()), [given for given, _, _ in DIFFERENCES], tmp_path)
    index = open_index(None)
    collection = index.collection()
    collection.put_many([Document(name, "", facts, one(1)) for name, facts in METADATA.items()]).result()
    for (given, here, there), answer in zip(DIFFERENCES, answers, strict=True):
        assert (None if isinstance(answer, str) else [names[number] for number in answer]) == there, given
        if here is None:
            with pytest.raises(FilterError):
                parse_filter(given)
            continue
        hits = collection.search(Query(vector=one(1), filter=given, threshold=-1))
        assert sorted(hit.id for hit in hits) == sorted(here), given
    index.close()
