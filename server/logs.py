"""The log: lines for people or JSON for machines, on standard error, each with the id of its request.

The product logs through the standard library, and so do the libraries below it; structlog renders it all. Nothing
that a client sent is ever logged but its request's id, method, path and address: no text, no key.
"""

import logging
import sys
import traceback
from contextvars import ContextVar
from itertools import islice
from pathlib import Path

import structlog

FORMATS = ("text", "json")
MOST_PLACES = 6
# A request is a task with a context of its own, so this needs no end.
_request: ContextVar[str] = ContextVar("request")


def places(error: BaseException) -> str:
    """Return where an error came from, innermost first; its message may quote a text and is left out."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    return " < ".join(f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in islice(frames, MOST_PLACES))


def name_request(request_id: str) -> None:
    """Have every line that is logged from now on, in this task and those that it starts, carry the request's id."""
    _request.set(request_id)


def _add_request(
    _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    if request_id := _request.get(None):
        event["request_id"] = request_id
    return event


def _add_places(
    _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Say of an exception its type and where it came from: its message, and its lines, may quote what a client sent."""
    found = event.pop("exc_info", None)
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["error"] = f"{type(error).__name__} at {places(error)}"
    return event


# structlog's own names for what a line is made of.
_FIELDS: list[structlog.typing.Processor] = [
    _add_request,
    _add_places,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure_logs(style: str, level: str) -> None:
    """Send the records of all loggers to standard error, from `level` on, in one of FORMATS."""
    if style == "json":
        end: structlog.typing.Processor = structlog.processors.JSONRenderer()
    else:
        end = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_FIELDS, processors=[remove, end]))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # uvicorn tells the start and the end of everything; what matters of it the daemon says itself.
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))
