"""The settings of a collection in its database: one row of `meta`, JSON with its checksum. No row: the defaults."""

import zlib
from collections.abc import Mapping
from typing import Any

import apsw
import msgspec

from index.documents.settings import Settings, check_passages
from index.errors import CollectionSettingsError, DamagedError
from index.store.meta import read_meta, write_meta

ROW = "settings"


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The row; the checksum is over the settings as they stand there."""

    settings: msgspec.Raw
    crc: int


def settings_in(meta: Mapping[str, Any]) -> Settings:
    """Return the settings among the rows of `meta`, or raise DamagedError."""
    row = meta.get(ROW)
    if row is None:
        return Settings()
    try:
        kept = msgspec.json.decode(row, type=Kept)
        if zlib.crc32(kept.settings) != kept.crc:
            raise DamagedError("the settings of the collection are damaged: their checksum differs")
        settings = msgspec.json.decode(kept.settings, type=Settings)
        if settings.passages is not None:
            check_passages(settings.passages)
    except (TypeError, ValueError, CollectionSettingsError) as error:  # what is damaged may be of any type
        raise DamagedError(f"the settings of the collection are damaged: {error}") from error
    return settings


def read_settings(connection: apsw.Connection) -> Settings:
    """Return the settings in this transaction, or raise DamagedError."""
    return settings_in(read_meta(connection))


def write_settings(connection: apsw.Connection, settings: Settings) -> None:
    encoded = msgspec.json.encode(settings)
    row = msgspec.json.encode(Kept(msgspec.Raw(encoded), zlib.crc32(encoded)))
    write_meta(connection, **{ROW: row.decode()})
