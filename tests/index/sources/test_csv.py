"""CSV and TSV: delimiters, headers, numbers, rows that do not fit."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sources import csv_rows
from index.sources.csv_rows import column_names
from index.sources.delimiters import DELIMITERS, guess
from index.sources.records import BadRow, Reading, Record, SourceError
from tests.index.sources.files import bad_rows, only, read_all, records, refusal, written

PEOPLE = [["id", "text", "note"], ["1", "Hello, world; all", "x|y"], ["2", 'say "no"\nor', "a\tb"]]


def table(rows: list[list[str]], delimiter: str) -> str:
    quoted = (delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    return "\n".join(quoted)


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_delimiter_is_found_and_quoted_cells_keep_theirs(tmp_path: Path, delimiter: str, codec: str) -> None:
    first, second = records(written(tmp_path, "a.csv", table(PEOPLE, delimiter).encode(codec)))
    assert (first.id, first.text, first.metadata, first.number) == ("1", "Hello, world; all", {"note": "x|y"}, 1)
    assert (second.id, second.text, second.metadata, second.number) == ("2", 'say "no"\nor', {"note": "a\tb"}, 2)


@pytest.mark.parametrize(
    ("sample", "delimiter"),
    [
        ("name;text\nx;one, two, three\ny;four, five\n", ";"),
        ("a,b;c\n1,2;3\n4,5\n", ","),
        ("text\none; two\nthree, four\n", ","),
        ("a|b|c\n1,5|2|3\n1,5|2|3\n", "|"),
        ("a;b\n1,5;2,5\n", ";"),
        ("a\tb, c\tx\n1\t2, 3\t4\n", "\t"),
        ("", ","),
    ],
)
def test_the_delimiter_by_which_the_rows_agree_wins(sample: str, delimiter: str) -> None:
    assert guess(sample, whole=True) == delimiter


def test_a_row_that_the_sample_cuts_off_does_not_count() -> None:
    assert guess("a;b,c\n1;2\n3;4\n5,6;", whole=False) == ";"


def test_a_tsv_is_parted_by_tabs_whatever_else_it_holds(tmp_path: Path) -> None:
    found = only(written(tmp_path, "a.tsv", "a,b,c\ttext\n1,2,3\tx\n"))
    assert (found.text, found.metadata) == ("x", {"a,b,c": "1,2,3"})


def test_the_delimiter_that_is_named_is_taken(tmp_path: Path) -> None:
    assert only(written(tmp_path, "a.csv", "a,b:text\n1,2:x\n"), Reading(delimiter=":")).text == "x"
    assert "is no delimiter" in refusal(written(tmp_path, "a.csv", "a,b\n"), Reading(delimiter="::"))


def test_columns_of_numbers_become_numbers_and_no_others(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "a.csv",
        "text,count,share,zip,price,mixed,big,sign,empty,inf\n"
        "a,1,0.5,01234,1.50,1,9223372036854775807,-0,,inf\n"
        "b,-20,3,10115,2.75,x,9223372036854775808,1,,1\n"
        "c,,1e-07,5,3.25,,1,2,,2\n",
    )
    assert [found.metadata for found in records(path)] == [
        {"count": 1, "share": 0.5, "zip": "01234", "price": "1.50", "mixed": "1", "big": "9223372036854775807",
         "sign": "-0", "inf": "inf"},
        {"count": -20, "share": 3, "zip": "10115", "price": "2.75", "mixed": "x", "big": "9223372036854775808",
         "sign": "1", "inf": "1"},
        {"share": 1e-07, "zip": "5", "price": "3.25", "big": "1", "sign": "2", "inf": "2"},
    ]  # fmt: skip


@given(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_as_python_writes_it_is_read_as_that_number(number: float) -> None:
    found = csv_rows.number_of(repr(number))
    assert (type(found), found) == (type(number), number)


@given(st.text(st.sampled_from("0123456789.-+e_ ٣"), max_size=25))
def test_what_becomes_a_number_can_be_written_back(cell: str) -> None:
    found = csv_rows.number_of(cell)
    assert found == cell if isinstance(found, str) else repr(found) == cell


def test_ids_and_texts_are_never_numbers(tmp_path: Path) -> None:
    assert [(found.id, found.text) for found in records(written(tmp_path, "a.csv", "id,text\n007,1\n8,2.50\n"))] == [
        ("007", "1"),
        ("8", "2.50"),
    ]


def test_a_row_with_more_cells_than_the_header_is_bad_and_the_others_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "text,b\na,1\nb,2,3\n\n , \nc\n")
    assert [type(found) for found in read_all(path)] == [Record, BadRow, Record]
    assert bad_rows(path) == [(2, "the row has 3 cells, the header 2")]
    assert read_all(path)[-1] == Record("c", {}, None, 3)


def test_a_row_without_text_is_bad(tmp_path: Path) -> None:
    assert bad_rows(written(tmp_path, "a.csv", "text,b\n,1\n  ,2\n")) == [
        (1, "the text is missing (text)"),
        (2, "the text is missing (text)"),
    ]


def test_columns_without_a_name_and_names_that_come_again_are_numbered(tmp_path: Path) -> None:
    found = only(written(tmp_path, "a.csv", ",text,b,b, c \n5,x,1,2,3\n"))
    assert found.metadata == {"column_1": 5, "b": 1, "b_4": 2, "c": 3}


def test_no_name_is_given_twice_however_many_columns_there_are() -> None:
    assert column_names(["a", "a_3", "a", "", "column_5", ""]) == [
        "a",
        "a_3",
        "a_4",
        "column_4",
        "column_5",
        "column_6",
    ]
    many = 100_000
    names = column_names([f"a_{number}" for number in range(many, 2 * many)] + many * ["a"])
    assert len(set(names)) == len(names) == 2 * many


@pytest.mark.parametrize("content", ["", "\n\n", "text,b\n"])
def test_a_table_without_rows_has_no_records(tmp_path: Path, content: str) -> None:
    assert read_all(written(tmp_path, "a.csv", content)) == []


def test_a_quoted_cell_that_is_not_closed_is_told_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", 'text,b\nx,"two\nlines"\n"open,1\n' + "y,2\n" * 50)
    assert refusal(path) == "cannot be read as CSV: a quoted cell of line 4 is not closed"
    assert next(csv_rows.read(path, Reading())) == Record("x", {"b": "two\nlines"}, None, 1)


def test_cells_beyond_the_limit_are_told(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "text,b\n" + "x" * csv_rows.MAX_CELL + ",1\n")
    assert "a line is longer than" in refusal(path)
    path = written(tmp_path, "a.csv", 'text,b\n"' + ("x" * 1000 + "\n") * 17_000 + '",1\n')
    assert "field larger than field limit" in refusal(path)


def test_a_long_cell_within_the_limit_is_read(tmp_path: Path) -> None:
    assert len(only(written(tmp_path, "a.csv", "text,b\n" + "x" * 1_000_000 + ",1\n")).text) == 1_000_000


def test_the_rows_before_what_cannot_be_read_are_there(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "text\n" + "row\n" * 2000 + "bad \0\n")
    rows = csv_rows.read(path, Reading())
    assert [row.number for row in itertools.islice(rows, 2000)] == [*range(1, 2001)]
    with pytest.raises(SourceError, match="is not text"):
        next(rows)


def test_another_encoding_is_named_or_told(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", ("text,b\n" + "x,1\n" * 50_000 + "Café,2\n").encode("cp1252"))
    assert "say --encoding" in refusal(path)
    assert records(path, Reading(encoding="cp1252"))[-1].text == "Café"
    assert "there is no encoding" in refusal(path, Reading(encoding="klingon"))
