"""A certificate made by openssl's command line, and a client that takes any."""

import ssl
import subprocess
from pathlib import Path


def make_certificate(folder: Path) -> dict[str, str]:
    """Write a certificate for two days; return the settings that name it."""
    certificate, key = folder / "own.pem", folder / "own.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return {"tls_certificate": str(certificate), "tls_key": str(key)}


def trusting_client() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
