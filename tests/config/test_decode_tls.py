from tornado_gateway.config.decode_tls import tls
from tornado_gateway.domain.tls import TlsPolicy


def test_what_the_file_says() -> None:
    assert tls(None) is None
    assert tls({"cert_file": "a", "key_file": "b"}) == TlsPolicy("a", "b", min_version="1.2", client_ca_file=None)
    said = {"cert_file": "a", "key_file": "b", "min_version": "1.3", "client_ca_file": "c"}
    assert tls(said) == TlsPolicy("a", "b", "1.3", "c")
