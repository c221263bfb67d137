"""A client's key: `vecd_<id>_<secret>`, of which a salted SHA-256 is kept; what it opens, and until when.

A secret is 256 random bits, so one round of SHA-256 is enough: it cannot be guessed.
"""

import datetime
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Annotated

import msgspec

from server.contract.limits import COLLECTION_NAME
from server.web.key_scopes import KeyScope

PREFIX = "vecd"
ID_BYTES, SALT_BYTES, SECRET_BYTES = 6, 16, 32

# A salt, and the SHA-256 of the salt and the secret.
SaltedHash = tuple[bytes, bytes]
Salt = Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{2 * SALT_BYTES}}}$")]
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
# A collection's name, or the beginning of names and a star.
Pattern = Annotated[str, msgspec.Meta(pattern=f"^{COLLECTION_NAME}\\*?$")]
Moment = Annotated[datetime.datetime, msgspec.Meta(tz=True)]

# A secret is compared with this where no key has its id, so that both cases take the same time.
NO_KEY_HASH: SaltedHash = (secrets.token_bytes(SALT_BYTES), secrets.token_bytes(SECRET_BYTES))


class Replaced(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The hash of a secret that a newer one replaces, and the moment from which on it is refused."""

    salt: Salt
    sha256: Digest
    ends: Moment

    @property
    def salted_hash(self) -> SaltedHash:
        return bytes.fromhex(self.salt), bytes.fromhex(self.sha256)


class Key(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A key as the file holds it; salt and sha256 in hexadecimal digits.

    It reaches the `collections` that are named; None is all. From `expires` on it is refused; None is never.
    `replaced` is the secret before this one.
    """

    id: Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{2 * ID_BYTES}}}$")]
    name: str
    scopes: tuple[KeyScope, ...]
    created: datetime.datetime
    salt: Salt
    sha256: Digest
    collections: tuple[Pattern, ...] | None = None
    expires: Moment | None = None
    replaced: Replaced | None = None

    @property
    def salted_hash(self) -> SaltedHash:
        return bytes.fromhex(self.salt), bytes.fromhex(self.sha256)

    def reaches(self, collection: str) -> bool:
        if self.collections is None:
            return True
        return any(
            collection.startswith(one[:-1]) if one.endswith("*") else collection == one for one in self.collections
        )

    def ended(self, now: datetime.datetime) -> bool:
        return self.expires is not None and now >= self.expires


def new_key(
    name: str,
    scopes: Sequence[KeyScope],
    expires: datetime.datetime | None = None,
    collections: Sequence[str] | None = None,
) -> tuple[Key, str]:
    """Return a key, and the token for the client, which cannot be restored later."""
    secret, salt = _new_secret()
    key = Key(
        id=secrets.token_hex(ID_BYTES),
        name=name,
        scopes=tuple(scopes),
        created=now_utc(),
        salt=salt.hex(),
        sha256=_digest(salt, secret).hex(),
        collections=None if collections is None else tuple(collections),
        expires=expires,
    )
    return key, _token(key.id, secret)


def with_new_secret(key: Key, ends: datetime.datetime) -> tuple[Key, str]:
    """Return a key with another secret, the present one valid until `ends`, and the new token for the client."""
    secret, salt = _new_secret()
    before = Replaced(salt=key.salt, sha256=key.sha256, ends=ends)
    renewed = msgspec.structs.replace(key, salt=salt.hex(), sha256=_digest(salt, secret).hex(), replaced=before)
    return renewed, _token(key.id, secret)


def now_utc() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def _new_secret() -> tuple[str, bytes]:
    return secrets.token_hex(SECRET_BYTES), secrets.token_bytes(SALT_BYTES)


def _token(key_id: str, secret: str) -> str:
    return f"{PREFIX}_{key_id}_{secret}"


def matches(secret: str, salted_hash: SaltedHash) -> bool:
    """Compare a secret with a hash in constant time."""
    salt, digest = salted_hash
    return hmac.compare_digest(_digest(salt, secret), digest)


def _digest(salt: bytes, secret: str) -> bytes:
    return hashlib.sha256(salt + secret.encode()).digest()
