"""Files of random bytes, and real ones with random damage: a reader raises SourceError or reads on, nothing else."""

import functools
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import docx
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.sources import docx_process, pdf_process
from index.sources.confined import Found
from index.sources.forms import DOCX, FORMS, NDJSON, PARQUET, PDF
from index.sources.reader import is_own, read
from index.sources.records import BadRow, Reading, Record, SourceError
from tests.index.sources import pdfs

ENDINGS = sorted(set(FORMS) - {".docx", ".pdf"})  # which start a process for each file: tried below without one
FRAGMENTS = st.sampled_from([
    b"---\n", b"a: 1\n", b"<p>", b"<table><td>", b"</div>", b"<!--", b'"', b",", b"\n", b"\r", b"\t", b"{", b"}", b"[",
    b'{"text": "x"}', b":", b"\xff\xfe", b"\xef\xbb\xbf", b"\xd8\x00", b"PK\3\4", b"PK\5\6", b"PAR1", b"&#xD800;",
    b"<meta charset=", b"text", b"id", b"# ",
])  # fmt: skip
CONTENT = st.binary(max_size=300) | st.lists(FRAGMENTS | st.binary(max_size=8), max_size=40).map(b"".join)


def check(path: Path, form: str) -> None:
    """Read a file whole; what is read can be sent."""
    try:
        if form in {NDJSON, PARQUET}:
            is_own(path, form)
        for found in read(path, form, Reading()):
            if isinstance(found, Record):
                assert found.text.strip()
                msgspec.json.encode(found)
            else:
                assert isinstance(found, BadRow)
    except SourceError:
        return


@pytest.mark.parametrize("ending", ENDINGS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content=CONTENT)
def test_random_bytes_raise_nothing_else(ending: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a{ending}")
        path.write_bytes(content)
        check(path, FORMS[ending])


@functools.cache
def a_docx() -> bytes:
    document, out = docx.Document(), io.BytesIO()
    document.add_heading("Heading", 1)
    document.add_table(2, 2).cell(0, 0).text = "cell"
    document.save(out)
    return out.getvalue()


@functools.cache
def a_parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(
        pa.table({"id": range(50), "text": [f"text {n}" for n in range(50)], "list": [[n] for n in range(50)]}), out
    )
    return out.getvalue()


DAMAGE = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=20)


def damaged(content: bytes, damage: list[tuple[float, int]]) -> bytes:
    spoilt = bytearray(content)
    for place, byte in damage:
        spoilt[int(place * len(spoilt))] = byte
    return bytes(spoilt)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damage=DAMAGE)
def test_damage_raises_nothing_else(damage: list[tuple[float, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.parquet")
        path.write_bytes(damaged(a_parquet(), damage))
        check(path, PARQUET)


@functools.cache
def a_pdf() -> bytes:
    return pdfs.pdf(["one", "two"], "Title")


@pytest.mark.parametrize(("make", "extract"), [(a_docx, docx_process.extract), (a_pdf, pdf_process.extract)])
@settings(max_examples=75, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damage=DAMAGE, content=CONTENT)
def test_what_a_process_would_be_given_is_told_or_read(
    make: Callable[[], bytes], extract: Callable[[BinaryIO], Found], damage: list[tuple[float, int]], content: bytes
) -> None:
    for spoilt in (damaged(make(), damage), content):
        found = extract(io.BytesIO(spoilt))
        assert msgspec.json.decode(msgspec.json.encode(found), type=Found) == found


@pytest.mark.parametrize("form", [DOCX, PDF])
@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n%%EOF", b"\0" * 1000])
def test_what_is_of_another_form_is_told_by_its_process(tmp_path: Path, form: str, content: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=f"cannot be read as {form.upper()}"):
        list(read(path, form, Reading()))
