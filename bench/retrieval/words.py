"""BM25 as a good library computes it: bm25s in an environment of its own, a process that reads and writes a folder."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from bench.environments import FOLDER, quiet_environment
from bench.errors import BenchError
from bench.peers.checkpoints import SERVICES
from bench.peers.pins import decisive_versions
from export import prepare_environment, run_command

SCRIPT, PINS = SERVICES / "bm25s_scores.py", SERVICES / "bm25s.txt"
ASKED, SCORES = "asked.json", "scores.json"


class Asked(msgspec.Struct, frozen=True):
    """What the process reads; `wanted` are the places of documents whose scores each query wants besides its best."""

    documents: Sequence[str]
    queries: Sequence[str]
    wanted: Sequence[Sequence[int]]
    top_k: int


class WordScores(msgspec.Struct, frozen=True):
    """A query's best documents that hold a word of it, best first; and the scores of those and of the wanted ones."""

    order: list[int]
    scores: dict[int, float]


def bm25_versions() -> dict[str, str]:
    return decisive_versions(PINS)


def score_words(asked: Asked) -> list[WordScores]:
    """Score the documents by their words; the environment is made first where it is missing.

    Raises:
        BenchError: the process left no scores of every query.
        ExportError: the environment cannot be made, or the process failed.
    """
    python = prepare_environment("bm25s", PINS)
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=FOLDER) as name:
        folder = Path(name)
        (folder / ASKED).write_bytes(msgspec.json.encode(asked))
        run_command([str(python), str(SCRIPT), name], quiet_environment())
        found = msgspec.json.decode((folder / SCORES).read_bytes(), type=list[WordScores])
    if len(found) != len(asked.queries):
        message = f"bm25s scored {len(found)} queries of {len(asked.queries)}"
        raise BenchError(message)
    return found
