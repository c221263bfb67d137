"""PDF: pages, titles, what has no text, and bounds."""

from pathlib import Path

import pytest

from index.sources import pdf
from index.sources.confined import MAX_FILE_BYTES
from index.sources.records import SourceError
from tests.index.sources import pdfs
from tests.index.sources.files import only, read_all, refusal, written


def test_pages_are_read_in_order_with_an_empty_line_between(tmp_path: Path) -> None:
    path = written(tmp_path, "a.pdf", pdfs.pdf(["Über uns\nzwei Zeilen", "", "Seite drei – 10 €"], "Bericht 2026"))
    found = only(path)
    assert found.text == "Über uns\nzwei Zeilen\n\nSeite drei – 10 €"
    assert found.metadata == {"title": "Bericht 2026"}


@pytest.mark.parametrize("title", ["", "untitled", "Microsoft Word - draft.doc", "paper.dvi"])
def test_what_programs_put_for_a_title_is_none(tmp_path: Path, title: str) -> None:
    assert only(written(tmp_path, "my report.pdf", pdfs.pdf(["x"], title))).metadata == {"title": "my report"}


def test_a_word_that_is_hyphenated_at_the_end_of_a_line_is_one(tmp_path: Path) -> None:
    assert "manipulation of" in only(written(tmp_path, "a.pdf", pdfs.pdf(["the manip-\nulation of it"]))).text


def test_pages_of_pictures_alone_are_told(tmp_path: Path) -> None:
    assert "OCR" in refusal(written(tmp_path, "a.pdf", pdfs.drawing()))


def test_pages_without_anything_are_no_record(tmp_path: Path) -> None:
    assert read_all(written(tmp_path, "a.pdf", pdfs.assemble([b""], b"<< >>"))) == []


def test_a_file_with_a_password_is_told_and_one_without_read(tmp_path: Path) -> None:
    assert refusal(written(tmp_path, "a.pdf", pdfs.encrypted(b"secret"))) == (
        "is encrypted; save it without its password"
    )
    assert only(written(tmp_path, "b.pdf", pdfs.encrypted(b""))).text == "secret"


@pytest.mark.parametrize("cut", [0, 5, 300, -200])
def test_a_truncated_file_is_told(tmp_path: Path, cut: int) -> None:
    assert "cannot be read as PDF" in refusal(written(tmp_path, "a.pdf", pdfs.pdf(["one", "two"])[:cut]))


def test_a_file_that_lacks_its_last_line_alone_is_read(tmp_path: Path) -> None:
    assert only(written(tmp_path, "a.pdf", pdfs.pdf(["one", "two"])[:-20])).text == "one\n\ntwo"


def test_a_page_that_unpacks_to_more_than_memory_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "a.pdf", pdfs.bomb(200))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(SourceError, match="too much memory"):
        pdf.extract(path, memory_bytes=256 << 20)


def test_a_file_that_takes_too_long_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "a.pdf", pdfs.pdf(["x"]))
    with pytest.raises(SourceError, match="it took more than 0"):
        pdf.extract(path, seconds=0.0001)


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    assert "larger than 256 MiB" in refusal(path)
