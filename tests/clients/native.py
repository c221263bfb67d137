"""What vecd answers in its own dialect: the truth that every client's vectors are held against."""

from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np

from tests.clients.programs import Rows


class Native:
    """Asks a server for embeddings."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def rows(self, texts: Sequence[str], **options: object) -> Rows:
        return np.array(self.answer(texts, **options)["embeddings"], np.float32)

    def tokens(self, texts: Sequence[str]) -> int:
        return sum(self.answer(texts)["tokens"])

    def answer(self, texts: Sequence[str], **options: object) -> dict[str, Any]:
        answer = self._client.post("/embed", json={"texts": texts} | options)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def equal_bits(found: Rows, expected: Rows) -> bool:
    """Tell whether the vectors are the same to the last bit; both must have the same shape."""
    return found.shape == expected.shape and found.tobytes() == expected.tobytes()
