"""The log: lines for people or JSON for machines, on standard error, each with the id of its request.

The product logs through the standard library, and so do the libraries below it; structlog renders it all. Nothing
that a client sent is ever logged but its request's id, method, path and address: no text, no key.
"""

import logging
import sys

import structlog

FORMATS = ("text", "json")
# structlog's own names for what a line is made of.
_FIELDS: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure_logs(style: str, level: str) -> None:
    """Send the records of all loggers to standard error, from `level` on, in one of FORMATS."""
    if style == "json":
        ends: list[structlog.typing.Processor] = [
            # Without local variables, in which texts are.
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ]
    else:
        plain = structlog.dev.plain_traceback  # the pretty one shows local variables
        ends = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_FIELDS, processors=[remove, *ends]))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # uvicorn tells the start and the end of everything; what matters of it the daemon says itself.
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))
