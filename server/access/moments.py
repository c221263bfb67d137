"""Times as the commands take them: a span as 30d or 12h, or a day or moment of ISO 8601. All moments are UTC."""

import datetime
import re

from server.contract.errors import SettingsError

SPAN = re.compile(r"(\d{1,6})([smhdw])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def span_of(text: str) -> datetime.timedelta | None:
    """Return a number with a unit, of s, m, h, d and w, or 0 without one; None where it is anything else."""
    found = SPAN.fullmatch(text)
    if found is None:
        return datetime.timedelta() if text == "0" else None
    return datetime.timedelta(**{UNITS[found[2]]: int(found[1])})


def moment_of(text: str, now: datetime.datetime) -> datetime.datetime:
    """Return a moment after `now`: that span from it, the beginning of a day, or a moment, in UTC unless it says else.

    Raises:
        SettingsError: it is none of these, or not after `now`.
    """
    span = span_of(text)
    try:
        found = datetime.datetime.fromisoformat(text) if span is None else now + span
    except (ValueError, OverflowError) as error:
        message = f"{text!r} is neither a span such as 30d or 12h nor a day such as 2027-01-31"
        raise SettingsError(message) from error
    found = found.replace(tzinfo=found.tzinfo or datetime.UTC).astimezone(datetime.UTC)
    if found <= now:
        message = f"{text!r} is not in the future"
        raise SettingsError(message)
    return found


def shown(moment: datetime.datetime) -> str:
    return f"{moment.astimezone(datetime.UTC):%Y-%m-%d %H:%M}"
