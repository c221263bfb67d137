"""Headers that every answer has, unless its route gives others of the same names; and those for pages elsewhere."""

from collections.abc import Collection

# For answers that are opened in a browser (OWASP REST security cheat sheet); pages set their own.
SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
# W3C Server Timing, where nothing was embedded.
NO_TIMING = ((b"server-timing", b"queue;dur=0, tokenize;dur=0, inference;dur=0"),)
ALWAYS = (*SECURITY, *NO_TIMING)
# What scripts of other origins may read of an answer.
EXPOSED = (
    "x-request-id",
    "x-embedding-shape",
    "x-truncated-inputs",
    "x-words-ignored",
    "server-timing",
    "ratelimit",
    "retry-after",
)


def cors_headers(allowed: Collection[str], origin: bytes | None) -> tuple[tuple[bytes, bytes], ...]:
    """Return what lets a page of an allowed origin read an answer that is given outside the application.

    Source: the Fetch standard, section 3.3 (CORS protocol). Inside it, the framework does the same.
    """
    if origin is None or not {"*", origin.decode("latin-1")} & set(allowed):
        return ()
    shown = b"*" if "*" in allowed else origin
    exposed = (b"access-control-expose-headers", ", ".join(sorted(EXPOSED)).encode())
    return ((b"access-control-allow-origin", shown), exposed, (b"vary", b"Origin"))
