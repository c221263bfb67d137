"""Test collections: a folder holds `corpus.jsonl`, `queries.jsonl` and `qrels.json`.

A line of the first two is {"id" or "_id", "text"}, of the corpus with a "title" too where there is one; the third is
{query id: {document id: relevance}}. A document's text is its title, a space and its text, as BEIR joins them.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from bench.errors import BenchError

CORPUS, QUERIES, JUDGMENTS = "corpus.jsonl", "queries.jsonl", "qrels.json"

Shape = TypeVar("Shape")
Judgments = Mapping[str, int]  # relevance by the document's id; 0 is judged and not relevant


class Line(msgspec.Struct, frozen=True):
    """A line of the corpus or of the queries; BEIR's own files call the id `_id`."""

    text: str
    title: str = ""
    id: str = ""
    beir_id: str = msgspec.field(name="_id", default="")

    @property
    def named(self) -> str:
        return self.id or self.beir_id

    @property
    def whole(self) -> str:
        return f"{self.title} {self.text}".strip()


class JudgedCollection(msgspec.Struct, frozen=True):
    """Documents and queries with their ids, and each query's judgments.

    Documents without a text are left out, and so are queries without a text or without a relevant document.
    """

    name: str
    document_ids: list[str]
    documents: list[str]
    queries: list[str]
    judgments: list[Judgments]
    documents_left_out: int
    queries_left_out: int


def find_collections(given: Sequence[Path]) -> list[JudgedCollection]:
    """Read each folder that is a test collection, and those right below each that is none.

    Raises:
        BenchError: a folder neither is nor holds one, two have one name, or a file is not as it should be.
        OSError: a file cannot be read.
    """
    folders = [folder for one in given for folder in _folders(one)]
    names = [folder.resolve().name for folder in folders]
    for name in names:
        if names.count(name) > 1:
            message = f"--data: two test collections are named {name!r}; figures are told apart by the folders' names"
            raise BenchError(message)
    return [read_collection(folder) for folder in folders]


def _folders(given: Path) -> list[Path]:
    if (given / CORPUS).is_file():
        return [given]
    found = sorted(path.parent for path in given.glob(f"*/{CORPUS}"))
    if not found:
        message = f"--data {given}: neither it nor a folder in it holds {CORPUS}, {QUERIES} and {JUDGMENTS}"
        raise BenchError(message)
    return found


def read_collection(folder: Path) -> JudgedCollection:
    """Read one test collection.

    Raises:
        BenchError: a file is not as it should be, or no query has a relevant document.
        OSError: a file cannot be read.
    """
    corpus, asked = list(_lines(folder / CORPUS)), list(_lines(folder / QUERIES))
    judgments = _decode(folder / JUDGMENTS, (folder / JUDGMENTS).read_bytes(), dict[str, dict[str, int]])
    documents = [one for one in corpus if one.whole]
    queries = [one for one in asked if one.text.strip() and max(judgments.get(one.named, {}).values(), default=0) > 0]
    if len({one.named for one in documents}) < len(documents):
        message = f"{folder / CORPUS}: two documents have one id"
        raise BenchError(message)
    if not queries:
        message = f"{folder}: no query has a relevant document"
        raise BenchError(message)
    return JudgedCollection(
        name=folder.resolve().name,
        document_ids=[one.named for one in documents],
        documents=[one.whole for one in documents],
        queries=[one.text for one in queries],
        judgments=[judgments[one.named] for one in queries],
        documents_left_out=len(corpus) - len(documents),
        queries_left_out=len(asked) - len(queries),
    )


def _lines(path: Path) -> Iterator[Line]:
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if line.strip():
            one = _decode(path, line, Line, f", line {number}")
            if not one.named:
                message = f"{path}, line {number}: it has no id"
                raise BenchError(message)
            yield one


def _decode(path: Path, content: bytes, shape: type[Shape], where: str = "") -> Shape:
    try:
        return msgspec.json.decode(content, type=shape)
    except msgspec.DecodeError as error:
        message = f"{path}{where}: {error}"
        raise BenchError(message) from error
