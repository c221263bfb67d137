"""HTML: what is visible, titles, encodings."""

from pathlib import Path

import pytest

from index.sources.html import text_of
from index.sources.records import Reading
from index.sources.visible import VisibleText
from tests.index.sources.files import only, read_all, refusal, written

PAGE = """<!DOCTYPE html>
<html><head><title> A &amp;
 B </title><style>p { color: red }</style><script>var a = "<p>no</p>" < 1;</script></head>
<body><nav><ul><li>Home</ul></nav>
<h1>Head <em>line</em></h1>
<p>First paragraph,
   two lines&nbsp;of it.<p>Second,<br>broken.
<ul><li>one<li>two <b>bold</b>text</ul>
<table><tr><th>Name<th>Size<tr><td>a<td>1</table>
<pre>
  indented
    more

  after
</pre>
<template><p>unborn</p></template><svg><title>icon</title><text>drawn</text></svg><noscript>Enable it</noscript>
<div hidden>secret<div>inner</div></div><form><select><option>x</select><button>Go</button></form>
<div>left</div><div>right</div> &lt;tail&gt; &euro; &#x263A;<!-- comment -->
</body></html>"""

TEXT = """Head line

First paragraph, two lines of it.

Second,
broken.

one
two boldtext

Name | Size
a | 1

  indented
    more

  after

left
right
<tail> € ☺"""


def test_the_visible_text_is_read_with_line_breaks_between_blocks(tmp_path: Path) -> None:
    found = only(written(tmp_path, "a.html", PAGE))
    assert found.text == TEXT
    assert found.metadata == {"title": "A & B"}


def test_the_first_heading_is_the_title_where_the_page_has_none_else_the_name(tmp_path: Path) -> None:
    assert only(written(tmp_path, "a.htm", "<h2>Sub <i>one</i></h2><h1>Top</h1>")).metadata == {"title": "Sub one"}
    assert only(written(tmp_path, "page.htm", "<title></title>x")).metadata == {"title": "page"}


@pytest.mark.parametrize("content", ["", "  \n", "<!-- x -->", "<script>x</script>", "<title>only</title>", "\x0b"])
def test_a_page_that_shows_nothing_is_no_record(tmp_path: Path, content: str) -> None:
    assert read_all(written(tmp_path, "a.html", content)) == []


@pytest.mark.parametrize(
    ("codec", "head"),
    [
        ("utf-8", ""),
        ("utf-8-sig", '<meta charset="iso-8859-1">'),
        ("utf-16", ""),
        ("utf-8", '<meta charset="UTF-8">'),
        ("cp1251", "<meta charset=windows-1251>"),
        ("koi8-r", '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">'),
        ("cp1251", '<?xml version="1.0" encoding="windows-1251"?>'),
    ],
)
def test_a_page_is_read_in_the_encoding_that_it_declares(tmp_path: Path, codec: str, head: str) -> None:
    assert only(written(tmp_path, "a.html", f"{head}<p>Привет".encode(codec))).text == "Привет"


def test_latin_1_is_read_as_browsers_read_it(tmp_path: Path) -> None:
    page = "<meta charset=iso-8859-1><p>“10 €”".encode("cp1252")
    assert only(written(tmp_path, "a.html", page)).text == "“10 €”"


@pytest.mark.parametrize("head", ["", "<meta charset=utf-8>", "<meta charset=klingon>", "<meta charset=hex>"])
def test_a_page_of_another_encoding_than_it_says_is_refused_unless_that_is_named(tmp_path: Path, head: str) -> None:
    path = written(tmp_path, "a.html", f"{head}<p>Café".encode("cp1252"))
    assert "say --encoding" in refusal(path)
    assert only(path, Reading(encoding="cp1252")).text == "Café"


def test_a_page_is_read_to_its_end_however_deep_or_broken(tmp_path: Path) -> None:
    nested = "<div>" * 100_000 + "deep" + "</div>" * 50_000 + "<p><b><i>" * 10_000 + "end"
    assert only(written(tmp_path, "a.html", nested)).text == "deep\n\nend"


def test_a_table_of_many_cells_is_read_by_rows(tmp_path: Path) -> None:
    rows = "".join(f"<tr><td>{n}</td><td>{n * n}</td></tr>" for n in range(1000))
    lines = only(written(tmp_path, "a.html", f"<table>{rows}</table>")).text.split("\n")
    assert lines == [f"{n} | {n * n}" for n in range(1000)]


def test_nul_is_not_text(tmp_path: Path) -> None:
    assert refusal(written(tmp_path, "a.html", b"<p>a\0b")).startswith("is not text")


def test_a_row_is_one_line_whatever_its_cells_hold_only_where_that_is_asked_for() -> None:
    inner = "<table><tr><td>d</td><td>e</td></tr></table>"
    page = f"<table><tr><td><p>a</p><p><b>b</b>c</p></td><td>{inner}</td></tr></table>f"
    assert text_of(page, VisibleText(rows_are_lines=True)) == "a bc | d | e\n\nf"
    assert text_of(page, VisibleText()) == "a\n\nbc\n\nd | e\n\nf"
