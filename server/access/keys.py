"""The keys of clients: `vecd_<id>_<secret>`, found by id, stored as a salted SHA-256, compared in constant time.

A secret is 256 random bits, so one round of SHA-256 is enough: it cannot be guessed. The file is written whole and
renamed into place; its content does not let its reader call anything.
"""

import datetime
import fcntl
import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec

from server.contract.errors import SettingsError
from server.web.key_scopes import KeyScope

PREFIX = "vecd"
ID_BYTES, SALT_BYTES, SECRET_BYTES = 6, 16, 32
FORMAT = 1

# A salt, and the SHA-256 of the salt and the secret.
SaltedHash = tuple[bytes, bytes]


class Key(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key as the file holds it; salt and sha256 in hexadecimal digits."""

    id: Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{2 * ID_BYTES}}}$")]
    name: str
    scopes: tuple[KeyScope, ...]
    created: datetime.datetime
    salt: Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{2 * SALT_BYTES}}}$")]
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]

    @property
    def salted_hash(self) -> SaltedHash:
        return bytes.fromhex(self.salt), bytes.fromhex(self.sha256)


class KeyFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: int
    keys: tuple[Key, ...]


# A secret is compared with this where no key has its id, so that both cases take the same time.
NO_KEY_HASH: SaltedHash = (secrets.token_bytes(SALT_BYTES), secrets.token_bytes(SECRET_BYTES))


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


def matches(secret: str, salted_hash: SaltedHash) -> bool:
    """Compare a secret with a hash in constant time."""
    salt, digest = salted_hash
    return hmac.compare_digest(_digest(salt, secret), digest)


def _digest(salt: bytes, secret: str) -> bytes:
    return hashlib.sha256(salt + secret.encode()).digest()


def read_keys(path: Path) -> tuple[Key, ...] | None:
    """Return the keys of a file; None where there is no file.

    Raises:
        SettingsError: it cannot be read, or is no file of keys.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=KeyFile)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        message = f"{path} cannot be read as a file of keys: {error}"
        raise SettingsError(message) from error
    if found.format != FORMAT:
        message = f"{path} has format {found.format}; this version of vecd reads {FORMAT}"
        raise SettingsError(message)
    return found.keys


def new_key(name: str, scopes: Sequence[KeyScope]) -> tuple[Key, str]:
    """Return a key, and the token for the client, which cannot be restored later."""
    secret, salt = secrets.token_hex(SECRET_BYTES), secrets.token_bytes(SALT_BYTES)
    key = Key(
        id=secrets.token_hex(ID_BYTES),
        name=name,
        scopes=tuple(scopes),
        created=datetime.datetime.now(datetime.UTC).replace(microsecond=0),
        salt=salt.hex(),
        sha256=_digest(salt, secret).hex(),
    )
    return key, f"{PREFIX}_{key.id}_{secret}"


@contextmanager
def changing(path: Path) -> Iterator[list[Key]]:
    """Lock the file and give its keys to be changed; they are written when the block ends without an error.

    Raises:
        SettingsError: the file cannot be read or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_name(path.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            keys = list(read_keys(path) or ())
            yield keys
            _write(path, KeyFile(format=FORMAT, keys=tuple(keys)))
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror or error}"
        raise SettingsError(message) from error


def _write(path: Path, content: KeyFile) -> None:
    # Only its owner can read a temporary file of this kind.
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
        try:
            file.write(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
            file.flush()
            os.fsync(file.fileno())
            if path.exists():  # the server must still be able to read it
                os.chown(file.fileno(), path.stat().st_uid, path.stat().st_gid)
            Path(file.name).replace(path)
        except BaseException:  # no half-written file stays
            Path(file.name).unlink(missing_ok=True)
            raise
