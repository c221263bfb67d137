"""The keys of clients as the server knows them: found by id, compared in constant time, refused from their end on."""

import math
import time
from collections.abc import Callable
from pathlib import Path

from server.access.key import NO_KEY_HASH, PREFIX, Key, SaltedHash, matches
from server.access.key_file import read_keys

# A hash of one of a key's secrets, and the time from which on that secret is refused, in seconds of the epoch.
Secret = tuple[SaltedHash, float]
NO_SECRET: Secret = (NO_KEY_HASH, -math.inf)
NOBODY: tuple[Key | None, Secret, Secret] = (None, NO_SECRET, NO_SECRET)


class KeyRing:
    """The keys of a file as last read. Once the file has existed, keys are required, even if it is deleted again."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Read the file, if there is one; `clock` gives seconds of the epoch.

        Raises:
            SettingsError: it cannot be read, or is no file of keys.
        """
        self.path = path
        self.required = False
        self._clock = clock
        self._keys: dict[str, tuple[Key | None, Secret, Secret]] = {}
        self.reload()

    def __len__(self) -> int:
        return len(self._keys)

    def reload(self) -> None:
        """Read the file again; where that fails, the keys stay as they were.

        Raises:
            SettingsError: it cannot be read, or is no file of keys.
        """
        self.required = self.required or self.path.exists()  # also one that cannot be read
        keys = read_keys(self.path)
        self._keys = {key.id: (key, *_secrets_of(key)) for key in keys or ()}

    def find(self, token: str) -> Key | None:
        """Return the key whose token a client sent; None where there is none, or its time is over."""
        key, ends_s = self._match(token)
        return key if key is not None and self._clock() < ends_s else None

    def has_ended(self, token: str) -> bool:
        """Return whether this is the token of a key whose time is over."""
        key, ends_s = self._match(token)
        return key is not None and self._clock() >= ends_s

    def _match(self, token: str) -> tuple[Key | None, float]:
        """Return the key that a token belongs to, and when it ends.

        Whatever is wrong with a token costs two hashes: the time does not tell whether there is a key with its id.
        """
        prefix, _, rest = token.partition("_")
        name, _, secret = rest.partition("_")
        key, (salted_hash, ends_s), (replaced_hash, replaced_ends_s) = self._keys.get(name, NOBODY)
        if not matches(secret, salted_hash):
            if not matches(secret, replaced_hash):
                return None, 0.0
            ends_s = replaced_ends_s
        return (key if prefix == PREFIX else None), ends_s


def _secrets_of(key: Key) -> tuple[Secret, Secret]:
    """Return a key's secret, and the one that it replaced."""
    ends_s = math.inf if key.expires is None else key.expires.timestamp()
    if key.replaced is None:
        return (key.salted_hash, ends_s), NO_SECRET
    return (key.salted_hash, ends_s), (key.replaced.salted_hash, min(ends_s, key.replaced.ends.timestamp()))
