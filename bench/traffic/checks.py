"""What a reply must be for its figures to count."""

from http import HTTPStatus

from bench.errors import BenchError
from bench.traffic.connection import Reply


def check_reply(reply: Reply) -> Reply:
    """Return the reply.

    Raises:
        BenchError: it does not say that everything was done.
    """
    failed = b'"failed":' in reply.body and b'"failed":0' not in reply.body
    if reply.status != HTTPStatus.OK or failed:
        message = f"vecd answered {reply.status}: {reply.body[:200]!r}"
        raise BenchError(message)
    return reply
