"""What a server needs to be spoken to over TLS: a certificate of its own, and a client that takes it."""

import ssl
import subprocess
from pathlib import Path

from bench.errors import BenchError


def make_certificate(folder: Path) -> list[str]:
    """Write a certificate for two days, and return the server's flags for it.

    Raises:
        BenchError: openssl's command line is missing, or failed.
    """
    certificate, key = folder / "own.pem", folder / "own.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)]
    try:
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own words
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        message = f"no certificate could be made: {error}"
        raise BenchError(message) from error
    return ["--tls-certificate", str(certificate), "--tls-key", str(key)]


def trusting_client() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
