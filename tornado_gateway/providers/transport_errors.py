"""The one table from the errors of httpx to the domain's."""

import ssl

import httpx

from tornado_gateway.domain.errors import GatewayError, UpstreamFailed, UpstreamTimeout, UpstreamUnreachable

TRANSPORT_ERRORS = (httpx.TransportError, httpx.DecodingError, OSError)


def gateway_error(error: BaseException, provider: str, connect: float | None = None) -> GatewayError:
    """The one table from transport errors to the domain's. ``connect``: seconds that the connection was given."""
    if connect is not None and isinstance(error, httpx.ConnectTimeout):
        return UpstreamTimeout(f"Provider {provider!r} could not be connected to within {connect:g} seconds.")
    for kinds, make in _TABLE:
        if isinstance(error, kinds):
            return make(provider)
    return _broke_off(provider)


def _unreachable(provider: str) -> GatewayError:
    return UpstreamUnreachable(f"Provider {provider!r} can't be reached.")


def _bad_certificate(provider: str) -> GatewayError:
    return UpstreamUnreachable(f"Provider {provider!r} can't be reached: its TLS certificate is not trusted.")


def _too_slow(provider: str) -> GatewayError:
    return UpstreamTimeout(f"Provider {provider!r} is too slow.")


def _broke_off(provider: str) -> GatewayError:
    return UpstreamFailed(f"Provider {provider!r} broke off its answer.")


def _garbled(provider: str) -> GatewayError:
    return UpstreamFailed(f"Provider {provider!r} gave an answer that is no HTTP.")


_TABLE = (
    ((ssl.SSLCertVerificationError,), _bad_certificate),
    ((httpx.TimeoutException, TimeoutError), _too_slow),
    ((httpx.ConnectError, httpx.ProxyError, httpx.UnsupportedProtocol), _unreachable),
    ((httpx.DecodingError, httpx.ProtocolError), _garbled),
)
