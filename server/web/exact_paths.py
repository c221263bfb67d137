"""The paths that are served, exactly as they are written: what stands before vecd may allow or refuse them by name.

The router decodes paths, merges slashes and ignores the last one, so that a rule about `/docs` would not see `//docs`,
`/docs/` or `/%64ocs`. A path is told apart here as it was sent. In the place of a parameter no character may be
encoded that need not be (RFC 3986, section 2.3), since rules are about names of collections, too.
"""

import re
from collections.abc import Iterable

# Hexadecimal digits of the letters, digits and -._~.
UNRESERVED = r"(?:2[DEde]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee])"
SLASH = "(?:/|%2[Ff])"
SEGMENT = f"(?:[^/%]|%(?!2[Ff]|{UNRESERVED}))+"
# By the kind that the router knows; the last takes several segments, with slashes that are encoded or not.
KINDS = {"str": SEGMENT, "path": f"{SEGMENT}(?:{SLASH}{SEGMENT})*"}
PARAMETER = re.compile(r"\{\w+:(\w+)\}")


class ExactPaths:
    """`templates` are paths as the router has them, `/collections/{name:str}` and its like."""

    def __init__(self, templates: Iterable[str]) -> None:
        known = set(templates)
        self._plain = {one.encode() for one in known if not PARAMETER.search(one)}
        patterns = [_pattern(one) for one in known if PARAMETER.search(one)]
        self._pattern = re.compile("|".join(patterns).encode() if patterns else b"(?!)", re.DOTALL)

    def has(self, raw_path: bytes) -> bool:
        """Return whether a path is served as it was sent; a document's id, which may be anything, is cut off before."""
        return raw_path in self._plain or self._pattern.fullmatch(raw_path) is not None


def _pattern(template: str) -> str:
    literal_and_kind = PARAMETER.split(template)
    return "".join(KINDS[one] if at % 2 else re.escape(one) for at, one in enumerate(literal_and_kind))
