"""Handshakes that cost the server more than the client, and those that are never finished."""

import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.server.connection.hello import FFDHE2048, FFDHE8192, client_hello
from tests.server.connection.hostile.certificates import make_certificate, trusting_client
from tests.server.connection.hostile.door import Door, in_time, start_door
from tests.server.connection.hostile.raw import Raw, get
from tests.server.polling import until

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl's command line")


@pytest.fixture(scope="module")
def secure(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("tls")
    with start_door(tiny_models, folder, max_connections=10, **make_certificate(folder)) as door:
        yield door


def answered(door: Door, context: ssl.SSLContext | None = None) -> bool:
    """Say whether a client of this kind is served."""
    try:
        with (
            socket.create_connection(door.address, 10) as wire,
            (context or trusting_client()).wrap_socket(wire) as wrapped,
        ):
            wrapped.sendall(get())
            return wrapped.recv(65536).startswith(b"HTTP/1.1 200")
    except (OSError, ssl.SSLError):
        return False


@pytest.mark.parametrize("group", [FFDHE2048, FFDHE8192])
def test_keys_are_not_exchanged_over_finite_fields(secure: Door, group: tuple[int, int]) -> None:
    with secure.open() as raw:
        raw.send(client_hello(*group))
        assert raw.socket.recv(65536) == b""
    assert answered(secure)


def test_clients_of_either_version_are_served_over_the_curve(secure: Door) -> None:
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = trusting_client()
        context.minimum_version = context.maximum_version = version
        assert answered(secure, context)


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02\x00\x01"])
def test_a_handshake_that_is_not_done_in_time_is_closed(secure: Door, said: bytes) -> None:
    with secure.open() as raw, in_time():
        raw.send(said)
        assert raw.read() == b""


def test_handshakes_are_counted_as_connections(tiny_models: Path, tmp_path: Path) -> None:
    flags = make_certificate(tmp_path)
    with (
        start_door(tiny_models, tmp_path, max_connections=5, header_timeout_s=60, **flags) as small,
        ExitStack() as stack,
    ):
        silent = [stack.enter_context(Raw(small.address)) for _ in range(5)]
        small.wait_for_connections(5, 10)
        with socket.create_connection(small.address, 10) as wire, trusting_client().wrap_socket(wire) as wrapped:
            wrapped.sendall(get())
            assert wrapped.recv(65536).startswith(b"HTTP/1.1 503")
        for raw in silent[:2]:
            raw.socket.close()
        until(lambda: answered(small), 10)


def test_clients_that_do_not_read_its_end_keep_neither_their_places_nor_the_process(
    tiny_models: Path, tmp_path: Path
) -> None:
    flags = make_certificate(tmp_path)
    with (
        start_door(tiny_models, tmp_path, keep_alive_s=3, shutdown_timeout_s=600, **flags) as door,
        ExitStack() as stack,
    ):

        def idle() -> None:
            wire = stack.enter_context(socket.create_connection(door.address, 10))
            wrapped = stack.enter_context(trusting_client().wrap_socket(wire))
            wrapped.sendall(get())
            assert wrapped.recv(65536).startswith(b"HTTP/1.1 200")

        idle()
        door.wait_for_connections(0, 20)
        idle()
        assert door.running.terminate() == 0
