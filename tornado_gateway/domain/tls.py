"""TLS of the listener: which files, and the context that they make."""

import ssl
from dataclasses import dataclass

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


@dataclass(frozen=True, slots=True)
class TlsPolicy:
    """PEM files: the certificate with its chain, its key, and whom clients must show a certificate of."""

    cert_file: str
    key_file: str
    min_version: str = "1.2"
    client_ca_file: str | None = None

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(file for file in (self.cert_file, self.key_file, self.client_ca_file) if file is not None)


class KeyLocked(Exception):
    """The key's file wants a passphrase, and nobody is there to be asked."""


def server_context(policy: TlsPolicy) -> ssl.SSLContext:
    """For new connections, HTTP/1.1 alone.

    Raises ``OSError`` (``ssl.SSLError`` among them) or ``ValueError`` for files that can't be read or do not fit each
    other, ``KeyLocked`` for a key with a passphrase.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[policy.min_version]
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(policy.cert_file, policy.key_file, password=_locked)
    if policy.client_ca_file is not None:
        context.load_verify_locations(policy.client_ca_file)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _locked() -> str:
    raise KeyLocked("the key has a passphrase")
