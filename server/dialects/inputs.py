"""The inputs of the dialects of OpenAI and text-embeddings-inference: texts, or token ids in their place."""

import msgspec

from server.contract.embedding import Input
from server.contract.errors import EmptyInputError, InvalidInputError, UnacceptableInputError
from server.settings import Settings
from server.web.operations import MAX_IDS

# One text or many, or token ids of one or many.
Given = str | list[str | int | list[int]]

IDS_REFUSED = (
    "token ids are refused: those of another tokenizer would silently give wrong embeddings. Send texts "
    "(langchain-openai: check_embedding_ctx_length=False), or start the server with --accept-token-ids"
)


class InputLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How many inputs a request may have, how many token ids each may have, and whether token ids are accepted."""

    inputs: int
    ids: int
    accept_token_ids: bool


def input_limits(settings: Settings) -> InputLimits:
    return InputLimits(inputs=settings.max_client_batch_size, ids=MAX_IDS, accept_token_ids=settings.accept_token_ids)


def read_inputs(given: Given, name: str, limits: InputLimits) -> list[Input]:
    """Return the inputs; `name` is what the dialect calls them. Too many are refused before any work.

    Raises:
        EmptyInputError: there is none, or one of them is empty.
        InvalidInputError: too many, texts and token ids mixed, or token ids where they are not accepted.
        UnacceptableInputError: too many token ids in one input.
    """
    if isinstance(given, str):
        found: list[Input] = [given]
    elif given and isinstance(given[0], int):
        found = [_read_ids(given, name, limits)]
    elif len(given) > limits.inputs:
        message = f"{name} has {len(given)} elements, max_client_batch_size is {limits.inputs}"
        raise InvalidInputError(message, name)
    else:
        found = [one if isinstance(one, str) else _read_ids(one, name, limits) for one in given]
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


def _read_ids(given: int | list[int] | list[str | int | list[int]], name: str, limits: InputLimits) -> tuple[int, ...]:
    if not limits.accept_token_ids:
        raise InvalidInputError(IDS_REFUSED, name)
    if isinstance(given, int):
        raise _mixed(name)
    if len(given) > limits.ids:
        message = f"{name} has {len(given)} token ids in one input; at most {limits.ids} are allowed"
        raise UnacceptableInputError(message, name)
    ids = tuple(one for one in given if isinstance(one, int))
    if len(ids) < len(given):
        raise _mixed(name)
    return ids


def _mixed(name: str) -> InvalidInputError:
    return InvalidInputError(f"{name} mixes texts and token ids", name)
