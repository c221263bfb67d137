"""The two formats of documents in files: NDJSON, one object a line, and Parquet, which needs pyarrow."""

import argparse
import importlib
from pathlib import Path
from types import ModuleType

from index.commands.errors import CommandError

NDJSON, PARQUET = "ndjson", "parquet"
STREAM = Path("-")
ENDINGS = {".ndjson": NDJSON, ".jsonl": NDJSON, ".parquet": PARQUET}


def add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format", choices=[NDJSON, PARQUET], help="default: by the file's ending, .ndjson, .jsonl or .parquet"
    )


def form_of(file: Path, asked: str | None) -> str:
    """Return the format that is asked for, or that the file's name ends in; raises CommandError."""
    if file == STREAM:
        if asked == PARQUET:
            message = "Parquet needs a file, since its table of contents comes last; name one, or take NDJSON"
            raise CommandError(message)
        return NDJSON
    form = asked or ENDINGS.get(file.suffix.lower())
    if form is None:
        message = f"{file} ends in neither .ndjson, .jsonl nor .parquet; say --format ndjson or --format parquet"
        raise CommandError(message)
    return form


def load_parquet() -> ModuleType:
    """Return the module for Parquet, or raise CommandError, which says what to install."""
    try:
        return importlib.import_module("index.commands.parquet")
    except ModuleNotFoundError as error:
        message = f"the package {error.name} is missing; pip install --editable '.[parquet]' brings it"
        raise CommandError(message) from error
