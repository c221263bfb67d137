"""The keys of clients as the server knows them: found by id, compared in constant time."""

from pathlib import Path

from server.access.key import NO_KEY_HASH, PREFIX, Key, SaltedHash, matches
from server.access.key_file import read_keys


class KeyRing:
    """The keys of a file as last read. Once the file has existed, keys are required, even if it is deleted again."""

    def __init__(self, path: Path) -> None:
        """Read the file, if there is one.

        Raises:
            SettingsError: it cannot be read, or is no file of keys.
        """
        self.path = path
        self.required = False
        self._keys: dict[str, tuple[Key | None, SaltedHash]] = {}
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
        self._keys = {key.id: (key, key.salted_hash) for key in keys or ()}

    def find(self, token: str) -> Key | None:
        """Return the key whose token a client sent, or None."""
        prefix, _, rest = token.partition("_")
        name, _, secret = rest.partition("_")
        key, salted_hash = self._keys.get(name, (None, NO_KEY_HASH))
        return key if matches(secret, salted_hash) and prefix == PREFIX else None
