"""The STS benchmark (Cer et al. 2017, arXiv:1708.00055): pairs of sentences that people scored from 0 to 5.

In: a folder with stsb-en-dev.csv and stsb-en-test.csv, whose rows are sentence, sentence, score. The files are for
evaluation only and are not part of vecd.
"""

import csv
from pathlib import Path

import msgspec

from bench.errors import BenchError

FILES = {"dev": "stsb-en-dev.csv", "test": "stsb-en-test.csv"}


class Pair(msgspec.Struct, frozen=True):
    """Two sentences and how similar people found them, 0 to 5."""

    first: str
    second: str
    score: float


def read_pairs(folder: Path, name: str) -> list[Pair]:
    """Return the pairs of the set `dev` or `test` in the order of the file.

    Raises:
        BenchError: the file is missing or damaged; the message names the row.
    """
    path = folder / FILES[name]
    try:
        with path.open(encoding="utf-8", newline="") as file:
            pairs = [_pair(row, path, number) for number, row in enumerate(csv.reader(file), 1)]
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror}); --data names the folder of the STS benchmark's CSV files"
        raise BenchError(message) from error
    except (UnicodeDecodeError, csv.Error) as error:
        message = f"{path} is not CSV in UTF-8: {error}"
        raise BenchError(message) from error
    if not pairs:
        message = f"{path} is empty"
        raise BenchError(message)
    return pairs


def _pair(row: list[str], path: Path, number: int) -> Pair:
    try:
        first, second, score = row
        return Pair(first, second, float(score))
    except ValueError as error:
        message = f"{path}, row {number}: it should be sentence, sentence, score, and is {row}"
        raise BenchError(message) from error


def read_sentences(folder: Path) -> list[str]:
    """Return every sentence of both sets once, in the order of the files."""
    pairs = [pair for name in FILES for pair in read_pairs(folder, name)]
    return list(dict.fromkeys(text for pair in pairs for text in (pair.first, pair.second)))
