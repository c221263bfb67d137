"""Keys: what the file holds and what it refuses, who is found, and what several processes do to one file."""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from server.access.key import new_key
from server.access.key_commands import run
from server.access.key_file import changing, read_keys
from server.access.keys import KeyRing
from server.contract.errors import SettingsError
from server.web.key_scopes import KeyScope

SHOWN = re.compile(r"vecd_[0-9a-f]{12}_[0-9a-f]{64}")
EVERY: list[KeyScope] = ["embed", "search", "write", "admin"]


class Watched(str):
    """A token that notes when its secret becomes bytes, which only hashing it needs."""

    __slots__ = ("hashed",)
    hashed: list[str]

    @classmethod
    def of(cls, token: str, hashed: list[str]) -> "Watched":
        made = cls(token)
        made.hashed = hashed
        return made

    def partition(self, sep: str, /) -> tuple[str, str, str]:
        head, found, rest = super().partition(sep)
        return head, found, Watched.of(rest, self.hashed)

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        self.hashed.append(str(self))
        return super().encode(encoding, errors)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def add(file: Path, name: str = "somebody", scopes: Sequence[KeyScope] = ("embed",)) -> str:
    key, shown = new_key(name, scopes)
    with changing(file) as keys:
        keys.append(key)
    return shown


def id_of(shown: str) -> str:
    return shown.split("_")[1]


def test_without_a_file_no_key_is_needed_and_none_is_found(file: Path) -> None:
    ring = KeyRing(file)
    assert not ring.required
    assert ring.find("vecd_000000000000_0") is None
    assert not file.exists()


def test_a_key_is_found_with_its_scopes_and_by_nothing_less(file: Path) -> None:
    shown, other = add(file, "me", EVERY), add(file, "you")
    ring = KeyRing(file)
    found = ring.find(shown)
    assert found is not None
    assert (found.id, found.name, found.scopes) == (id_of(shown), "me", tuple(EVERY))
    secret, others = shown.rsplit("_", 1)[1], other.rsplit("_", 1)[1]
    refused = (
        f"vecd_{id_of(shown)}_{others}",
        f"vecd_{id_of(shown)}_{secret[:-1]}",
        f"vecd_{id_of(shown)}_{secret}0",
        f"vecd_{id_of(shown)}_",
        f"vecd_{id_of(shown)}",
        f"vecd__{secret}",
        f"VECD_{id_of(shown)}_{secret}",
        f"_{id_of(shown)}_{secret}",
        f"{id_of(shown)}_{secret}",
        shown.upper(),
        " " + shown,
        secret,
        "vecd__",
        "vecd",
        "",
        "vecd_" + "é" * 12 + "_\xff",
        "x" * 1_000_000,
    )
    assert [token for token in refused if ring.find(token)] == []


def test_the_file_keeps_salt_and_hash_and_no_secret(file: Path) -> None:
    shown = [add(file), add(file)]
    text = file.read_text("utf-8")
    assert not any(one.rsplit("_", 1)[1] in text for one in shown)
    document = json.loads(text)
    assert set(document) == {"format", "keys"}
    assert {frozenset(key) for key in document["keys"]} == {
        frozenset({"id", "name", "scopes", "created", "salt", "sha256"})
    }
    assert document["keys"][0]["salt"] != document["keys"][1]["salt"]


def test_two_keys_are_never_alike(file: Path) -> None:
    made = {new_key("a", ["embed"])[1] for _ in range(200)}
    assert len(made) == 200
    assert all(SHOWN.fullmatch(shown) for shown in made)


def test_an_unknown_id_costs_the_same_hashes_as_a_wrong_secret(file: Path) -> None:
    shown = add(file)
    ring, hashed = KeyRing(file), list[str]()
    assert ring.find(Watched.of(f"vecd_{id_of(shown)}_wrong", hashed)) is None
    assert ring.find(Watched.of("vecd_000000000000_wrong", hashed)) is None
    assert ring.find(Watched.of("nothing like a key", hashed)) is None
    assert hashed == ["wrong"] * 4 + [""] * 2


def test_a_right_secret_under_no_id_is_still_nobody(file: Path) -> None:
    add(file)
    assert KeyRing(file).find("vecd__") is None


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_only_the_owner_may_read_the_file_whatever_the_umask(file: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        add(file)
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o600


def entry(**changes: object) -> bytes:
    key = msgspec.structs.asdict(new_key("a", ["embed"])[0]) | changes
    return msgspec.json.encode({"format": 1, "keys": [{name: value for name, value in key.items() if value != "-"}]})


DAMAGED = {
    "an empty file": b"",
    "half a file": entry()[:-20],
    "not JSON": b"keys",
    "not UTF-8": b'{"format": 1, "keys": [\xff]}',
    "a list": b"[]",
    "no keys": b'{"format": 1}',
    "another format": b'{"format": 2, "keys": []}',
    "an unknown field": entry(secret="s"),
    "a scope that there is not": entry(scopes=["root"]),
    "no hash": entry(sha256="-"),
    "a salt that is no hexadecimal number": entry(salt="zz"),
    "a short salt": entry(salt=""),
    "a hash that is no hexadecimal number": entry(sha256="é" * 64),
    "a short hash": entry(sha256="00"),
    "an id that no client could show": entry(id="a_b"),
    "an empty id": entry(id=""),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_refused_by_its_name(file: Path, case: str) -> None:
    file.write_bytes(DAMAGED[case])
    for read in (lambda: KeyRing(file), lambda: read_keys(file), lambda: add(file), lambda: run(["list"], file)):
        with pytest.raises(SettingsError, match=re.escape(str(file))):
            read()
    assert file.read_bytes() == DAMAGED[case]


def test_a_folder_in_its_place_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=re.escape(str(tmp_path))):
        KeyRing(tmp_path)


def test_a_file_in_a_folder_that_cannot_be_made_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    inside = tmp_path / "file" / "keys.json"
    with pytest.raises(SettingsError, match=re.escape(str(inside))):
        add(inside)


def test_reading_again_adds_and_takes_back(file: Path) -> None:
    first = add(file)
    ring = KeyRing(file)
    second = add(file)
    assert ring.find(second) is None
    ring.reload()
    assert ring.find(second)
    run(["revoke", id_of(first)], file)
    ring.reload()
    assert ring.find(first) is None
    assert len(ring) == 1


def test_reading_a_damaged_file_again_keeps_the_keys(file: Path) -> None:
    shown = add(file)
    ring = KeyRing(file)
    file.write_bytes(b"{")
    with pytest.raises(SettingsError, match=re.escape(str(file))):
        ring.reload()
    assert ring.find(shown)


def test_a_file_that_is_gone_leaves_nobody_in_but_opens_nothing(file: Path) -> None:
    shown = add(file)
    ring = KeyRing(file)
    file.unlink()
    ring.reload()
    assert ring.required
    assert ring.find(shown) is None


def test_a_file_that_comes_later_has_keys_needed(file: Path) -> None:
    ring = KeyRing(file)
    add(file)
    ring.reload()
    assert ring.required


def test_when_the_last_key_is_taken_back_keys_are_needed_still(file: Path) -> None:
    shown = add(file)
    run(["revoke", id_of(shown)], file)
    assert KeyRing(file).required
    assert read_keys(file) == ()


def test_a_file_that_appears_and_cannot_be_read_closes_the_door_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    ring = KeyRing(path)
    assert not ring.required
    path.write_text("{")
    with pytest.raises(SettingsError, match=r"keys\.json"):
        ring.reload()
    assert ring.required
