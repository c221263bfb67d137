"""Errors of the libraries that read files: a damaged file is told by its reader's words, whatever they are."""

import contextlib
from collections.abc import Iterator

from index.sources.records import SourceError


@contextlib.contextmanager
def foreign_errors(form: str) -> Iterator[None]:
    """Turn whatever a library raises into SourceError; one file of many must not end an import."""
    try:
        yield
    except (SourceError, OSError):
        raise
    except Exception as error:  # libraries raise errors of every kind for damaged files
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise SourceError(f"cannot be read as {form}: {reason}") from error
