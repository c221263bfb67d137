"""The media type of an answer: the best of what the route gives and the client accepts (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence

from litestar.types import Scope

from server.web.errors import NotAcceptableError
from server.web.request_state import state_of

ANYTHING = b"*/*"


def negotiate(scope: Scope, gives: Sequence[str]) -> str:
    """Return the media type of the answer; the first of `gives` where the client has no preference.

    Raises:
        NotAcceptableError: the client accepts none of them.
    """
    accept = state_of(scope).headers.get(b"accept", ANYTHING)
    if accept == ANYTHING:
        return gives[0]
    accepts = [value for name, value in scope["headers"] if name == b"accept"]
    return choose_media(b",".join(accepts).decode("latin-1"), gives)


def choose_media(accept: str, gives: Sequence[str]) -> str:
    """Return the media type with the highest weight; of equal ones the first.

    Litestar's own negotiation ignores that the most specific range counts and that the weight zero is a refusal.
    """
    ranges = [_read_range(one) for one in accept.lower().split(",") if one.strip()]
    if not ranges:
        return gives[0]
    weights = [_weight(media, ranges) for media in gives]
    if max(weights) <= 0:
        message = f"this route gives {', '.join(gives)}, and the client accepts none of them"
        raise NotAcceptableError(message)
    return gives[weights.index(max(weights))]


def _read_range(value: str) -> tuple[str, float]:
    """Return a range of media types and its weight; other parameters are ignored."""
    media, *parameters = value.replace(" ", "").replace("\t", "").split(";")
    weight = next((one.removeprefix("q=") for one in parameters if one.startswith("q=")), "1")
    try:
        return media, min(1.0, max(0.0, float(weight)))
    except ValueError:
        return media, 1.0


def _weight(media: str, ranges: Sequence[tuple[str, float]]) -> float:
    """Return the weight of the most specific range that includes a media type."""
    kind = media.partition("/")[0]
    for wanted in (media, f"{kind}/*", "*/*"):
        found = [weight for range_, weight in ranges if range_ == wanted]
        if found:
            return max(found)
    return 0.0
