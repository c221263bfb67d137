from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.workload.sts import FILES, Pair, read_pairs


def test_pairs_are_read_in_the_order_of_the_file(tmp_path: Path) -> None:
    (tmp_path / FILES["dev"]).write_text('A dog.,"A cat, asleep.",1.25\nÄ.,B.,5.0\n', "utf-8")
    assert read_pairs(tmp_path, "dev") == [Pair("A dog.", "A cat, asleep.", 1.25), Pair("Ä.", "B.", 5.0)]


def test_each_set_has_a_file_of_its_own(tmp_path: Path) -> None:
    for name, file in FILES.items():
        (tmp_path / file).write_text(f"{name},b,1.0\n", "utf-8")
    assert [read_pairs(tmp_path, name)[0].first for name in FILES] == ["dev", "test"]


def test_a_missing_file_is_told_with_the_flag_that_names_its_folder(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"stsb-en-dev\.csv cannot be read .*--data"):
        read_pairs(tmp_path, "dev")


@pytest.mark.parametrize("line", ["only one", "two,2.0", "a,b,high", "a,b,1.0,more"])
def test_a_row_that_is_not_a_scored_pair_is_told_with_its_number(tmp_path: Path, line: str) -> None:
    (tmp_path / FILES["dev"]).write_text(f"a,b,1.0\n{line}\n", "utf-8")
    with pytest.raises(BenchError, match="row 2"):
        read_pairs(tmp_path, "dev")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILES["dev"]).write_bytes(b"\xff\xfe,b,1.0\n")
    with pytest.raises(BenchError, match="not CSV in UTF-8"):
        read_pairs(tmp_path, "dev")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILES["dev"]).touch()
    with pytest.raises(BenchError, match="is empty"):
        read_pairs(tmp_path, "dev")
