"""What a key with the scope write, and without search, is told of what it changed: nothing that is stored."""

import msgspec


class Patched(msgspec.Struct):
    """The document's metadata are changed; a key without the scope search is told no more."""

    patched: str


class CollectionPut(msgspec.Struct):
    """The collection exists and has these settings; a key without the scope search is told no more."""

    put: str
