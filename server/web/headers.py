"""Headers that every answer has, unless its route sets its own with the same names."""

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
