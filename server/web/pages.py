"""Pages for people, with all their files: the address of a file holds a digest, so that browsers may keep it for ever.

The content security policy lets a page load scripts, styles and data of this server only, and no script or style that
stands in the page itself.
"""

import hashlib
from collections.abc import Iterable, Mapping
from http import HTTPStatus

import msgspec
from litestar.exceptions import NotFoundException

from server.web.replies import Reply

HTML = "text/html; charset=utf-8"
# By the ending of a file; what has no media type here is no file of a page.
MEDIA = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
DIGEST_DIGITS = 16
FOREVER = {"cache-control": "public, max-age=31536000, immutable"}


class Asset(msgspec.Struct, frozen=True):
    media_type: str
    content: bytes


class Page(msgspec.Struct, frozen=True):
    """A document in HTML, its policy, and its files by their addresses: `DIGEST/NAME`, where names may have slashes."""

    html: bytes
    policy: str
    assets: Mapping[str, Asset]


def policy_of(images: str) -> str:
    """Return the policy of a page with these sources of images; what it does not name is not loaded."""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src {images}; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def digest_of(contents: Iterable[bytes]) -> str:
    """Return one digest of contents in their order; where one ends and the next begins counts, too."""
    found = hashlib.sha256()
    for content in contents:
        found.update(hashlib.sha256(content).digest())
    return found.hexdigest()[:DIGEST_DIGITS]


def page_reply(page: Page) -> Reply:
    """Answer with the document, which browsers ask for each time."""
    headers = {"content-security-policy": page.policy, "cache-control": "no-cache"}
    return Reply(page.html, media_type=HTML, headers=headers)


def asset_reply(page: Page, digest: str, name: str) -> Reply:
    """Answer with a file.

    Raises:
        NotFoundException: no file has this address.
    """
    found = page.assets.get(f"{digest}/{name.removeprefix('/')}")
    if found is None:
        raise NotFoundException(status_code=HTTPStatus.NOT_FOUND)
    return Reply(found.content, media_type=found.media_type, headers=FOREVER)
