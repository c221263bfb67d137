"""Which forms files have, and their records: whole texts (`.md`, `.txt`) and tables of lines of JSON (`.ndjson`)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from index.sources.records import BadRow, Reading, Record, SourceError

FORMS = {".md": "md", ".txt": "txt", ".ndjson": "ndjson", ".jsonl": "ndjson", ".parquet": "parquet"}
TEXTS = {"md", "txt"}
OWN = {"id", "text", "metadata", "vector", "passages", "expires_at"}


def form_of(path: Path) -> str | None:
    """Return the form that a file's name ends in, or None where it is none that is read."""
    return FORMS.get(path.suffix.lower())


def one_text(form: str) -> bool:
    """Say whether a file of this form is one text, and no table."""
    return form in TEXTS


def is_own(path: Path, form: str) -> bool:
    """Say whether a table is in the shape that `export` writes, going by its first line that is an object."""
    if form == "parquet":
        return True
    with path.open("rb") as file:
        for _, line in zip(range(10), file, strict=False):
            try:
                fields = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
            return {"id", "text"} <= fields.keys() <= OWN
    return True


def read(path: Path, form: str, reading: Reading) -> Iterator[Record | BadRow]:
    """Yield what a file says. Raises SourceError, OSError."""
    if form in TEXTS:
        try:
            text = path.read_bytes().decode(reading.encoding or "utf-8")
        except UnicodeDecodeError as error:
            message = "is not UTF-8; give its encoding with --encoding"
            raise SourceError(message) from error
        title = text.partition("\n")[0]
        yield Record(text, {"title": title.removeprefix("# ")} if title.startswith("# ") else {})
        return
    if form != "ndjson":
        message = f"{form} is not read"
        raise SourceError(message)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            yield row_of(number, line, reading)


def row_of(number: int, line: bytes, reading: Reading) -> Record | BadRow:
    try:
        fields = msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return BadRow(number, "is no JSON object")
    names = reading.text_fields or ("text",)
    id_ = fields.pop(reading.id_field or "id", None)
    texts = [fields.pop(name, None) for name in names]
    if not all(isinstance(text, str) for text in texts):
        return BadRow(number, f"has no text in {', '.join(names)}")
    return Record("\n\n".join(map(str, texts)), fields, None if id_ is None else str(id_), number)
