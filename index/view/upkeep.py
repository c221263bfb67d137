"""When it is worth writing a snapshot, and when making anew what much has gone from. Pure functions."""

# A snapshot is written whole: of a million rows after an eighth of them, or it would be written 100 times.
SNAPSHOT_CHANGES, SNAPSHOT_SHARE = 10_000, 8
TOMBSTONES_SHARE, TOMBSTONES_LEAST = 0.3, 1024  # with half of the rows removed, searches run at 74% of their rate

BOUNDED_SHARE = 0.05  # of rows that are gone, where their memory is bounded: what they take is not counted


def is_much(gone: int, whole: int, share: float = TOMBSTONES_SHARE) -> bool:
    """Say whether so many of the whole are gone that it is worth making anew."""
    return gone > TOMBSTONES_LEAST and gone > share * whole


def dead_share(*, bounded: bool) -> float:
    """Return of all rows the share from which on those that are gone, and may have shared nodes, are left out."""
    return BOUNDED_SHARE if bounded else TOMBSTONES_SHARE


def much_of(rows: int) -> int:
    """Return after how many changes of so many rows a snapshot is worth writing."""
    return max(SNAPSHOT_CHANGES, rows // SNAPSHOT_SHARE)
