"""Rows of float32 to bytes: JSON in slices that let others have their turn, MessagePack, base64, raw.

orjson writes float32 arrays in their shortest form, without a detour through lists, and holds the interpreter lock
meanwhile: 2,048 rows in one piece would keep everybody waiting for 40 ms.
"""

import asyncio
import base64
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import orjson
from numpy.typing import NDArray

from server.metrics import Metrics
from server.replies import JSON, NO_HEADERS, Reply
from server.work import Embeddings, Rows, Timing

OCTETS = "application/octet-stream"
MESSAGE_PACK = ("application/vnd.msgpack", "application/x-msgpack")
# What the native routes take and give.
BODIES = (JSON, *MESSAGE_PACK)
# Numbers that one slice holds, about a millisecond of encoding: 85 rows of 384.
SLICE_NUMBERS = 32_768
OPTIONS = orjson.OPT_SERIALIZE_NUMPY


async def encode_rows(rows: Rows) -> Any:
    """Return (texts, dimensions) as something that orjson writes as an array of arrays."""
    return await encode_array(len(rows), rows.shape[1], lambda part: rows[part])


async def encode_array(length: int, width: int, part: Callable[[slice], Any]) -> Any:
    """Return something that orjson writes as an array of so many elements of about `width` numbers each.

    `part` gives the elements of a slice.
    """
    step = max(1, SLICE_NUMBERS // max(1, width))
    if length <= step:
        return part(slice(0, length))
    pieces = []
    for start in range(0, length, step):
        await asyncio.sleep(0)
        pieces.append(orjson.dumps(part(slice(start, min(length, start + step))), option=OPTIONS)[1:-1])
    return orjson.Fragment(b"[" + b",".join(pieces) + b"]")


def encode_base64(row: NDArray[np.float32]) -> str:
    """Return little-endian float32 in base64, as OpenAI's clients ask for it."""
    return base64.b64encode(row.astype("<f4", copy=False).tobytes()).decode()


def reply_json(content: Any, found: Embeddings, metrics: Metrics, began_s: float) -> Reply:
    """Return an answer in JSON, with what every dialect says in headers; `began_s` is when its encoding began."""
    body = orjson.dumps(content, option=OPTIONS)
    metrics.encoded(time.perf_counter() - began_s)
    return Reply(body, headers=headers_for(found))


def encode_message_pack(fields: dict[str, Any]) -> bytes:
    """Return a map in MessagePack; arrays of float32 keep that type, which takes half the bytes of float64."""
    return msgspec.msgpack.encode({name: _packed(value) for name, value in fields.items()})


def _packed(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    # Each row is the head of an array of 16-bit length, then 0xca and four bytes, big end first, for each number.
    count, width = value.shape
    numbers = np.empty((count, width, 5), np.uint8)
    numbers[:, :, 0] = 0xCA
    numbers[:, :, 1:] = value.astype(">f4").view(np.uint8).reshape(count, width, 4)
    head = np.frombuffer(b"\xdc" + width.to_bytes(2, "big"), np.uint8)
    rows = np.concatenate([np.tile(head, (count, 1)), numbers.reshape(count, 5 * width)], axis=1)
    return msgspec.Raw(b"\xdd" + count.to_bytes(4, "big") + rows.tobytes())


def reply_bytes(rows: Rows, found: Embeddings) -> Reply:
    """Return rows as little-endian float32, one after the other; a header has their shape."""
    shape = {"x-embedding-shape": f"{rows.shape[0]},{rows.shape[1]}"}
    body = rows.astype("<f4", copy=False).tobytes()
    return Reply(body, media_type=OCTETS, headers=headers_for(found) | shape)


def headers_for(found: Embeddings) -> dict[str, str]:
    """Return what is said of embeddings besides themselves: times, how many texts were cut."""
    return timing_headers(found.timing, found.truncated)


def timing_headers(timing: Timing, truncated: Sequence[bool], search_s: float | None = None) -> dict[str, str]:
    """Return times (W3C Server Timing), and how many texts were cut."""
    search = "" if search_s is None else f", search;dur={search_s * 1e3:.3f}"
    headers = {
        "server-timing": f"queue;dur={timing.queue_s * 1e3:.3f}, tokenize;dur={timing.tokenize_s * 1e3:.3f}, "
        f"inference;dur={timing.inference_s * 1e3:.3f}{search}"
    }
    if any(truncated):
        headers["x-truncated-inputs"] = str(sum(truncated))
    return headers


def reply_in(media: str, content: Any, headers: Mapping[str, str] = NO_HEADERS, status: int = 200) -> Reply:
    """Return an answer in the media type that was agreed on."""
    return Reply(encode(content, media), status=status, media_type=media, headers=headers)


def encode(content: Any, media: str) -> bytes:
    """Return what holds no more than JSON knows, and rows of float32, in JSON or MessagePack."""
    if media == JSON:
        return orjson.dumps(content, option=OPTIONS)
    return msgspec.msgpack.encode(content, enc_hook=np.ndarray.tolist)
