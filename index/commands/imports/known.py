"""What the server knows of a source: of each document the hash of what was imported, and the file it came from."""

from typing import Any
from urllib.parse import urlencode

import msgspec

from index.commands.client import Client
from index.commands.errors import CommandError

PAGE_DOCUMENTS = 1_000


class Listed(msgspec.Struct, frozen=True):
    """A document of a page."""

    id: str
    metadata: dict[str, Any]


class Page(msgspec.Struct, frozen=True):
    """Documents in the order of their ids; `next` is where the following page begins."""

    documents: tuple[Listed, ...]
    next: str | None


class Known:
    """The documents of one source, as the server has them: 32 bytes of hash and a shared path for each."""

    def __init__(self) -> None:
        self._documents: dict[str, tuple[bytes, str]] = {}
        self._counts: dict[str, int] = {}
        self._paths: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._documents)

    def add(self, id_: str, metadata: dict[str, Any]) -> None:
        """Note a document."""
        given = metadata.get("path")
        path = given if isinstance(given, str) else ""
        path = self._paths.setdefault(path, path)
        self._documents[id_] = (digest_of(metadata.get("hash")), path)
        self._counts[path] = self._counts.get(path, 0) + 1

    def has(self, id_: str) -> bool:
        """Say whether there is such a document."""
        return id_ in self._documents

    def is_same(self, id_: str, hash_: str, path: str) -> bool:
        """Say whether a document was imported with this hash from this path."""
        return self._documents.get(id_) == (digest_of(hash_), path)

    def count(self, path: str) -> int:
        """Return how many documents came from a file."""
        return self._counts.get(path, 0)

    def of(self, paths: set[str]) -> set[str]:
        """Return the ids of documents that came from these files."""
        return {id_ for id_, (_, path) in self._documents.items() if path in paths} if paths else set()

    def others(self, seen: set[str]) -> list[tuple[str, str]]:
        """Return the ids that were not seen, each with its path."""
        return [(id_, path) for id_, (_, path) in self._documents.items() if id_ not in seen]


def digest_of(hash_: object) -> bytes:
    """Return the bytes of a hash, none where it is no hash."""
    try:
        return bytes.fromhex(hash_) if isinstance(hash_, str) and len(hash_) == 64 else b""
    except ValueError:
        return b""


def known_of(client: Client, source: str) -> Known:
    """Ask for all documents of a source, page by page. Raises CommandError."""
    known = Known()
    asked = {"filter": msgspec.json.encode({"source": source}).decode(), "fields": "id,metadata"}
    after: str | None = None
    while True:
        query = urlencode({**asked, "limit": PAGE_DOCUMENTS} | ({} if after is None else {"after": after}))
        reply = client.ask("GET", f"/index?{query}")
        if 400 <= reply.status < 500:
            message = f"{client.url} answers {reply.status}: {reply.detail}; is it older than this command? Update it"
            raise CommandError(message)
        try:
            page = msgspec.convert(reply.body, Page)
        except msgspec.ValidationError as error:
            raise client.unlike(reply, error) from error
        for one in page.documents:
            if one.metadata.get("source") != source:
                message = f"{client.url} lists documents of other sources too; it is older than this command: update it"
                raise CommandError(message)
            known.add(one.id, one.metadata)
        if page.next is None:
            return known
        after = page.next
