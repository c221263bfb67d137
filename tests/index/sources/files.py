"""Writes files and reads them as the import would."""

from pathlib import Path

import pytest

from index.sources.forms import form_of
from index.sources.reader import read
from index.sources.records import BadRow, Reading, Record, SourceError


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read_all(path: Path, reading: Reading | None = None) -> list[Record | BadRow]:
    form = form_of(path)
    assert form is not None
    return list(read(path, form, reading or Reading()))


def records(path: Path, reading: Reading | None = None) -> list[Record]:
    found = read_all(path, reading)
    assert all(isinstance(one, Record) for one in found), found
    return [one for one in found if isinstance(one, Record)]


def bad_rows(path: Path, reading: Reading | None = None) -> list[tuple[int, str]]:
    return [(one.number, one.reason) for one in read_all(path, reading) if isinstance(one, BadRow)]


def only(path: Path, reading: Reading | None = None) -> Record:
    (found,) = records(path, reading)
    return found


def refusal(path: Path, reading: Reading | None = None) -> str:
    with pytest.raises(SourceError) as raised:
        read_all(path, reading)
    message = str(raised.value)
    assert path.name not in message
    return message
