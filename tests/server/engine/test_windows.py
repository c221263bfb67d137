"""A text that is too long is embedded whole, as the mean of its windows by tokens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import msgspec
import numpy as np
import pytest

from server.backend import LocalBackend, build_backend
from server.contract.embedding import Demand, Embeddings
from server.contract.errors import DeadlineError, InvalidInputError
from server.engine.windows import Windows, mean
from tests.server.application import tiny_settings
from tests.tiny import HIDDEN, MAX_TOKENS, tiny_tokenizer

WINDOWS = Demand(truncate="windows")
ROOM = MAX_TOKENS - 2
SHORT = "a text that fits"
LONG = " ".join(f"word {number}, and so on." for number in range(40))


@pytest.fixture
def windows() -> Iterator[Windows]:
    found = Windows(tiny_tokenizer(), MAX_TOKENS)
    yield found
    found.close()


@asynccontextmanager
async def running(models: Path) -> AsyncIterator[LocalBackend]:
    backend = build_backend(tiny_settings(models))
    async with backend.running():
        yield backend


def within(models: Path, check: Callable[[LocalBackend], Awaitable[None]]) -> None:
    async def run() -> None:
        async with running(models) as backend:
            await check(backend)

    asyncio.run(run())


def embed(models: Path, texts: list[str], demand: Demand) -> Embeddings:
    async def run() -> Embeddings:
        async with running(models) as backend:
            return await backend.embed(texts, demand)

    return asyncio.run(run())


def test_windows_are_all_tokens_in_order_with_special_tokens_around_each(windows: Windows) -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.no_truncation()
    tokenizer.no_padding()
    whole = tokenizer.encode(LONG, add_special_tokens=False).ids
    assert len(whole) > 3 * ROOM
    first, last = tokenizer.encode("").ids
    short, long = asyncio.run(windows.of([SHORT, LONG]))
    assert short == []
    assert all(one[0] == first and one[-1] == last for one in long)
    assert [token for one in long for token in one[1:-1]] == whole
    assert {len(one) for one in long[:-1]} == {MAX_TOKENS}


@pytest.mark.parametrize(
    ("letters", "count"), [(0, 0), (1, 0), (ROOM, 0), (ROOM + 1, 2), (2 * ROOM, 2), (2 * ROOM + 1, 3)]
)
def test_a_text_has_windows_once_it_does_not_fit(windows: Windows, letters: int, count: int) -> None:
    (found,) = asyncio.run(windows.of(["a " * letters]))
    assert len(found) == count


def test_a_text_without_tokens_fits_however_long(windows: Windows) -> None:
    assert asyncio.run(windows.of(["\n" * 100_000, ""])) == [[], []]


@pytest.mark.parametrize("normalize", [True, False])
def test_the_row_is_the_mean_of_windows_that_are_embedded_one_by_one(tiny_models: Path, normalize: bool) -> None:
    async def check(backend: LocalBackend) -> None:
        (ids,) = await backend.tokenize([LONG], Demand(), add_special_tokens=False)
        (around,) = await backend.tokenize([""], Demand(), add_special_tokens=True)
        first, last = (token.id for token in around)
        whole = [token.id for token in ids]
        inputs = [(first, *whole[at : at + ROOM], last) for at in range(0, len(whole), ROOM)]
        assert len(inputs) > 3
        rows = np.concatenate([(await backend.embed([one], Demand(normalize=False))).rows for one in inputs])
        lengths = np.array([len(one) for one in inputs])
        expected = (rows * lengths[:, None]).sum(axis=0) / lengths.sum()
        if normalize:
            expected /= np.linalg.norm(expected)
        found = await backend.embed([SHORT, LONG], Demand(truncate="windows", normalize=normalize))
        np.testing.assert_allclose(found.rows[1], expected, atol=1e-6)
        assert found.tokens[1] == lengths.sum()
        assert found.truncated == [False, False]

    within(tiny_models, check)


def test_a_text_that_fits_has_the_same_bits_and_the_cache(tiny_models: Path) -> None:
    async def check(backend: LocalBackend) -> None:
        plain = await backend.embed([SHORT], Demand(cache=False))
        found = await backend.embed([LONG, SHORT, LONG], WINDOWS)
        assert found.rows[1].tobytes() == plain.rows[0].tobytes()
        assert found.tokens[1] == plain.tokens[0]
        assert found.rows[0].tobytes() == found.rows[2].tobytes()
        assert found.cached_count == 0
        again = await backend.embed([LONG, SHORT], WINDOWS)
        assert again.cached_count == 1
        assert again.rows.tobytes() == found.rows[:2].tobytes()
        truncated = await backend.embed([LONG], Demand())
        assert truncated.truncated == [True]
        assert truncated.cached_count == 0

    within(tiny_models, check)


def test_what_is_at_the_end_of_a_text_counts(tiny_models: Path) -> None:
    one, other = (embed(tiny_models, [LONG + end], WINDOWS).rows[0] for end in (" aaaa", " zzzz"))
    assert not np.array_equal(one, other)


def test_dimensions_and_prompts_are_as_for_other_texts(tiny_models: Path) -> None:
    whole = embed(tiny_models, ["search: " + LONG], WINDOWS).rows[0]
    found = embed(tiny_models, [LONG], msgspec.structs.replace(WINDOWS, prompt="query", dimensions=16)).rows[0]
    np.testing.assert_allclose(found, whole[:16] / np.linalg.norm(whole[:16]), atol=1e-6)
    with pytest.raises(InvalidInputError):
        embed(tiny_models, [LONG], msgspec.structs.replace(WINDOWS, prompt="none such"))


def test_of_no_texts_there_are_no_rows(tiny_models: Path) -> None:
    assert embed(tiny_models, [], WINDOWS).rows.shape == (0, HIDDEN)


def test_a_deadline_that_passes_while_texts_are_cut_is_told(tiny_models: Path) -> None:
    with pytest.raises(DeadlineError):
        embed(tiny_models, ["word " * 150_000], msgspec.structs.replace(WINDOWS, timeout_s=1e-3))


def test_other_texts_are_embedded_while_a_megabyte_is(tiny_models: Path) -> None:
    async def check(backend: LocalBackend) -> None:
        long = asyncio.create_task(backend.embed(["a b c d e " * 20_000], WINDOWS))
        await asyncio.sleep(0)
        await backend.embed([SHORT], Demand(client="another"))
        assert not long.done()
        assert (await long).tokens[0] > 100_000

    within(tiny_models, check)


def test_windows_of_one_request_leave_room_in_the_queue(tiny_models: Path) -> None:
    most, letters = 40_000, Random(0).choices("abcdefgh", k=100_000)

    async def check(backend: LocalBackend) -> None:
        long = asyncio.create_task(backend.embed([" ".join(letters)], WINDOWS))
        waiting = list[int]()
        while not long.done():
            waiting.append(backend.parts.engine.workers.forecast.backlog().tokens)
            if waiting[-1]:
                await backend.embed([SHORT], Demand(client="another", cache=False))
            await asyncio.sleep(0.005)
        assert (await long).tokens[0] > 2 * most
        assert 0 < max(waiting) < most

    async def run() -> None:
        backend = build_backend(tiny_settings(tiny_models, max_queue_tokens=most))
        async with backend.running():
            await check(backend)

    asyncio.run(run())


def test_the_mean_of_rows_that_cancel_out_is_zero() -> None:
    rows = np.array([[1, -1], [-1, 1]], np.float32)
    assert mean(rows, [4, 4], normalize=True).tolist() == [0, 0]
    assert mean(rows, [3, 1], normalize=False).tolist() == [0.5, -0.5]
