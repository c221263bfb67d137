"""The front door: forms by name, what is no file, what is not installed, and what is loaded when."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from index.sources import forms
from index.sources.reader import MODULES, is_own, module_of, read
from index.sources.records import Reading, SourceError
from tests.index.sources.files import refusal


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.md", "markdown"), ("A.MARKDOWN", "markdown"), ("x.tar.Html", "html"), ("a.jsonl", "ndjson"), ("a.PDF", "pdf")],
)
def test_the_form_is_known_by_the_ending(name: str, form: str) -> None:
    assert forms.form_of(Path("folder.csv", name)) == form


@pytest.mark.parametrize("name", ["a", "md", ".md", "a.doc", "a.md~", "a.md.gz"])
def test_other_names_have_no_form(name: str) -> None:
    assert forms.form_of(Path(name)) is None


def test_every_form_has_its_reader() -> None:
    assert set(forms.FORMS.values()) == set(MODULES)
    assert set(MODULES) > forms.TABLES
    for form in MODULES:
        assert callable(module_of(form).read)


def test_what_is_not_there_or_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder.md").mkdir()
    os.mkfifo(tmp_path / "pipe.ndjson")
    assert refusal(tmp_path / "none.md") == "cannot be read: No such file or directory"
    assert refusal(tmp_path / "folder.md") == "is not a regular file"
    assert refusal(tmp_path / "pipe.ndjson") == "is not a regular file"
    with pytest.raises(SourceError, match="No such file"):
        is_own(tmp_path / "none.parquet", forms.PARQUET)


def test_reading_is_of_one_file_at_a_time_and_lazy(tmp_path: Path) -> None:
    rows = read(tmp_path / "later.ndjson", forms.NDJSON, Reading())
    (tmp_path / "later.ndjson").write_text('{"text": "x"}')
    assert [getattr(row, "text", None) for row in rows] == ["x"]


LOADS = """
import sys
from pathlib import Path
from index.sources.reader import read
from index.sources.records import Reading
for name in sys.argv[1:]:
    assert list(read(Path(name), {".md": "markdown", ".csv": "csv"}[Path(name).suffix], Reading()))
print(*sys.modules)
"""


def test_what_no_file_needs_is_not_loaded(tmp_path: Path) -> None:
    names = [tmp_path / "a.md", tmp_path / "a.csv"]
    for name in names:
        name.write_text("text,b\nx,1\n")
    done = subprocess.run([sys.executable, "-c", LOADS, *names], capture_output=True, text=True, check=True, timeout=60)
    assert not set(done.stdout.split()) & {"lxml", "pyarrow", "mammoth", "pypdfium2", "numpy"}


MISSING = """
import sys
from pathlib import Path
from index.sources.reader import read
from index.sources.records import Reading, SourceError
sys.modules["mammoth"] = sys.modules["pypdfium2"] = sys.modules["pyarrow"] = None
for form in ("docx", "pdf", "parquet"):
    try:
        list(read(Path(sys.argv[1]), form, Reading()))
    except SourceError as error:
        print(error)
"""


def test_what_is_not_installed_is_told_with_the_command_that_brings_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"")
    done = subprocess.run([sys.executable, "-c", MISSING, path], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines() == [
        "the package mammoth is missing; pip install --editable '.[documents]' brings it",
        "the package pypdfium2 is missing; pip install --editable '.[documents]' brings it",
        "the package pyarrow is missing; pip install --editable '.[parquet]' brings it",
    ]
