"""What the dialects of OpenAI and text-embeddings-inference take to embed: texts, or token ids in their place."""

import msgspec

from server.contract.embedding import Input
from server.contract.errors import EmptyInputError, InvalidInputError, UnacceptableInputError
from server.settings import Settings
from server.web.operations import MOST_IDS

# One text or many, or the same in token ids.
Given = str | list[str | int | list[int]]

IDS_REFUSED = (
    "token ids are refused: those of another tokenizer would give wrong embeddings without a word. Send texts "
    "(langchain-openai: check_embedding_ctx_length=False), or start the server with --accept-token-ids"
)


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken: how many inputs, how many token ids in one of them, and whether token ids at all."""

    inputs: int
    ids: int
    accept_token_ids: bool


def bounds_of(settings: Settings) -> Bounds:
    return Bounds(inputs=settings.max_client_batch_size, ids=MOST_IDS, accept_token_ids=settings.accept_token_ids)


def read_inputs(given: Given, name: str, bounds: Bounds) -> list[Input]:
    """Return what is to be embedded; `name` is what the dialect calls it. Too much is refused before any work.

    Raises:
        EmptyInputError: there is nothing, or one of the texts is empty.
        InvalidInputError: too much, texts and token ids mixed, or token ids where they are not wanted.
    """
    if isinstance(given, str):
        found: list[Input] = [given]
    elif given and isinstance(given[0], int):
        found = [_read_ids(given, name, bounds)]
    elif len(given) > bounds.inputs:
        message = f"{name} has {len(given)} elements, max_client_batch_size is {bounds.inputs}"
        raise InvalidInputError(message, name)
    else:
        found = [one if isinstance(one, str) else _read_ids(one, name, bounds) for one in given]
    if not all(found) or not found:
        raise EmptyInputError(_emptiness(given, found, name), name)
    if len({type(one) for one in found}) > 1:
        raise _mixed(name)
    return found


def _emptiness(given: Given, found: list[Input], name: str) -> str:
    """Say what is empty: all there is, or which of many, counted from 0."""
    if isinstance(given, str) or not found:
        return f"{name} is empty"
    return f"{name}[{next(number for number, one in enumerate(found) if not one)}] is empty"


def _read_ids(given: int | list[int] | list[str | int | list[int]], name: str, bounds: Bounds) -> tuple[int, ...]:
    if not bounds.accept_token_ids:
        raise InvalidInputError(IDS_REFUSED, name)
    if isinstance(given, int):
        raise _mixed(name)
    if len(given) > bounds.ids:
        message = f"{name} has {len(given)} token ids in a row, and {bounds.ids} are taken"
        raise UnacceptableInputError(message, name)
    ids = tuple(one for one in given if isinstance(one, int))
    if len(ids) < len(given):
        raise _mixed(name)
    return ids


def _mixed(name: str) -> InvalidInputError:
    return InvalidInputError(f"{name} mixes texts and token ids", name)
