"""HTTP/1.1 connections that stay open: the bytes of a request out, status, headers and body in.

A load generator shares the cores with what it measures, so it must be light: a protocol on the event loop with a
compiled parser. The cores that it used stand beside each result.
"""

import asyncio
import ssl

import httptools
import msgspec


class Reply(msgspec.Struct, frozen=True, gc=False):
    """Names of headers are as the server sent them."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def header(self, name: bytes) -> str | None:
        """Return the value of the first header of that name, which is given in lower case; None where there is none."""
        return next((value.decode("latin-1") for key, value in self.headers if key.lower() == name), None)


class Connection(asyncio.Protocol):
    """A connection that carries one request at a time."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._headers: list[tuple[bytes, bytes]] = []
        self._reply: asyncio.Future[Reply] | None = None
        self._transport: asyncio.Transport | None = None

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def send(self, request: bytes) -> Reply:
        """Send a request and wait for its whole reply.

        Raises:
            ConnectionError: the other side closed the connection, or sent what is not HTTP.
        """
        assert self._transport is not None
        assert self._reply is None
        self._reply = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._reply
        except asyncio.CancelledError:
            self.close()  # the reply would be taken for that of the next request
            raise
        finally:
            self._reply = None

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or ConnectionResetError("closed by the server"))

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(ConnectionError(f"not HTTP: {error}"))
            self.close()

    def on_message_begin(self) -> None:
        self._body, self._headers = [], []

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if not self._parser.should_keep_alive():
            self.close()
        if self._reply is not None and not self._reply.done():
            body, headers = b"".join(self._body), tuple(self._headers)
            self._reply.set_result(Reply(self._parser.get_status_code(), body, headers))

    def _fail(self, error: Exception) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(error)


class Pool:
    """Connections to one address, opened as they are needed; with `tls` over TLS, from `source` where that is given."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None = None, source: str | None = None) -> None:
        self._address = (host, port)
        self._tls = tls
        self._source = (source, 0) if source is not None else None
        self._idle: list[Connection] = []

    async def send(self, request: bytes) -> Reply:
        """Send over an idle connection, or a new one.

        Raises:
            OSError: no connection could be made, or it broke.
        """
        connection = await self._take()
        reply = await connection.send(request)
        if connection.is_open:
            self._idle.append(connection)
        return reply

    async def _take(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        _, connection = await asyncio.get_running_loop().create_connection(
            Connection, *self._address, ssl=self._tls, local_addr=self._source
        )
        return connection

    def close(self) -> None:
        for connection in self._idle:
            connection.close()


async def send_alone(host: str, port: int, request: bytes, tls: ssl.SSLContext | None = None) -> Reply:
    """Send one request over a connection of its own.

    Raises:
        OSError: no connection could be made, or it broke.
    """
    pool = Pool(host, port, tls)
    try:
        return await pool.send(request)
    finally:
        pool.close()
