"""HTTPS with a certificate made here, by openssl's command line: served, exchanged, and what is refused."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.server.daemon import Daemon, make_key, refuse_to_start, serving

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl's command line")


def make_certificate(folder: Path, name: str) -> Path:
    """Write NAME.pem and NAME.key, for this machine and for two days; return the certificate."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem")),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return folder / f"{name}.pem"


class Tls:
    """The files of a running server, and two pairs to put there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate, self.key = folder / "now.pem", folder / "now.key"
        for name in ("old", "new"):
            make_certificate(folder, name)
        self.put("old")

    def put(self, certificate: str, key: str = "") -> None:
        shutil.copy(self.folder / f"{certificate}.pem", self.certificate)
        shutil.copy(self.folder / f"{key or certificate}.key", self.key)

    @property
    def flags(self) -> tuple[str, ...]:
        return ("--tls-certificate", str(self.certificate), "--tls-key", str(self.key))

    def trust(self, name: str) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.folder / f"{name}.pem"))


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return Tls(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def secure(tiny_models: Path, tls: Tls) -> Iterator[Daemon]:
    with serving(tiny_models, tls.folder, *tls.flags) as daemon:
        yield daemon


@pytest.fixture(autouse=True)
def old_again(secure: Daemon, tls: Tls) -> Iterator[None]:
    yield
    tls.put("old")
    secure.reload()


def served(daemon: Daemon) -> str:
    """Return who the certificate says the server is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", daemon.port), 10) as wire,
        context.wrap_socket(wire) as wrapped,
    ):
        certificate = wrapped.getpeercert(binary_form=True)
    assert certificate
    return next(name for name in ("old", "new") if f"CN={name}".encode()[3:] in certificate)


def works(daemon: Daemon, tls: Tls, name: str) -> httpx.Response:
    with daemon.client(verify=tls.trust(name)) as client:
        answer = client.post("/embed", json={"texts": ["over TLS"]})
    assert answer.status_code == 200
    return answer


def test_https_works_for_who_trusts_the_certificate(secure: Daemon, tls: Tls) -> None:
    assert secure.address.startswith("https://")
    works(secure, tls, "old")
    with secure.client(verify=tls.trust("new")) as client, pytest.raises(httpx.ConnectError, match="CERTIFICATE"):
        client.get("/health")


def test_browsers_are_told_to_stay_with_https(secure: Daemon, tls: Tls, client: httpx.Client) -> None:
    assert works(secure, tls, "old").headers["strict-transport-security"] == "max-age=31536000"
    with secure.client(verify=tls.trust("old")) as other:
        assert "strict-transport-security" in other.get("/nowhere").headers
    assert "strict-transport-security" not in client.get("/health").headers


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("version", "spoken"),
    [
        (ssl.TLSVersion.TLSv1, False),
        (ssl.TLSVersion.TLSv1_1, False),
        (ssl.TLSVersion.TLSv1_2, True),
        (ssl.TLSVersion.TLSv1_3, True),
    ],
)
def test_old_versions_are_refused(secure: Daemon, tls: Tls, version: ssl.TLSVersion, spoken: bool) -> None:
    context = tls.trust("old")
    context.set_ciphers("ALL:@SECLEVEL=0")  # or this side would refuse
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", secure.port), 10) as wire:
        if spoken:
            with context.wrap_socket(wire, server_hostname="localhost") as wrapped:
                assert wrapped.version() == version.name.replace("v1_", "v1.")
        else:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                context.wrap_socket(wire, server_hostname="localhost")


@pytest.mark.parametrize(
    "said", [b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n", b"\x16\x03\x01\xff\xff", b"\0" * 999]
)
def test_what_is_no_tls_gets_nothing_and_the_server_lives(secure: Daemon, tls: Tls, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", secure.port), 10) as wire:
        wire.sendall(said)
        wire.shutdown(socket.SHUT_WR)
        try:
            heard = b"".join(iter(lambda: wire.recv(65536), b""))
        except ConnectionResetError:
            heard = b""
    assert b"HTTP" not in heard
    assert b"status" not in heard
    works(secure, tls, "old")


def test_a_client_that_never_says_hello_keeps_nobody_waiting(secure: Daemon, tls: Tls) -> None:
    silent = [socket.create_connection(("127.0.0.1", secure.port), 10) for _ in range(20)]
    try:
        works(secure, tls, "old")
    finally:
        for wire in silent:
            wire.close()


def test_a_new_certificate_is_used_by_new_connections_and_old_ones_live_on(secure: Daemon, tls: Tls) -> None:
    with secure.client(verify=tls.trust("old")) as client:
        assert client.get("/health").status_code == 200
        tls.put("new")
        secure.reload()
        assert served(secure) == "new"
        works(secure, tls, "new")
        assert client.get("/health").status_code == 200  # on its open connection


def spoil(tls: Tls, case: str) -> None:
    match case:
        case "the certificate is another key's":
            tls.put("new", "old")
        case "the key is another certificate's":
            tls.put("old", "new")
        case "the certificate is gone":
            tls.certificate.unlink()
        case "the certificate is empty":
            tls.certificate.write_text("")
        case "the key is gone":
            tls.put("new")
            tls.key.unlink()
        case _:
            tls.put("new")
            tls.key.write_bytes(tls.key.read_bytes()[:60])


SPOILT = [
    "the certificate is another key's",
    "the key is another certificate's",
    "the certificate is gone",
    "the certificate is empty",
    "the key is gone",
    "the key is half there",
]


@pytest.mark.parametrize("case", SPOILT)
def test_what_cannot_be_used_leaves_the_old_certificate_and_is_told(secure: Daemon, tls: Tls, case: str) -> None:
    spoil(tls, case)
    before = secure.log().count("[error")
    secure.reload()
    assert served(secure) == "old"
    works(secure, tls, "old")
    assert secure.log().count("[error") == before + 1


def test_damaged_keys_do_not_keep_the_certificate_from_being_exchanged(
    tiny_models: Path, tls: Tls, tmp_path: Path
) -> None:
    file = tmp_path / "keys.json"
    key = make_key(file)
    with serving(tiny_models, tmp_path, *tls.flags, VECD_KEYS=str(file)) as daemon:
        file.write_text("{")
        tls.put("new")
        daemon.reload()
        assert served(daemon) == "new"
        with daemon.client(key, verify=tls.trust("new")) as client:
            assert client.get("/v1/models").status_code == 200


def test_files_that_cannot_be_used_stop_the_start_and_name_the_setting(tiny_models: Path, tls: Tls) -> None:
    there, missing = str(tls.folder / "old.pem"), str(tls.folder / "missing.pem")
    key, other = str(tls.folder / "old.key"), str(tls.folder / "new.key")
    locked = str(tls.folder / "locked.key")
    subprocess.run(
        ["openssl", "ec", "-in", key, "-aes128", "-passout", "pass:x", "-out", locked], check=True, capture_output=True
    )
    for flags in (
        ("--tls-certificate", missing, "--tls-key", key),
        ("--tls-certificate", there, "--tls-key", missing),
        ("--tls-certificate", there, "--tls-key", other),
        ("--tls-certificate", there),
        ("--tls-certificate", there, "--tls-key", locked),
        ("--tls-key", key),
    ):
        said = refuse_to_start(tiny_models, *flags)
        assert "--tls-certificate" in said, flags
        assert "--tls-key" in said


def test_tls_without_keys_is_for_this_machine_alone(tiny_models: Path, tls: Tls) -> None:
    assert "--insecure" in refuse_to_start(tiny_models, "--host", "0.0.0.0", *tls.flags)
