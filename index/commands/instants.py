"""Instants as documents in files have them: RFC 3339 in UTC, to the millisecond."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def written(instant_ms: int) -> str:
    """Return Unix time in milliseconds as `2026-11-29T21:40:00.000Z`."""
    instant = EPOCH + timedelta(milliseconds=instant_ms)
    return f"{instant.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
