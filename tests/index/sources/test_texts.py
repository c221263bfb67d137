"""Markdown and plain text: encodings, front matter, titles."""

from pathlib import Path

import pytest

from index.sources import decoding
from index.sources.records import Reading
from tests.index.sources.files import only, read_all, records, refusal, written

TEXT = "Grüße aus Łódź\nzweite Zeile"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("name", ["a.txt", "A.MD", "b.markdown"])
def test_a_text_is_read_in_every_encoding_that_shows_itself(tmp_path: Path, name: str, codec: str) -> None:
    assert only(written(tmp_path, name, TEXT.encode(codec))).text == TEXT


def test_big_endian_utf_16_with_a_mark_is_read(tmp_path: Path) -> None:
    assert only(written(tmp_path, "a.txt", b"\xfe\xff" + TEXT.encode("utf-16-be"))).text == TEXT


def test_another_encoding_is_read_where_it_is_named_and_told_where_it_is_not(tmp_path: Path) -> None:
    path = written(tmp_path, "a.txt", "Café".encode("cp1252"))
    assert only(path, Reading(encoding="cp1252")).text == "Café"
    assert refusal(path) == "is not UTF-8; say --encoding, as --encoding cp1252"
    assert "not of the encoding ascii" in refusal(path, Reading(encoding="ascii"))


def test_a_mark_counts_for_more_than_the_encoding_that_is_named(tmp_path: Path) -> None:
    assert only(written(tmp_path, "a.txt", TEXT.encode("utf-16")), Reading(encoding="cp1252")).text == TEXT


@pytest.mark.parametrize("encoding", ["klingon", "hex", "zlib"])
def test_what_is_no_encoding_of_text_is_told(tmp_path: Path, encoding: str) -> None:
    assert "there is no encoding" in refusal(written(tmp_path, "a.txt", "x"), Reading(encoding=encoding))


@pytest.mark.parametrize("content", [b"\x7fELF\0\1", TEXT.encode("utf-16-le")])
def test_what_holds_nul_is_not_text(tmp_path: Path, content: bytes) -> None:
    assert refusal(written(tmp_path, "a.md", content), Reading(encoding="cp1252")).startswith("is not text")


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
@pytest.mark.parametrize("content", ["", " \n\t\n", "\ufeff"])
def test_a_text_without_anything_is_no_record(tmp_path: Path, name: str, content: str) -> None:
    assert read_all(written(tmp_path, name, content)) == []


def test_front_matter_without_a_text_is_no_record(tmp_path: Path) -> None:
    assert read_all(written(tmp_path, "a.md", "---\ntitle: nothing else\n---\n")) == []


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(decoding.MAX_TEXT_BYTES + 1)
    assert "larger than 64 MiB" in refusal(path)


def test_lines_end_in_line_feeds(tmp_path: Path) -> None:
    assert only(written(tmp_path, "a.txt", "one\r\ntwo\rthree")).text == "one\ntwo\nthree"


def test_a_text_has_its_files_name_as_title(tmp_path: Path) -> None:
    assert only(written(tmp_path, "shopping list.txt", "# eggs")).metadata == {"title": "shopping list"}


FRONT = """---
title: Release plan
date: 2026-11-29
at: 2026-11-29T21:40:00Z
when: 12:30
country: no
version: 1.10
number: 007
count: 3
share: 0.5
draft: true
tags: [search, 2, 0.5, null]
author:
  name: Ann
  1: one
nothing:
huge: 123456789012345678901234567890
---

The plan.
"""


def test_front_matter_becomes_metadata_of_json_values(tmp_path: Path) -> None:
    found = only(written(tmp_path, "a.md", FRONT))
    assert found.metadata == {
        "title": "Release plan",
        "date": "2026-11-29",
        "at": "2026-11-29T21:40:00Z",
        "when": "12:30",
        "country": "no",
        "version": 1.1,
        "number": "007",
        "count": 3,
        "share": 0.5,
        "draft": True,
        "tags": ["search", 2, 0.5, None],
        "author": {"name": "Ann", "1": "one"},
        "huge": "123456789012345678901234567890",
    }
    assert found.text == "# Release plan\n\nThe plan.\n"


@pytest.mark.parametrize("body", ["# Release Plan\nx", "Release plan: x", "\n\n## release plan ##\nx"])
def test_a_title_that_the_text_begins_with_is_not_written_twice(tmp_path: Path, body: str) -> None:
    assert only(written(tmp_path, "a.md", f"---\ntitle: Release plan\n---\n{body}")).text == body


@pytest.mark.parametrize("end", ["---", "...", "--- "])
def test_front_matter_ends_at_either_mark(tmp_path: Path, end: str) -> None:
    found = only(written(tmp_path, "a.md", f"---\r\na: 1\r\n{end}\r\nText"))
    assert (found.text, found.metadata) == ("Text", {"a": 1, "title": "a"})


@pytest.mark.parametrize(
    "head",
    [
        "a: [1",
        "a: b: c",
        "- a list",
        "just words",
        "a: 2026-13-45",
        "a: !!python/object/apply:os.system ['true']",
        "a: &x [1]\nb: *x",
        "a: " + "[" * 5000,
        'a: "\\ud800"',
        "? [1, 2]\n: 3",
        "a: !!int many",
        "a: !!timestamp never",
    ],
)
def test_what_is_no_front_matter_stays_in_the_text(tmp_path: Path, head: str) -> None:
    content = f"---\n{head}\n---\n# Heading\n"
    found = only(written(tmp_path, "a.md", content))
    assert (found.text, found.metadata) == (content, {"title": "Heading"})


def test_front_matter_without_an_end_stays_in_the_text(tmp_path: Path) -> None:
    content = "---\ntitle: x\n\n# Heading\n"
    assert only(written(tmp_path, "a.md", content)).text == content


def test_aliases_that_would_make_gigabytes_are_not_resolved(tmp_path: Path) -> None:
    lines = ["a: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"b{n}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]" for n in range(12)]
    content = "---\n" + "\n".join(lines) + "\n---\nText"
    assert only(written(tmp_path, "a.md", content)).text == content


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("intro\n\n## A *heading* ##\n# Later", "A *heading*"),
        ("Underlined\n==========\nx", "Underlined"),
        ("intro\n\nUnderlined\n---\nx", "Underlined"),
        ("```sh\n# a comment\n```\n~~~\n# another\n```\n# still\n~~~\n# Real", "Real"),
        ("#hashtag and #another", "note"),
        ("a paragraph\nof two lines\n---\n", "note"),
        ("- item\n---\n", "note"),
        ("#\n###   \n# x", "x"),
        ("---\nafter a rule", "note"),
    ],
)
def test_the_first_heading_is_the_title_else_the_files_name(tmp_path: Path, text: str, title: str) -> None:
    assert only(written(tmp_path, "note.md", text)).metadata["title"] == title


def test_a_title_is_one_line_of_bounded_length(tmp_path: Path) -> None:
    title = only(written(tmp_path, "a.md", "# " + "word " * 10_000)).metadata["title"]
    assert title.startswith("word word")
    assert len(title) <= 500


def test_numbers_and_dates_are_titles_and_lists_are_none(tmp_path: Path) -> None:
    path = written(tmp_path, "a.md", "---\ntitle: 2026\n---\ntext")
    assert records(path)[0].metadata["title"] == "2026"
    path = written(tmp_path, "a.md", "---\ntitle: [a, b]\n---\ntext")
    assert records(path)[0].metadata["title"] == "a"
