"""Documents by number, without end: whoever knows the number and the model knows text, facts and vector. Pure."""

import numpy as np
from numpy.typing import NDArray

from index import Document

NDIM = 384
CENTRES, OFF = 5_000, 0.8
TENTHS = 10

Rows = NDArray[np.float32]


def centres(model: int) -> Rows:
    """Return the rows (CENTRES, NDIM) around which those of a model lie."""
    return np.random.default_rng([model, 1]).normal(size=(CENTRES, NDIM)).astype(np.float32)


class Maker:
    """Makes the documents that a model of this number has computed."""

    def __init__(self, model: int) -> None:
        self._model = model
        self._centres = centres(model)

    def row(self, number: int) -> Rows:
        """Return the vector (NDIM,) of a document, of length 1."""
        noise = np.random.default_rng([self._model, 2, number]).normal(size=NDIM).astype(np.float32)
        found = self._centres[number % CENTRES] + np.float32(OFF) * noise
        return np.asarray(found / np.linalg.norm(found), np.float32)

    def document(self, number: int) -> Document:
        return Document(id_of(number), text_of(number), {"number": number, "tenth": number % TENTHS}, self.row(number))


def id_of(number: int) -> str:
    return f"document/{number}"


def number_of(id_: str) -> int:
    return int(id_.removeprefix("document/"))


def text_of(number: int) -> str:
    """Return a text of a word that it has alone, one that some hundreds share, and one that all do."""
    return f"word{number} shared{number % CENTRES} everywhere"


def number_in(text: str) -> int:
    return int(text.split(maxsplit=1)[0].removeprefix("word"))
