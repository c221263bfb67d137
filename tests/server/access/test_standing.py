"""Requests that last: their keys are looked at again, at most once a second."""

import asyncio
import datetime
import gc
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from server.access.charging import Charging
from server.access.key import now_utc
from server.access.key_commands import run
from server.access.key_file import changing
from server.access.standing import AGAIN_S, Standing
from server.contract.documents import Document, Line, LinesWritten
from server.contract.embedding import Demand
from server.contract.estimate import TokenEstimate
from server.dialects.native.collection_paths import COLLECTION
from server.web.errors import ForbiddenError, UnauthorizedError
from tests.server.access.test_access import LOCAL, Door, bearer, operation
from tests.server.access.test_charging import Fake
from tests.server.access.test_keys import id_of
from tests.server.polling import until


class Checks:
    """Counts checks, and refuses from the moment on at which a test says so."""

    def __init__(self) -> None:
        self.count = 0
        self.refused = False

    def __call__(self) -> None:
        self.count += 1
        if self.refused:
            message = "gone"
            raise UnauthorizedError(message)


def test_a_key_is_looked_at_again_once_a_second_at_most() -> None:
    now, checks = [0.0], Checks()
    standing = Standing(checks, lambda: now[0])
    counts = []
    for moment in (0.0, AGAIN_S - 0.01, AGAIN_S, AGAIN_S + 0.1, 2 * AGAIN_S, 9 * AGAIN_S):
        now[0] = moment
        standing()
        counts.append(checks.count)
    assert counts == [0, 0, 1, 1, 2, 3]


def test_what_is_refused_once_stays_refused() -> None:
    now, checks = [0.0], Checks()
    standing = Standing(checks, lambda: now[0])
    now[0], checks.refused = AGAIN_S, True
    for _ in range(2):
        with pytest.raises(UnauthorizedError):
            standing()


def change(file: Path, **changes: object) -> None:
    with changing(file) as keys:
        keys[:] = [msgspec.structs.replace(key, **changes) for key in keys]


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path / "keys.json")


def test_a_request_is_refused_once_its_key_is_revoked(door: Door) -> None:
    shown = door.key("write")
    state = door.ask("write", bearer(shown))
    state.check()
    run(["revoke", id_of(shown)], door.file)
    state.check()
    door.ring.reload()
    with pytest.raises(UnauthorizedError):
        state.check()


@pytest.mark.parametrize("changes", [{"collections": ("b",)}, {"scopes": ("search",)}])
def test_a_request_is_refused_once_its_key_allows_it_no_more(door: Door, changes: dict[str, object]) -> None:
    state = door.ask(operation("write", COLLECTION), bearer(door.key("write")), path_params={"name": "a"})
    change(door.file, **changes)
    state.check()
    door.ring.reload()
    with pytest.raises(ForbiddenError):
        state.check()


def test_a_request_is_refused_once_its_key_has_ended_and_without_a_reload(door: Door) -> None:
    shown = door.key("write")
    change(door.file, expires=now_utc() + datetime.timedelta(seconds=1))
    state = door.ask("write", bearer(shown))
    state.check()

    def refused() -> bool:
        try:
            state.check()
        except UnauthorizedError as error:
            return "has ended" in str(error)
        return False

    until(refused)


def test_a_request_without_a_key_is_refused_once_keys_are_required(door: Door) -> None:
    state = door.ask("write", LOCAL)
    state.check()
    door.key("write")
    door.ring.reload()
    with pytest.raises(UnauthorizedError):
        state.check()


def standings() -> int:
    return sum(isinstance(one, Standing) for one in gc.get_objects())


def test_a_request_is_released_without_the_garbage_collector(door: Door) -> None:
    scope = door.scope("write", bearer(door.key("write")))
    gc.collect()
    gc.disable()
    try:
        before = standings()
        door.admit(scope)
        assert standings() == before + 1
        del scope
        assert standings() == before
    finally:
        gc.enable()


class Written:
    """Notes the groups of a stream, and revokes the key after the first."""

    def __init__(self, checks: Checks) -> None:
        self.groups = list[Sequence[Line]]()
        self._checks = checks

    async def keep(
        self, name: str, groups: AsyncIterator[Sequence[Line]], demand: Demand
    ) -> AsyncGenerator[LinesWritten]:
        async for group in groups:
            self.groups.append(group)
            self._checks.refused = True
            yield LinesWritten([], 0, 1)


def test_no_group_of_a_stream_is_written_once_its_key_is_gone() -> None:
    checks = Checks()
    backend, lines = Written(checks), [Line(1, Document("a", "a text", {}))]

    async def groups() -> AsyncIterator[Sequence[Line]]:
        for _ in range(3):
            yield lines

    async def keep() -> int:
        charging = Charging(cast("Any", backend), None, TokenEstimate(256), checks)
        return len([one async for one in charging.keep("default", groups(), Demand())])

    with pytest.raises(UnauthorizedError):
        asyncio.run(keep())
    assert backend.groups == [lines]


def test_no_embeddings_are_given_once_the_key_is_gone() -> None:
    checks = Checks()
    checks.refused = True
    charging = Charging(cast("Any", Fake(4)), None, TokenEstimate(256), checks)
    with pytest.raises(UnauthorizedError):
        asyncio.run(charging.embed(["a text"], Demand()))
