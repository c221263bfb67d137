"""The real daemon with a wall of MessagePack: `python -m tests.walled` and the daemon's own flags.

Every call of the backend, its answer, its error and what `facts` holds are encoded and decoded again on the way, as if
HTTP and the engine were two processes.
"""

import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from functools import wraps
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import numpy as np

from server.__main__ import run
from server.backend import LocalBackend, build_backend
from server.contract.backend import Backend
from server.contract.errors import Failure, ServerError, error_of, failure_of
from server.contract.facts import Facts
from server.serving import serve
from server.settings import Settings, read_settings


def encode_array(array: np.ndarray) -> tuple[bytes, list[int]]:
    """Return the rows as float32 bytes, with their shape."""
    assert array.dtype == np.float32
    return array.tobytes(), list(array.shape)


def decode_custom(kind: type, value: Any) -> Any:
    """Return rows from their bytes and shape; a JSON value, whose type msgspec does not know, is what it is."""
    if kind is object:
        return value
    data, shape = value
    return np.frombuffer(data, np.float32).reshape(shape)


def recode(value: Any, kind: Any) -> Any:
    """Encode a value, and decode it as what the contract says it is."""
    message = msgspec.msgpack.encode(value, enc_hook=encode_array)
    return msgspec.msgpack.decode(message, type=kind, dec_hook=decode_custom)


async def recode_each(values: AsyncIterator[Any], kind: Any) -> AsyncGenerator[Any]:
    async for value in values:
        yield recode(value, kind)


def again(error: ServerError) -> ServerError:
    return error_of(recode(failure_of(error), Failure))


def recode_arguments(arguments: dict[str, Any], hints: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in arguments.items():
        if get_origin(hints[name]) is AsyncIterator:
            found[name] = recode_each(value, get_args(hints[name])[0])
        else:
            found[name] = recode(value, hints[name])
    return found


def walled_call(name: str) -> Callable[..., Any]:
    """Return a method that puts a call of LocalBackend through the wall."""
    true, hints = getattr(LocalBackend, name), get_type_hints(getattr(Backend, name))
    names = list(hints)

    @wraps(true)
    async def call(self: LocalBackend, *given: Any, **named: Any) -> Any:
        arguments = recode_arguments(dict(zip(names, given, strict=False)) | named, hints)
        try:
            return recode(await true(self, **arguments), hints["return"])
        except ServerError as error:
            raise again(error) from None

    @wraps(true)
    async def stream(self: LocalBackend, *given: Any) -> AsyncGenerator[Any]:
        arguments = recode_arguments(dict(zip(names, given, strict=False)), hints)
        inner = true(self, **arguments)
        try:
            async for value in inner:
                yield recode(value, get_args(hints["return"])[0])
        except ServerError as error:
            # What the reader of the body raised comes back from its own side of the wall.
            raise (again(error) if type(error).__module__ == "server.contract.errors" else error) from None
        finally:
            await inner.aclose()

    return stream if get_origin(hints["return"]) is AsyncGenerator else call


class Walled(LocalBackend):
    """The backend behind the wall."""

    @property
    def facts(self) -> Facts:
        found: Facts = recode(self.parts.facts, Facts)
        return found


CALLS = [name for name in vars(Backend) if not name.startswith("_") and callable(getattr(Backend, name))]
for one in CALLS:
    setattr(Walled, one, walled_call(one))


def build_walled(settings: Settings) -> Walled:
    return Walled(build_backend(settings).parts)


if __name__ == "__main__":
    run(lambda: serve(read_settings(sys.argv[1:]), build_walled))
