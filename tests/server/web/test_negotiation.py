"""Accept against what a route gives (RFC 9110, section 12.5.1)."""

from contextlib import suppress

import pytest

from server.web.errors import NotAcceptableError
from server.web.negotiation import choose_media

JSON, PACK, X_PACK, OCTETS = (
    "application/json",
    "application/vnd.msgpack",
    "application/x-msgpack",
    "application/octet-stream",
)
GIVES = (JSON, PACK, X_PACK, OCTETS)

CHOICES = {
    # The route's own order decides where the client has no wish.
    "*/*": JSON,
    "application/*": JSON,
    "": JSON,
    " , ,": JSON,
    # One of them, however it is written.
    JSON: JSON,
    PACK: PACK,
    X_PACK: X_PACK,
    OCTETS: OCTETS,
    "Application/JSON": JSON,
    "application/json; charset=utf-8": JSON,
    " application/octet-stream ;q=0.9 ": OCTETS,
    # The weights decide, not the order.
    f"{JSON};q=0.4, {PACK};q=0.5": PACK,
    f"{PACK};q=0.4, {JSON};q=0.5": JSON,
    f"{OCTETS};q=0.001, text/html": OCTETS,
    f"{PACK};q=0.9, {OCTETS}": OCTETS,
    f"{OCTETS}, */*;q=0.1": OCTETS,
    f"{OCTETS}, application/*;q=0.5": OCTETS,
    "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8": JSON,
    # The most specific range has the last word on a type.
    f"*/*, {JSON};q=0.1": PACK,
    f"{JSON};q=0.1, */*": PACK,
    f"{JSON};q=0, */*": PACK,
    f"{JSON};q=0.0, {PACK};q=0.000, application/*": X_PACK,
    f"application/*;q=0, {OCTETS};q=0.2": OCTETS,
    f"application/*;q=0.5, */*;q=0.9, {OCTETS};q=0.1": JSON,
    f"{JSON}, */*;q=0": JSON,
}
REFUSED = (
    "text/html",
    "text/*",
    "*/*;q=0",
    f"{JSON};q=0",
    f"{JSON};q=0.000",
    f"{JSON} ; Q=0",
    "application/*;q=0",
    "application/jsonp",
    "application/x",
    "json",
    f"{JSON};q=0, {PACK};q=0, {X_PACK};q=0, {OCTETS};q=0, */*",
)


@pytest.mark.parametrize("accept", CHOICES)
def test_the_answer_has_the_type_that_the_client_likes_best(accept: str) -> None:
    assert choose_media(accept, GIVES) == CHOICES[accept]


@pytest.mark.parametrize("accept", REFUSED)
def test_what_a_client_does_not_accept_it_does_not_get(accept: str) -> None:
    with pytest.raises(NotAcceptableError, match=JSON):
        choose_media(accept, GIVES)


@pytest.mark.parametrize(
    "accept", [f"{JSON};q=abc", f"{JSON};q=", f"{JSON};q", ";", ";;,;", f"{JSON};q=nan", "\xff/\xff"]
)
def test_nonsense_is_an_answer_or_a_refusal_and_nothing_else(accept: str) -> None:
    with suppress(NotAcceptableError):
        assert choose_media(accept, GIVES) in GIVES


def test_prometheus_gets_the_format_that_it_asks_for_first() -> None:
    gives = ("text/plain", "application/openmetrics-text")
    scraped = (
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
        "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
    )
    assert choose_media(scraped, gives) == "application/openmetrics-text"
    assert choose_media("text/plain;version=0.0.4", gives) == "text/plain"
    assert choose_media("text/plain;version=0.0.4;q=0.5,*/*;q=0.1", gives) == "text/plain"
