"""Answers to bytes: JSON in slices between which other requests run, MessagePack, base64, raw float32.

orjson writes float32 arrays in their shortest form, without lists in between, and holds the interpreter lock meanwhile:
2,048 rows in one piece would block every other request for 40 ms. Answers take turns: whatever is encoded at once, the
event loop has one slice a turn.
"""

import asyncio
import base64
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
import numpy as np
import orjson
from numpy.typing import NDArray

from server.contract.embedding import Rows, Timing
from server.web.aside import run_aside
from server.web.messagepack import MESSAGE_PACK, encode_message_pack
from server.web.replies import JSON
from server.web.request_state import encoding_turns, hold_part

OCTETS = "application/octet-stream"
# The media types that native routes take and give.
BODIES = (JSON, *MESSAGE_PACK)
# Numbers of one slice, about a millisecond of encoding: 85 rows of 384.
SLICE_NUMBERS = 32_768
# Of a float32 and its shortest JSON; both are in memory while an answer is made.
NUMBER_BYTES = 16
# From so many bytes on, texts and metadata are encoded on a thread; fewer take some hundred microseconds at most.
THREAD_BYTES = 65_536
OPTIONS = orjson.OPT_SERIALIZE_NUMPY


async def encode_rows(rows: Rows) -> Any:
    """Return rows (texts, dimensions) as a value that orjson writes as an array of arrays."""
    return await encode_array(len(rows), rows.shape[1], lambda part: rows[part])


async def encode_array(length: int, width: int, part: Callable[[slice], Any]) -> Any:
    """Return a value that orjson writes as an array of `length` elements of about `width` numbers each.

    `part` returns the elements of a slice.

    Raises:
        UnavailableError: there is no room for it.
    """
    hold_part(length * width * NUMBER_BYTES)
    step = max(1, SLICE_NUMBERS // max(1, width))
    if length <= step:
        return part(slice(0, length))
    turns, pieces = encoding_turns(), []
    for start in range(0, length, step):
        async with turns:
            await asyncio.sleep(0)
            pieces.append(orjson.dumps(part(slice(start, min(length, start + step))), option=OPTIONS)[1:-1])
    return orjson.Fragment(b"[" + b",".join(pieces) + b"]")


def encode_base64(row: NDArray[np.float32]) -> str:
    """Return a row as little-endian float32 in base64, as OpenAI's clients expect it."""
    return base64.b64encode(row.astype("<f4", copy=False).tobytes()).decode()


def encode_bytes(rows: Rows) -> tuple[bytes, dict[str, str]]:
    """Return rows as little-endian float32, row after row, and the header with their shape."""
    shape = {"x-embedding-shape": f"{rows.shape[0]},{rows.shape[1]}"}
    return rows.astype("<f4", copy=False).tobytes(), shape


def encode(content: Any, media: str) -> bytes:
    """Encode structs, or plain values with float32 arrays, as JSON or MessagePack."""
    if media != JSON:
        return encode_message_pack(content)
    if isinstance(content, msgspec.Struct):
        return msgspec.json.encode(content)
    return orjson.dumps(content, option=OPTIONS)


async def encode_aside(content: Any, media: str, size_bytes: int) -> bytes:
    """Encode content with texts of about `size_bytes`; on a thread where they are large.

    Raises:
        UnavailableError: there is no room for it.
    """
    if size_bytes < THREAD_BYTES:
        return encode(content, media)
    hold_part(size_bytes)
    return await run_aside(partial(encode, content, media))


def timing_headers(timing: Timing, truncated: Sequence[bool], search_s: float | None = None) -> dict[str, str]:
    """Return the headers with the times (W3C Server Timing) and with the number of truncated texts, if any."""
    search = "" if search_s is None else f", search;dur={search_s * 1e3:.3f}"
    index = f", index;dur={timing.index_s * 1e3:.3f}" if timing.index_s else ""
    headers = {
        "server-timing": f"queue;dur={timing.queue_s * 1e3:.3f}, tokenize;dur={timing.tokenize_s * 1e3:.3f}, "
        f"inference;dur={timing.inference_s * 1e3:.3f}{search}{index}"
    }
    if any(truncated):
        headers["x-truncated-inputs"] = str(sum(truncated))
    return headers
