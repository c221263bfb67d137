"""Calls that embed, charged to the client's share of tokens.

Tokens are reserved by estimate before the call and corrected when they are known; what reading the texts takes is among
them. A call that fails costs none; one that the client left costs what was reserved, because work that has begun is
computed all the same.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence

from server.access.rates import Account, Bucket
from server.contract.backend import Backend
from server.contract.documents import Document, Found, Line, LinesWritten, Search, Written
from server.contract.embedding import Demand, Embeddings, Input
from server.contract.errors import ServerError
from server.contract.estimate import TokenEstimate, reading_of
from server.web.errors import RateError

# How long a stream waits for its client's share to fill up again.
PATIENCE_S = 300.0


class Charge:
    """The tokens that one call reserves, those that it uses, and what reading its texts takes of them.

    As a block it takes them from the bucket, and gives back what the call did not use.
    """

    __slots__ = ("_bucket", "reading", "reserved", "used")

    def __init__(self, bucket: Bucket, reserved: int, reading: int) -> None:
        self._bucket = bucket
        self.reserved = reserved
        self.reading = reading
        self.used = 0

    def __enter__(self) -> "Charge":
        self._bucket.take(self.reserved)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or not issubclass(kind, asyncio.CancelledError):
            self._bucket.give_back(self.reserved - self.used)


class Charging:
    """The calls of one request; `account` is None where there is no limit.

    `check` raises where the request must not go on: it is called before each group of a stream, and before embeddings
    or hits are given.
    """

    def __init__(
        self,
        backend: Backend,
        account: Account | None,
        estimate: TokenEstimate,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._backend = backend
        self._account = account
        self._bucket = account.tokens if account else None
        self._estimate = estimate
        self._check = check

    async def embed(self, texts: Sequence[Input], demand: Demand) -> Embeddings:
        if self._bucket is None:
            found = await self._backend.embed(texts, demand)
        else:
            with self._charge(self._bucket, texts, whole=demand.truncate == "windows") as charge:
                found = await self._backend.embed(texts, demand)
                charge.used = sum(found.tokens) + charge.reading
            self._estimate.learn(texts, sum(found.tokens))
        self._check()
        return found

    async def put(self, name: str, documents: Sequence[Document], demand: Demand) -> Written:
        if self._bucket is None:
            return await self._backend.put(name, documents, demand)
        with self._charge(self._bucket, texts_to_embed(documents)) as charge:
            written = await self._backend.put(name, documents, demand)
            charge.used = sum(written.tokens) + charge.reading
        return written

    async def search(self, name: str, searches: Sequence[Search], demand: Demand) -> Found:
        found = await self._search(name, searches, demand)
        self._check()
        return found

    async def _search(self, name: str, searches: Sequence[Search], demand: Demand) -> Found:
        if self._bucket is None:
            return await self._backend.search(name, searches, demand)
        queries = [one.query for one in searches if one.query is not None and one.mode != "text"]
        with self._charge(self._bucket, queries) as charge:
            found = await self._backend.search(name, searches, demand)
            charge.used = sum(found.tokens) + charge.reading
        return found

    async def keep(
        self, name: str, groups: AsyncIterator[Sequence[Line]], demand: Demand
    ) -> AsyncGenerator[LinesWritten]:
        """Write a stream; each group waits until the client's share has room for it."""
        account, bucket = self._account, self._bucket
        reserved = deque[Charge]()

        async def charged() -> AsyncIterator[Sequence[Line]]:
            async for group in groups:
                if account is not None and bucket is not None:
                    charge = self._charge(bucket, texts_to_embed([line.document for line in group]))
                    await _take_patiently(account, bucket, charge.reserved)
                    reserved.append(charge)
                self._check()
                yield group

        stream = self._backend.keep(name, charged(), demand)
        try:
            async for written in stream:
                if bucket is not None:
                    charge = reserved.popleft()
                    bucket.give_back(charge.reserved - charge.reading - written.tokens)
                yield written
        except ServerError:
            if bucket is not None:
                bucket.give_back(sum(charge.reserved for charge in reserved))
            raise
        finally:
            await stream.aclose()

    def _charge(self, bucket: Bucket, texts: Sequence[Input], *, whole: bool = False) -> Charge:
        return Charge(bucket, self._estimate.of(texts, whole=whole), reading_of(texts))


def texts_to_embed(documents: Sequence[Document]) -> list[str]:
    """Return the texts whose vectors are not given."""
    return [one.text for one in documents if one.given is None]


async def _take_patiently(account: Account, bucket: Bucket, tokens: int) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        account.fill()
        try:
            bucket.take(tokens)
        except RateError as error:
            if time.monotonic() + error.retry_after_s > deadline_s:
                raise
            await asyncio.sleep(error.retry_after_s)
        else:
            return
