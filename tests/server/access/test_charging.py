"""Calls that embed are charged by estimate before, and by what they used afterwards."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest

from server.access.charging import Charging
from server.access.rates import Account
from server.contract.embedding import Demand, Embeddings, Input, Timing
from server.contract.estimate import TokenEstimate
from server.web.errors import RateError

TEXT = "word " * 2_000


class Fake:
    """Embeds nothing, and says how many tokens it used."""

    def __init__(self, used: int) -> None:
        self.used = used
        self.calls = 0

    async def embed(self, texts: Sequence[Input], demand: Demand) -> Embeddings:
        self.calls += 1
        return Embeddings(np.zeros((1, 2), np.float32), [self.used], [False], 0, Timing())


def charging(backend: Fake, account: Account) -> Charging:
    return Charging(cast("Any", backend), account, TokenEstimate(256))


def test_a_text_of_hardly_any_tokens_is_charged_for_being_read() -> None:
    backend, account = Fake(3), Account(0, 650, lambda: 0.0)
    charged, word = charging(backend, account), "\uac00" * 340_000
    for _ in range(4):
        asyncio.run(charged.embed([word], Demand()))
    with pytest.raises(RateError):
        asyncio.run(charged.embed([word], Demand()))


def test_a_whole_text_is_charged_as_a_whole_before_it_is_embedded() -> None:
    backend, account = Fake(2_000), Account(0, 3_000, lambda: 0.0)
    charged = charging(backend, account)
    asyncio.run(charged.embed([TEXT], Demand(truncate="windows")))
    with pytest.raises(RateError):
        asyncio.run(charged.embed([TEXT], Demand(truncate="windows")))
    assert backend.calls == 1
    asyncio.run(charged.embed([TEXT], Demand()))
    assert backend.calls == 2
