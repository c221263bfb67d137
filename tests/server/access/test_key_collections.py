"""Keys that reach some collections only: what the patterns mean, what the commands take, and which routes ask."""

import re
from pathlib import Path

import pytest

from server.access.key import Key, new_key
from server.access.key_commands import run
from server.access.key_file import read_keys
from server.contract.errors import SettingsError
from server.contract.status import IndexStatus, MetricFamily, Sample
from server.dialects.native.collection_paths import COLLECTION
from server.dialects.native.reached import index_of
from server.routes import ROUTES
from server.web.errors import ForbiddenError
from server.web.operations import COLLECTION_PARAMETER, KEY, Operation
from tests.server.access.test_access import Door, bearer, operation


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def limited(*collections: str) -> Key:
    return new_key("me", ["search"], collections=collections)[0]


def test_a_pattern_is_a_name_or_a_beginning() -> None:
    key = limited("a", "b-*")
    assert [name for name in ("a", "b-", "b-1", "b-1*") if key.reaches(name)] == ["a", "b-", "b-1", "b-1*"]
    assert [name for name in ("", "aa", "b", "default", "*", "A", "a*") if key.reaches(name)] == []


def test_a_key_without_patterns_reaches_all_and_one_with_none_of_them_nothing() -> None:
    assert new_key("me", ["search"])[0].reaches("any")
    assert not limited().reaches("any")


def test_add_takes_patterns_and_list_shows_them(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["add", "one", "--collections", "a, b-*,a"], file)
    run(["add", "two"], file)
    assert [key.collections for key in read_keys(file) or ()] == [("a", "b-*"), None]
    capsys.readouterr()
    run(["list"], file)
    one, two = capsys.readouterr().out.splitlines()
    assert " a,b-* " in one
    assert " all " in two


@pytest.mark.parametrize("names", ["*", "", "a,", "A", "a.b", "a*b", "**", "a**", "x" * 65, "a b", "a\nb"])
def test_what_is_no_pattern_adds_no_key(file: Path, names: str) -> None:
    with pytest.raises(SettingsError, match="--collections"):
        run(["add", "me", "--collections", names], file)
    assert not file.exists()


@pytest.mark.parametrize("pattern", ["*", "", "A", "a*b"])
def test_a_file_with_another_pattern_is_refused(file: Path, pattern: str) -> None:
    run(["add", "me", "--collections", "a"], file)
    file.write_text(file.read_text().replace('"a"', f'"{pattern}"'))
    with pytest.raises(SettingsError, match=re.escape(str(file))):
        read_keys(file)


def test_every_route_that_reads_or_writes_documents_asks_for_its_collection() -> None:
    unasked = set[str]()
    for handler in ROUTES:
        found = handler.opt[KEY]
        assert isinstance(found, Operation)
        if found.scope in {"search", "write", "admin"} and not found.in_collection:
            unasked |= handler.paths
    assert unasked == {"/collections", "/stats", "/metrics", "/tei/metrics"}  # these show what the key reaches
    assert COLLECTION.name == COLLECTION_PARAMETER


def test_the_door_asks_for_the_collection_of_the_path_or_the_default_one(tmp_path: Path) -> None:
    door = Door(tmp_path / "keys.json")
    shown = door.key("search", collections=["a"])
    asked = operation("search", COLLECTION)
    door.ask(asked, bearer(shown), path_params={"name": "a"})
    for path_params in ({"name": "b"}, {"name": "default"}, {}):
        with pytest.raises(ForbiddenError, match="reaches the collections a only"):
            door.ask(asked, bearer(shown), path_params=path_params)
    named = door.key("search", collections=["default"])
    door.ask(asked, bearer(named), path_params={})
    door.ask(operation("search"), bearer(shown))


def test_totals_are_of_what_is_reached() -> None:
    def family(name: str, a: float, b: float) -> MetricFamily:
        samples = [Sample(name, {"collection": one}, value) for one, value in (("a", a), ("b", b))]
        return MetricFamily(f"vecd_index_{name}", "", "gauge", samples)

    names = ("documents", "pending_documents", "database_bytes", "memory_bytes", "exact")
    metrics = [family(name, at + 1, 100) for at, name in enumerate(names)]
    metrics += [family("recall", float("nan"), 0.5), family("recall_target", 0.98, 0.98), family("width", 128, 512)]
    assert index_of(metrics, limited("a").reaches) == IndexStatus(1, 1, 2, 3, 4, (), None, 5, 0.98, 128)
    both = index_of(metrics, limited("a", "b").reaches)
    assert (both.documents, both.collections, both.recall, both.width) == (101, 2, 0.5, 512)
