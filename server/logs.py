"""The log: lines for people or JSON for machines, on standard error, each with the id of its request.

vecd and its libraries log through the standard library; structlog renders the records. Of what a client sent, only the
request's id, method, path and address are logged, and its key's id: no text, no secret.
"""

import logging
import sys
import traceback
from contextvars import ContextVar
from itertools import islice
from pathlib import Path

import structlog

FORMATS = ("text", "json")
MAX_FRAMES = 6
# A request is a task with a context of its own, so the variable is never reset.
_request: ContextVar[str] = ContextVar("request")


def origin_of(error: BaseException) -> str:
    """Return the frames of an error, innermost first; its message is left out, because it may quote a text."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    return " < ".join(f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in islice(frames, MAX_FRAMES))


def name_request(request_id: str) -> None:
    """Add the request's id to every line that is logged from now on in this task and in those that it starts."""
    _request.set(request_id)


def _add_request(
    _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    if request_id := _request.get(None):
        event["request_id"] = request_id
    return event


def _add_origin(
    _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Replace an exception by its type and frames: its message and source lines may quote what a client sent."""
    found = event.pop("exc_info", None)
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["error"] = f"{type(error).__name__} at {origin_of(error)}"
    return event


def _escape(
    _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Write out what a terminal would obey and what would begin a line: paths and messages hold what clients sent."""
    for name, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            event[name] = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in value)
    return event


_FIELDS: list[structlog.typing.Processor] = [
    _add_request,
    _add_origin,
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
    processors: list[structlog.typing.Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if style == "text":
        processors.append(_escape)  # JSON escapes by itself
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_FIELDS, processors=[*processors, end]))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # uvicorn logs each start and stop; the daemon itself reports those that matter.
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))
