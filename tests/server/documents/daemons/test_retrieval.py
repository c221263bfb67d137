"""What is served (int8 weights, float16 rows, a graph) finds what float32 and numpy find, on real sentences."""

import csv
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models import ARTIFACTS, load_manifest
from models.runtime import onnxruntime
from models.tokenizer import open_tokenizer
from tests.running import start_server
from tests.server.documents.daemons.asking import Asker

pytestmark = pytest.mark.e2e

FOLDER = ARTIFACTS / "all-MiniLM-L6-v2"
SAME_MEANING = 5.0
NEAREST = 10
SEARCHES = 200  # how many go in one request
ALLOWED_POINTS = 0.5
BATCH = 32
NDIM = 384

Rows = NDArray[np.float32]


def test_sentences_of_the_same_meaning_are_found_as_by_float32(sts: Path, tmp_path: Path) -> None:
    pairs = read_pairs(sts)
    sentences = sorted({sentence for first, second, _ in pairs for sentence in (first, second)})
    same = [(first, second) for first, second, gold in pairs if gold == SAME_MEANING and first != second]
    asked = same + [(second, first) for first, second in same]
    served = served_neighbours(tmp_path, sentences)
    exact = exact_neighbours(sentences)
    at_ten = [recall(found, asked, NEAREST) for found in (served, exact)]
    at_one = [recall(found, asked, 1) for found in (served, exact)]
    shared = 100 * float(np.mean([len(set(served[one]) & set(exact[one])) / NEAREST for one in sentences]))
    sys.stdout.write(
        f"\n{len(asked)} partners among {len(sentences)} sentences, served and exact float32: "
        f"recall@10 {at_ten[0]:.2f} and {at_ten[1]:.2f}, recall@1 {at_one[0]:.2f} and {at_one[1]:.2f}; "
        f"of the nearest 10 of each sentence {shared:.2f} % are the same\n"
    )
    assert at_ten[0] >= at_ten[1] - ALLOWED_POINTS
    assert shared >= 90


def recall(found: dict[str, list[str]], asked: list[tuple[str, str]], nearest: int) -> float:
    """How many partners in a hundred are among so many of the nearest."""
    return 100 * float(np.mean([partner in found[sentence][:nearest] for sentence, partner in asked]))


def read_pairs(sts: Path) -> list[tuple[str, str, float]]:
    with (sts / "stsb-en-dev.csv").open(encoding="utf-8", newline="") as file:
        return [(first, second, float(gold)) for first, second, gold in csv.reader(file)]


def served_neighbours(data: Path, sentences: list[str]) -> dict[str, list[str]]:
    """The nearest sentences of each, without itself, as the daemon finds them."""
    found: dict[str, list[str]] = {}
    with start_server("--data", str(data)) as server, Asker(server.host, server.port) as asker:
        answer = asker.lines([{"id": str(number), "text": one} for number, one in enumerate(sentences)])
        assert answer.body["indexed"] == len(sentences), answer
        for start in range(0, len(sentences), SEARCHES):
            some = sentences[start : start + SEARCHES]
            searches = [{"query": one, "top_k": NEAREST + 1, "threshold": -1} for one in some]
            results = asker.ask("POST", "/search/batch", {"searches": searches}).body["results"]
            for one, hits in zip(some, results, strict=True):
                found[one] = [hit["text"] for hit in hits if hit["text"] != one][:NEAREST]
    return found


def exact_neighbours(sentences: list[str]) -> dict[str, list[str]]:
    """The nearest sentences of each, without itself, by every product of float32 vectors of the float32 graph."""
    rows = fp32(sentences)
    scores = rows @ rows.T
    np.fill_diagonal(scores, -1)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :NEAREST]
    return {one: [sentences[number] for number in row] for one, row in zip(sentences, order, strict=True)}


def fp32(sentences: list[str]) -> Rows:
    session = onnxruntime.InferenceSession(str(FOLDER / "model.fp32.onnx"), providers=["CPUExecutionProvider"])
    tokenizer = open_tokenizer(FOLDER / "tokenizer.json", load_manifest(FOLDER).max_tokens)
    by_length: dict[int, list[tuple[int, list[int]]]] = defaultdict(list)  # texts of one length need no padding
    for number, ids in enumerate(one.ids for one in tokenizer.encode_batch(sentences)):
        by_length[len(ids)].append((number, ids))
    rows = np.empty((len(sentences), NDIM), np.float32)
    for group in by_length.values():
        for start in range(0, len(group), BATCH):
            some = group[start : start + BATCH]
            inputs = {"input_ids": np.array([ids for _, ids in some], np.int64)}
            rows[[number for number, _ in some]] = session.run(["sentence_embedding"], inputs)[0]
    return rows
