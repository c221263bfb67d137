from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.retrieval.collections import find_collections, read_collection
from tests.bench.retrieval.collection_folders import write_collection

DOCUMENTS = [{"id": "1", "text": "a cat"}, {"id": "2", "title": "Dogs", "text": "bark"}, {"id": "3", "text": " "}]


def test_documents_without_a_text_and_queries_without_a_relevant_document_are_left_out(tmp_path: Path) -> None:
    queries = {"a": "cats", "b": "birds", "c": "fish", "d": " "}
    judgments = {"a": {"1": 1, "3": 2}, "b": {"1": 0}, "d": {"1": 1}}
    found = read_collection(write_collection(tmp_path / "pets", DOCUMENTS, queries, judgments))
    assert (found.name, found.document_ids, found.documents_left_out) == ("pets", ["1", "2"], 1)
    assert (found.queries, found.queries_left_out) == (["cats"], 3)
    assert found.judgments == [{"1": 1, "3": 2}]


def test_a_title_stands_before_the_text_and_beir_s_ids_are_read(tmp_path: Path) -> None:
    documents = [{"_id": "x", "title": "Dogs", "text": "bark", "metadata": {}}]
    found = read_collection(write_collection(tmp_path / "beir", documents, {"q": "dogs"}, {"q": {"x": 1}}))
    assert (found.document_ids, found.documents) == (["x"], ["Dogs bark"])


def test_a_folder_of_folders_and_a_folder_of_its_own_are_found(tmp_path: Path) -> None:
    for name in ("all/b", "all/a", "alone"):
        write_collection(tmp_path / name, DOCUMENTS, {"q": "cats"}, {"q": {"1": 1}})
    assert [one.name for one in find_collections([tmp_path / "all", tmp_path / "alone"])] == ["a", "b", "alone"]


def test_two_of_one_name_are_refused_since_their_figures_would_be_one(tmp_path: Path) -> None:
    for name in ("first/pets", "second/pets"):
        write_collection(tmp_path / name, DOCUMENTS, {"q": "cats"}, {"q": {"1": 1}})
    with pytest.raises(BenchError, match="two test collections are named 'pets'"):
        find_collections([tmp_path / "first", tmp_path / "second"])


def test_what_is_no_test_collection_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="neither it nor a folder in it"):
        find_collections([tmp_path])
    folder = write_collection(tmp_path / "pets", DOCUMENTS, {"q": "cats"}, {"q": {"1": 0}})
    with pytest.raises(BenchError, match="no query has a relevant document"):
        read_collection(folder)
    (folder / "queries.jsonl").write_text('\n{"text": "cats"}\n')
    with pytest.raises(BenchError, match=r"queries.jsonl, line 2: it has no id"):
        read_collection(folder)
    (folder / "corpus.jsonl").write_text('{"id": "1", "text": "a"}\n{"id": "1", "text": "b"}\n')
    (folder / "queries.jsonl").write_text('{"id": "q", "text": "cats"}\n')
    (folder / "qrels.json").write_text('{"q": {"1": 1}}')
    with pytest.raises(BenchError, match="two documents have one id"):
        read_collection(folder)
    (folder / "corpus.jsonl").write_text('{"id": "1"}\n')
    with pytest.raises(BenchError, match=r"corpus.jsonl, line 1: .*`text`"):
        read_collection(folder)
