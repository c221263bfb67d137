"""The error document of vecd's own routes, and of answers before a route is found."""

import msgspec

PROBLEM_JSON = "application/problem+json"
UNEXPECTED = "an unexpected error; the log has the cause"


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong (RFC 9457). `request_id` is that of the response's header and of the log."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str
