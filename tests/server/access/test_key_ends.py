"""Keys that end by themselves, and secrets that are replaced: by the clock, without reading the file again."""

import datetime
import json
import re
from pathlib import Path

import pytest

from server.access.key import new_key, now_utc, with_new_secret
from server.access.key_commands import run
from server.access.key_file import changing, read_keys
from server.access.keys import KeyRing
from server.access.moments import moment_of, span_of
from server.contract.errors import SettingsError
from tests.server.access.test_keys import add, id_of

NOW = datetime.datetime(2026, 12, 1, 12, tzinfo=datetime.UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self, moment: datetime.datetime) -> None:
        self.moment = moment

    def __call__(self) -> float:
        return self.moment.timestamp()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def add_ending(file: Path, expires: datetime.datetime) -> str:
    key, token = new_key("me", ["embed"], expires)
    with changing(file) as keys:
        keys.append(key)
    return token


def rotate(file: Path, ends: datetime.datetime) -> str:
    with changing(file) as keys:
        keys[0], token = with_new_secret(keys[0], ends)
    return token


def token_of(arguments: list[str], file: Path, capsys: pytest.CaptureFixture[str]) -> str:
    run(arguments, file)
    return capsys.readouterr().out.strip()


def test_a_key_is_refused_from_its_end_on(file: Path) -> None:
    token, clock = add_ending(file, NOW), Clock(NOW - datetime.timedelta(seconds=1))
    ring = KeyRing(file, clock)
    assert ring.find(token)
    assert not ring.has_ended(token)
    clock.moment = NOW
    assert ring.find(token) is None
    assert ring.has_ended(token)
    assert not ring.has_ended(token + "0")


def test_a_replaced_secret_is_valid_beside_the_new_one_until_its_end(file: Path) -> None:
    old, clock = add(file), Clock(NOW - datetime.timedelta(seconds=1))
    new = rotate(file, NOW)
    assert id_of(old) == id_of(new)
    ring = KeyRing(file, clock)
    assert ring.find(old) == ring.find(new) is not None
    clock.moment = NOW
    assert ring.find(old) is None
    assert ring.has_ended(old)
    assert ring.find(new)


def test_a_replaced_secret_does_not_outlive_its_key(file: Path) -> None:
    old, clock = add_ending(file, NOW), Clock(NOW)
    rotate(file, NOW + datetime.timedelta(days=1))
    assert KeyRing(file, clock).find(old) is None


def test_a_secret_that_was_replaced_twice_is_gone(file: Path) -> None:
    first = add(file)
    second = rotate(file, NOW + datetime.timedelta(days=1))
    third = rotate(file, NOW + datetime.timedelta(days=1))
    ring = KeyRing(file, Clock(NOW))
    assert [ring.find(token) is not None for token in (first, second, third)] == [False, True, True]


def test_wrong_secrets_of_a_replaced_key_are_nobody_s(file: Path) -> None:
    old = add(file)
    new = rotate(file, NOW + datetime.timedelta(days=1))
    ring = KeyRing(file, Clock(NOW))
    for token in (old[:-1], new[:-1], f"vecd_{id_of(old)}_", f"other_{id_of(old)}_{old.rsplit('_', 1)[1]}"):
        assert ring.find(token) is None
        assert not ring.has_ended(token)


def test_a_key_without_an_end_is_written_as_ever(file: Path) -> None:
    add(file)
    (key,) = json.loads(file.read_text())["keys"]
    assert set(key) == {"id", "name", "scopes", "created", "salt", "sha256"}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("30d", NOW + datetime.timedelta(days=30)),
        ("12h", NOW + datetime.timedelta(hours=12)),
        ("2w", NOW + datetime.timedelta(weeks=2)),
        ("90m", NOW + datetime.timedelta(minutes=90)),
        ("1s", NOW + datetime.timedelta(seconds=1)),
        ("2027-01-31", datetime.datetime(2027, 1, 31, tzinfo=datetime.UTC)),
        ("2027-01-31T12:30", datetime.datetime(2027, 1, 31, 12, 30, tzinfo=datetime.UTC)),
        ("2027-01-31T12:30+02:00", datetime.datetime(2027, 1, 31, 10, 30, tzinfo=datetime.UTC)),
    ],
)
def test_moments_are_spans_days_or_iso_8601(text: str, moment: datetime.datetime) -> None:
    assert moment_of(text, NOW) == moment


@pytest.mark.parametrize("text", ["soon", "", "30", "30 d", "-1d", "2027-02-30", "31.1.2027", "999999w", "1y"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="30d"):
        moment_of(text, NOW)


@pytest.mark.parametrize("text", ["2026-12-01", "2026-12-01T12:00Z", "0", "0d"])
def test_what_is_over_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="not in the future"):
        moment_of(text, NOW)


def test_a_span_of_zero_needs_no_unit() -> None:
    assert span_of("0") == datetime.timedelta()
    assert span_of("1") is None


def test_add_and_list_tell_the_end(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    token_of(["add", "short", "--expires", "9999-01-31"], file, capsys)
    token_of(["add", "long"], file, capsys)
    with changing(file) as keys:
        keys.append(new_key("over", ["embed"], NOW.replace(year=2020))[0])
    run(["list"], file)
    short, long, over = capsys.readouterr().out.splitlines()
    assert "ends 9999-01-31 00:00" in short
    assert "no end" in long
    assert "ended 2020-12-01 12:00" in over


@pytest.mark.parametrize("expires", ["2020-01-01", "tomorrow", "-3d"])
def test_a_wrong_end_adds_no_key(file: Path, expires: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(expires)):
        run(["add", "me", f"--expires={expires}"], file)
    assert not file.exists()


@pytest.mark.parametrize("by", ["name", "id"])
def test_rotate_prints_a_new_secret_of_the_same_key(file: Path, by: str, capsys: pytest.CaptureFixture[str]) -> None:
    old = token_of(["add", "a laptop", "--expires", "30d"], file, capsys)
    expires = [key.expires for key in read_keys(file) or ()]
    run(["rotate", "a laptop" if by == "name" else id_of(old)], file)
    told = capsys.readouterr()
    new = told.out.strip()
    assert (id_of(new), new == old) == (id_of(old), False)
    assert "old secret is valid until" in told.err
    ring = KeyRing(file)
    assert ring.find(old)
    assert ring.find(new)
    assert [key.expires for key in read_keys(file) or ()] == expires
    run(["list"], file)
    assert "old secret " in capsys.readouterr().out
    assert new.rsplit("_", 1)[1] not in file.read_text()


def test_an_overlap_of_zero_ends_the_old_secret_at_once(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = token_of(["add", "me"], file, capsys)
    new = token_of(["rotate", "me", "--overlap", "0"], file, capsys)
    ring = KeyRing(file)
    assert ring.find(old) is None
    assert ring.find(new)


def test_the_overlap_is_as_long_as_said(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, before = token_of(["add", "me"], file, capsys), now_utc()
    token_of(["rotate", "me", "--overlap", "2d"], file, capsys)
    after, two = now_utc(), datetime.timedelta(days=2)
    assert KeyRing(file, Clock(before + two - datetime.timedelta(seconds=1))).find(old)
    assert KeyRing(file, Clock(after + two)).find(old) is None


def test_a_key_that_has_ended_is_rotated_with_a_new_end_alone(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_ending(file, NOW.replace(year=2020))
    with pytest.raises(SettingsError, match="--expires"):
        run(["rotate", "me"], file)
    token = token_of(["rotate", "me", "--expires", "1d"], file, capsys)
    assert KeyRing(file).find(token)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rotate", "nobody"], "'nobody'"),
        (["rotate", "twin"], "several keys"),
        (["rotate", "me", "--overlap", "long"], "'long'"),
        (["rotate", "me", "--overlap", "2099-01-01"], "'2099-01-01'"),
    ],
)
def test_what_cannot_be_rotated_changes_nothing(file: Path, arguments: list[str], said: str) -> None:
    for name in ("me", "twin", "twin"):
        add(file, name)
    before = file.read_bytes()
    with pytest.raises(SettingsError, match=re.escape(said)):
        run(arguments, file)
    assert file.read_bytes() == before
