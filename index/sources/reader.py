"""The front door: reads a file of any form as records, one after another.

What a form needs is loaded when the first file of it is read. Nothing that a file says makes a reader open another
file or a connection.
"""

import importlib
import stat
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from index.sources import forms
from index.sources.records import BadRow, Reading, Record, SourceError

MODULES = {
    forms.MARKDOWN: "markdown",
    forms.TEXT: "plain",
    forms.HTML: "html",
    forms.PDF: "pdf",
    forms.DOCX: "docx",
    forms.CSV: "csv_rows",
    forms.TSV: "csv_rows",
    forms.NDJSON: "ndjson_rows",
    forms.JSON: "json_rows",
    forms.PARQUET: "parquet_rows",
}
EXTRAS = {forms.PDF: "documents", forms.DOCX: "documents", forms.PARQUET: "parquet"}


def read(path: Path, form: str, reading: Reading) -> Iterator[Record | BadRow]:
    """Yield the records of a file: one, or none if it holds no text, unless its form is a table's.

    Raises SourceError, at the first record or at any later one: what came before it is right.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SourceError("is not a regular file")
        yield from module_of(form).read(path, reading)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror or error}") from error


def is_own(path: Path, form: str) -> bool:
    """Whether a file is in vecd's own shape, as `export` writes it: documents, with nothing that is not a document's.

    Looks at the columns of Parquet and at the first records of NDJSON. Raises SourceError.
    """
    if form not in {forms.NDJSON, forms.PARQUET}:
        return False
    try:
        return bool(module_of(form).is_own(path))
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror or error}") from error


def module_of(form: str) -> ModuleType:
    """Return the module that reads a form, or raise SourceError, which says what to install."""
    try:
        return importlib.import_module(f"index.sources.{MODULES[form]}")
    except ModuleNotFoundError as error:
        wanted = f"'.[{EXTRAS[form]}]'" if form in EXTRAS else "."
        message = f"the package {error.name} is missing; pip install --editable {wanted} brings it"
        raise SourceError(message) from error
