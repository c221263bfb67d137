"""Lines out of a body, however it is cut into pieces, and what of it is in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from server.contract.errors import InvalidInputError, OverloadedError, UnavailableError
from server.web.errors import TooLargeError
from server.web.ndjson import GROUP_BYTES, LineGroup, LineLimits, groups_of_lines, receive_until_leaving

BODY = b'{"a": 1}\r\n\n  \n{"b": "\xc3\xa9"}\nno JSON at all\n{"last": 1}'
LINES = [(1, b'{"a": 1}\r'), (4, b'{"b": "\xc3\xa9"}'), (5, b"no JSON at all"), (6, b'{"last": 1}')]


class Held:
    """Counts what is held, up to a limit."""

    def __init__(self, most: int = 10**9) -> None:
        self.now = self.peak = 0
        self._most = most

    def hold(self, size: int) -> None:
        if self.now + size > self._most:
            message = "full"
            raise OverloadedError(message)
        self.now += size
        self.peak = max(self.peak, self.now)
        assert self.now >= 0


def receiver(pieces: Sequence[bytes], *, ends: bool = True) -> Callable[[], Any]:
    rest = list(pieces)

    async def receive() -> dict[str, object]:
        if not rest:
            return {"type": "http.disconnect"}
        piece = rest.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(rest) or not ends}

    return receive


def groups(pieces: Sequence[bytes], held: Held, *, line_bytes: int = 10**6, lines: int = 64) -> list[LineGroup]:
    limits = LineLimits(line_bytes=line_bytes, group_lines=lines, hold=held.hold, patience_s=0.1)

    async def gather(found: AsyncIterator[LineGroup]) -> list[LineGroup]:
        return [group async for group in found]

    return asyncio.run(gather(groups_of_lines(receiver(pieces), limits)))


def lines_of(found: list[LineGroup]) -> list[tuple[int, bytes]]:
    return [(line.number, line.content) for group in found for line in group.lines]


@pytest.mark.parametrize("cut", range(len(BODY) + 1))
def test_it_does_not_matter_where_a_body_is_cut(cut: int) -> None:
    assert lines_of(groups([BODY[:cut], BODY[cut:]], Held())) == LINES


def test_a_body_may_come_byte_by_byte_and_end_with_its_last_line() -> None:
    assert lines_of(groups([bytes([one]) for one in BODY], Held())) == LINES
    assert lines_of(groups([BODY + b"\n"], Held())) == LINES


@pytest.mark.parametrize("empty", [[b""], [b"\n"], [b"\r\n \t\n", b"\n"], [b"", b"", b"  "]])
def test_a_body_without_lines_gives_no_group_and_holds_next_to_nothing(empty: list[bytes]) -> None:
    held = Held()
    assert groups(empty, held) == []
    assert held.now <= 2


def test_a_byte_order_mark_at_the_beginning_is_no_part_of_the_first_line() -> None:
    held = Held()
    assert lines_of(groups([b"\xef\xbb\xbf{}\n\xef\xbb\xbf{}"], held)) == [(1, b"{}"), (2, b"\xef\xbb\xbf{}")]
    assert lines_of(groups([b"\xef\xbb", b"\xbf\n{}"], Held())) == [(2, b"{}")]


def test_groups_are_bounded_by_lines_and_by_bytes() -> None:
    assert [len(group.lines) for group in groups([b"x\n" * 150], Held())] == [64, 64, 22]
    assert [len(group.lines) for group in groups([b"x\n" * 5], Held(), lines=2)] == [2, 2, 1]
    long = b"y" * (GROUP_BYTES // 2) + b"\n"
    assert [len(group.lines) for group in groups([long * 5], Held())] == [2, 2, 1]


@pytest.mark.parametrize("pieces", [[b"ok\n" + b"x" * 11], [b"ok\nxxxxxx", b"xxxxx"], [b"ok\n" + b"x" * 11 + b"\nok"]])
def test_a_line_over_the_limit_is_refused_in_its_place(pieces: list[bytes]) -> None:
    (group,) = groups(pieces, Held(), line_bytes=10)
    assert [isinstance(line.error, TooLargeError) for line in group.lines] == [False, True, False][: len(group.lines)]
    assert [line.content for line in group.lines] == [b"ok", b"", b"ok"][: len(group.lines)]
    assert [line.number for line in group.lines] == [1, 2, 3][: len(group.lines)]
    assert group.held_bytes == sum(len(line.content) for line in group.lines)
    whole = groups([b"x" * 10 + b"\n" + b"x" * 10], Held(), line_bytes=10)
    assert [line.error for line in whole[0].lines] == [None, None]


def test_of_a_line_that_is_too_long_nothing_is_held() -> None:
    held = Held(most=2_000)
    (group,) = groups([b"ok\n", *[b"x" * 500] * 1_000, b"\nok"], held, line_bytes=1_000)
    assert [(line.number, line.content) for line in group.lines] == [(1, b"ok"), (2, b""), (3, b"ok")]
    assert held.now == group.held_bytes == 4


def test_it_waits_for_room_and_gives_out_what_it_has() -> None:
    """What others have to let go of may be what it has itself."""
    held = Held(most=100)
    limits = LineLimits(line_bytes=100, group_lines=64, hold=held.hold, patience_s=10)

    async def check() -> None:
        numbers = []
        async for group in groups_of_lines(receiver([b"x" * 39 + b"\n"] * 20), limits):
            numbers += [line.number for line in group.lines]
            asyncio.get_running_loop().call_later(0.01, held.hold, -group.held_bytes)
        assert numbers == list(range(1, 21))

    asyncio.run(check())


def test_a_server_that_leaves_waits_for_no_room() -> None:
    full = Held(most=5)
    limits = LineLimits(line_bytes=100, group_lines=64, hold=full.hold, leaving=lambda: True)

    async def check() -> None:
        with pytest.raises(UnavailableError):
            await anext(groups_of_lines(receiver([b"x" * 50]), limits))

    asyncio.run(check())


def test_lines_that_came_whole_are_given_before_a_body_ends_early() -> None:
    limits = LineLimits(line_bytes=100, group_lines=64, hold=Held().hold)

    async def check() -> None:
        found = groups_of_lines(receiver([b"one\ntwo\nthr"], ends=False), limits)
        assert [line.content for line in (await anext(found)).lines] == [b"one", b"two"]
        with pytest.raises(InvalidInputError, match="ended early"):
            await anext(found)

    asyncio.run(check())


def test_what_is_held_is_what_the_lines_given_out_have() -> None:
    held = Held()
    found = groups([BODY[:7], BODY[7:30], BODY[30:]], held)
    assert held.now == sum(group.held_bytes for group in found) == sum(len(content) for _, content in LINES)


def test_a_line_without_end_is_held_until_there_is_no_room() -> None:
    with pytest.raises(OverloadedError):
        groups([b"x" * 10] * 100, Held(most=500))


def test_empty_lines_without_end_are_not_held() -> None:
    held = Held(most=2_000)
    assert groups([b"\n \n" * 300] * 50, held) == []


def test_a_client_that_leaves_is_no_end_of_a_body() -> None:
    limits = LineLimits(line_bytes=100, group_lines=1, hold=Held().hold)

    async def check() -> None:
        found = groups_of_lines(receiver([b"one\ntwo"], ends=False), limits)
        assert (await anext(found)).lines[0].content == b"one"
        with pytest.raises(InvalidInputError, match="ended early"):
            await anext(found)

    asyncio.run(check())


def test_a_server_that_leaves_ends_a_body_that_goes_on_and_takes_one_that_is_there() -> None:
    left = False

    async def silence() -> Any:
        await asyncio.Event().wait()

    async def check() -> None:
        nonlocal left
        waiting = asyncio.ensure_future(receive_until_leaving(lambda: left, silence)())
        await asyncio.sleep(0.3)
        assert not waiting.done()
        left = True
        with pytest.raises(UnavailableError):
            await waiting
        with pytest.raises(UnavailableError):
            await receive_until_leaving(lambda: left, receiver([b"more", b"comes"]))()
        whole: Any = await receive_until_leaving(lambda: left, receiver([b"all of it"]))()
        assert whole["body"] == b"all of it"

    asyncio.run(asyncio.wait_for(check(), 10))
