"""Files of random bytes, and real ones with random damage: a reader raises SourceError or reads on, nothing else."""

import functools
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import docx
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.sources.forms import FORMS, NDJSON, PARQUET, PDF
from index.sources.pdf_process import extract
from index.sources.reader import is_own, read
from index.sources.records import BadRow, Reading, Record, SourceError
from tests.index.sources import pdfs

ENDINGS = sorted(set(FORMS) - {".pdf"})  # which starts a process for each file, and is tried below without
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


@pytest.mark.parametrize(("ending", "make"), [(".docx", a_docx), (".parquet", a_parquet)])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damage=DAMAGE)
def test_damage_raises_nothing_else(ending: str, make: Callable[[], bytes], damage: list[tuple[float, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a{ending}")
        path.write_bytes(damaged(make(), damage))
        check(path, FORMS[ending])


@settings(max_examples=150, deadline=None)
@given(damage=DAMAGE, content=CONTENT)
def test_a_damaged_pdf_is_told_or_read(damage: list[tuple[float, int]], content: bytes) -> None:
    for spoilt in (damaged(pdfs.pdf(["one", "two"], "Title"), damage), content):
        pages = extract(io.BytesIO(spoilt))
        assert msgspec.json.decode(msgspec.json.encode(pages), type=type(pages)) == pages


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n%%EOF", b"\0" * 1000])
def test_what_is_no_pdf_is_told_by_its_process(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="cannot be read as PDF"):
        list(read(path, PDF, Reading()))
