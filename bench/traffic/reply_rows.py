"""Embeddings in the forms that replies hold them in: JSON, MessagePack, raw float32, objects by index, base64.

A reply of another form raises a KeyError, a TypeError, a ValueError or an error of msgspec's.
"""

import base64
from typing import Any

import msgspec
import numpy as np

from bench.traffic.connection import Reply

SHAPE_HEADER = b"x-embedding-shape"
FLOAT32 = np.dtype("<f4")


def read_json(reply: Reply) -> Any:
    return msgspec.json.decode(reply.body)


def read_msgpack(reply: Reply) -> Any:
    return msgspec.msgpack.decode(reply.body)


def read_floats(reply: Reply) -> list[list[float]]:
    """Return the rows of a body of little-endian float32; a header holds its shape, `rows,columns`."""
    shape = reply.header(SHAPE_HEADER)
    if shape is None:
        message = f"no header {SHAPE_HEADER.decode()}"
        raise ValueError(message)
    rows, columns = map(int, shape.split(","))
    found: list[list[float]] = np.frombuffer(reply.body, FLOAT32).reshape(rows, columns).tolist()
    return found


def by_index(reply: Any) -> list[object]:
    """Return the embeddings of objects that hold their own index, in its order."""
    return [one["embedding"] for one in sorted(reply["data"], key=lambda one: one["index"])]


def by_index_base64(reply: Any) -> list[list[float]]:
    """Return the embeddings of such objects that hold base64 of little-endian float32."""
    return [_floats(one) for one in by_index(reply)]


def _floats(text: Any) -> list[float]:
    found: list[float] = np.frombuffer(base64.b64decode(text, validate=True), FLOAT32).tolist()
    return found
