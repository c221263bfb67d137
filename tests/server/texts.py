"""Texts that every dialect is asked for, and the native answer, which is the truth about them."""

from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from tests.tiny import MAX_TOKENS

Rows = NDArray[np.float32]

TEXTS = ["first text", "a second, longer one", "émoji 😀", "x"]
# 120 letters; both ends differ, and 46 of them fit.
LONG = " ".join("abcdefghij" * 6 + "klmnopqrst" * 6)
HEAD = " ".join(("abcdefghij" * 6 + "klmnopqrst" * 6)[: MAX_TOKENS - 2])
TAIL = " ".join(("abcdefghij" * 6 + "klmnopqrst" * 6)[-(MAX_TOKENS - 2) :])


def rows(value: Any) -> Rows:
    return np.array(value, np.float32)


def native(client: httpx.Client, *texts: str, **options: object) -> Rows:
    """Return what the native dialect embeds, computed anew."""
    answer = client.post("/embed", json={"texts": list(texts), "cache": False, **options})
    assert answer.status_code == 200, answer.text
    return rows(answer.json()["embeddings"])


def same(found: Rows, expected: Rows) -> bool:
    """Tell whether rows have the same shape and bits."""
    return found.shape == expected.shape and found.tobytes() == expected.tobytes()


def ok(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()
