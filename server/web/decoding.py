"""A request's body: bytes in, a typed struct out, or an error that says what is wrong and where.

Strict: wrong types, lone surrogates, invalid UTF-8, deep nesting and, where the struct forbids them, unknown fields are
the client's mistakes. Of a field that is given twice, the last one counts.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import msgspec
from litestar.types import Receive

from server.contract.errors import InvalidInputError
from server.web.aside import run_aside
from server.web.collector import UNCOLLECTED
from server.web.errors import TooLargeError, UnsupportedMediaError
from server.web.measuring import Measure, measure_json, widening
from server.web.messagepack import MESSAGE_PACK, measure_packed
from server.web.replies import JSON
from server.web.request_state import hold_decoded, state_of
from server.web.steps import decode_in_steps

T = TypeVar("T")
NO_HINTS: Mapping[str, str] = {}

# What is larger is measured before it is decoded, and decoded on a thread, in steps.
LARGE_BYTES = 256 * 1024
# What is smaller is not counted beside its body: its values take little.
SMALL_BYTES = 16 * 1024
# The values of a body of the usual limits: 5,000 vectors of 384 numbers are two million. They take 0.2 s at most.
MAX_VALUES = 2_500_000
# What the values of a body may take besides the characters of texts: so many times its size, and this in any case.
# Empty lists in a list would take 30 times their size.
MEMORY_SHARE, FREE_BYTES = 10, 8_000_000
# What some programs begin a file of UTF-8 with; it is no part of the text (RFC 8259, section 8.1: it may be ignored).
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Half of a pair by which JSON writes a character beyond U+FFFF, without the other half.
LONE_SURROGATE = re.compile(
    rb"\\u[dD][89aAbB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89aAbB][0-9a-fA-F]{2})\\u[dD][c-fC-F]"
)
ESCAPE_BYTES = len(rb"\ud800")
# In what msgspec says of it is one of these.
OF_SURROGATES = ("truncated", "surrogate", "escape")
SEARCHED_BYTES = 32 * 1024
# The content type that curl -d sends.
FORM = "application/x-www-form-urlencoded"
# Among what a route takes: a body of JSON under any name, or none.
ANY = "*/*"


def media_taken(scope: Any, takes: Sequence[str]) -> str:
    """Return the media type of a request's body.

    Raises:
        UnsupportedMediaError: the route does not accept it.
    """
    headers = state_of(scope).headers
    encoding = headers.get(b"content-encoding", b"identity").decode("latin-1")
    content_type = headers.get(b"content-type", b"").decode("latin-1")
    essence = check_media(content_type, encoding, takes)
    if essence == FORM and b"origin" in headers:
        # A page may send this type to any origin without a preflight.
        message = f"a page must send the content type {JSON}"
        raise UnsupportedMediaError(message)
    return essence


def decode(body: bytes, media: str, kind: type[T], hints: Mapping[str, str] = NO_HINTS) -> T:
    """Decode a body of a media type that was taken; `hints` say what is meant by fields that are not known.

    Raises:
        InvalidInputError: the body is not of that type, or not of that kind; the message says where.
        DocumentError, FilterError, VectorError: metadata, a filter or a vector is far larger than any that is valid.
    """
    try:
        if media in MESSAGE_PACK:
            return decode_message_pack(body, kind)
        return decode_json(body.removeprefix(BYTE_ORDER_MARK), kind)
    except InvalidInputError as error:
        for field, hint in hints.items():
            if f"unknown field `{field}`" in str(error):
                message = f"{error}; {hint}"
                raise InvalidInputError(message, error.parameter) from error
        raise


async def decode_aside(body: bytes, media: str, kind: type[T], hints: Mapping[str, str] = NO_HINTS) -> T:
    """Decode as `decode`; on a thread where the body is large. What it is decoded into is counted before.

    Raises:
        OverloadedError: there is no room for it.
    """
    if len(body) > SMALL_BYTES:
        measured = partial(decoded_bytes, body, media)
        # The values of MessagePack are looked at one by one: 0.1 s for 250,000.
        aside = len(body) > LARGE_BYTES or media in MESSAGE_PACK
        hold_decoded(await run_aside(measured) if aside else measured())
    decoded = partial(decode, body, media, kind, hints)
    return await run_aside(decoded) if len(body) > LARGE_BYTES else decoded()


def decoded_bytes(body: bytes, media: str) -> int:
    """Return the most memory that a body takes once it is decoded, beside its own.

    Raises:
        InvalidInputError: it would make too much of memory.
    """
    measure = measure_packed(body, MAX_VALUES) if media in MESSAGE_PACK else measure_json(body)
    if len(body) > LARGE_BYTES:
        check_measure(measure, len(body))
    return measure.size_bytes + widening(body) * measure.text_bytes


async def read_body(receive: Receive, max_body_bytes: int, hold: Callable[[int], None]) -> bytes:
    """Return the whole body; `hold` is called with the size of each piece before the next one is received.

    Raises:
        TooLargeError: it has more than `max_body_bytes`.
        OverloadedError: `hold` has no room.
        InvalidInputError: the client left before its end.
    """
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            ended = "the body ended early"
            raise InvalidInputError(ended)
        parts.append(message["body"])
        size += len(message["body"])
        if size > max_body_bytes:
            large = f"the body is larger than max_body_bytes, {max_body_bytes}"
            raise TooLargeError(large)
        hold(len(message["body"]))
        more = message["more_body"]
    if len(parts) == 1:
        return parts[0]
    # To join a large body takes up to 20 ms, most of it without the interpreter lock.
    return b"".join(parts) if size <= LARGE_BYTES else await run_aside(partial(b"".join, parts))


def check_media(content_type: str, content_encoding: str, takes: Sequence[str] = (JSON,)) -> str:
    """Return the media type, if it is one of `takes`; no content encoding is supported.

    Raises:
        UnsupportedMediaError: another content type, charset or encoding.
    """
    if content_type == JSON and content_encoding == "identity":
        return JSON
    essence, _, parameters = content_type.partition(";")
    essence = essence.strip().lower()
    if ANY in takes and essence != JSON:
        # A browser may send some types anywhere without asking first: the caller must look where it comes from.
        essence, parameters = FORM, ""
    elif essence not in takes:
        message = f"the content type is {content_type or 'missing'!r}; this route takes {', '.join(takes)}"
        raise UnsupportedMediaError(message)
    for parameter in parameters.lower().split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip(' "') not in {"utf-8", "utf8"}:
            message = f"the content type says {parameter.strip()!r}; JSON is UTF-8"
            raise UnsupportedMediaError(message)
    if content_encoding.strip().lower() not in {"", "identity"}:
        message = f"the content encoding is {content_encoding!r}; bodies are taken as they are"
        raise UnsupportedMediaError(message)
    return essence


def decode_json(body: bytes, kind: type[T]) -> T:
    """Decode strictly.

    Raises:
        InvalidInputError: the body is not JSON, or not of that kind; the message says where.
    """
    if len(body) > LARGE_BYTES:
        check_measure(measure_json(body), len(body))
    return _decode(msgspec.json.decode, body, kind, "JSON in UTF-8")


def decode_message_pack(body: bytes, kind: type[T]) -> T:
    """Decode strictly.

    Raises:
        InvalidInputError: the body is not MessagePack, or not of that kind; the message says where.
    """
    if len(body) > LARGE_BYTES:
        check_measure(measure_packed(body, MAX_VALUES), len(body))
    return _decode(msgspec.msgpack.decode, body, kind, "MessagePack")


def check_measure(measure: Measure, size: int) -> None:
    """Raise InvalidInputError where a body of `size` bytes would make too much of memory."""
    if measure.values > MAX_VALUES:
        message = f"the body has more than {MAX_VALUES} values"
        raise InvalidInputError(message)
    if measure.size_bytes > MEMORY_SHARE * size + FREE_BYTES:
        message = f"the body has {measure.values} values in {size} bytes, which would take {MEMORY_SHARE} times as much"
        raise InvalidInputError(message)


def _decode(decode: Any, body: bytes, kind: type[T], name: str) -> T:
    if not body:
        message = "the body is missing"
        raise InvalidInputError(message)
    try:
        if len(body) <= LARGE_BYTES:
            small: T = decode(body, type=kind)
            return small
        with UNCOLLECTED:
            return decode_in_steps(decode, body, kind)
    except msgspec.ValidationError as error:
        message = f"the body does not fit: {error}"
        raise InvalidInputError(message, _place(str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"the body is not {name}: {_reason(error, body)}"
        raise InvalidInputError(message) from error
    except RecursionError as error:
        message = "the body is nested too deep"
        raise InvalidInputError(message) from error


def _reason(error: Exception, body: bytes) -> str:
    """Return what is wrong with a body; of half a surrogate pair msgspec says, among others, that the input is cut."""
    place = lone_surrogate(body) if any(word in str(error) for word in OF_SURROGATES) else None
    if place is None:
        return str(error)
    escape = body[place : place + ESCAPE_BYTES].decode()
    return f"{escape} at byte {place} is half of a surrogate pair, without the other half"


def lone_surrogate(body: bytes) -> int | None:
    """Return where the first one begins; looked for in parts, since a search keeps the interpreter lock."""
    for start in range(0, len(body), SEARCHED_BYTES):
        end = start + SEARCHED_BYTES
        found = LONE_SURROGATE.search(body, start, end + 2 * ESCAPE_BYTES)
        if found is not None and found.start() < end:
            return found.start()
    return None


def _place(message: str) -> str | None:
    """Return the field that msgspec's message names, as in "Expected `str`, got `int` - at `$.texts[0]`"."""
    _, found, path = message.rpartition(" - at `$.")
    return path.rstrip("`") if found else None
