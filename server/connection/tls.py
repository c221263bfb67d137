"""TLS as this server speaks it: with one curve for the exchange of keys, and certificates that can be exchanged."""

import ssl

import msgspec

from server.settings import Settings

# Every client of TLS 1.3 has this one (RFC 8446, section 9.1). OpenSSL would also take finite-field groups of up to
# 8,192 bits, which cost the server more than a hundred times as much, before the client has shown a key.
CURVE = "prime256v1"


class Tls(msgspec.Struct, frozen=True):
    """A context for new connections, and the time in which their handshake must be done."""

    context: ssl.SSLContext
    handshake_timeout_s: float


def restrict_groups(context: ssl.SSLContext) -> None:
    """Let keys be exchanged over CURVE alone."""
    context.set_ecdh_curve(CURVE)


def load_certificate(context: ssl.SSLContext, settings: Settings) -> None:
    """Use the certificate and key that the files hold now for new connections, if they match.

    Raises:
        OSError, ssl.SSLError: they cannot be read, or do not match; the context stays as it was.
    """
    # A context into which a certificate without its key is loaded loses the one that it had, so another is tried first.
    for one in (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), context):
        one.load_cert_chain(settings.tls_certificate, settings.tls_key or None, "")
