import ssl
from pathlib import Path

import pytest

from tests.certificates import Authority
from tornado_gateway.domain.tls import KeyLocked, TlsPolicy, server_context


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_a_context_speaks_no_older_version_and_asks_for_certificates_where_it_is_told_to(authority: Authority) -> None:
    good = authority.issue("a")
    policy = TlsPolicy(str(good.cert_file), str(good.key_file))
    context = server_context(policy)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_NONE
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert policy.files == (policy.cert_file, policy.key_file)
    mutual = TlsPolicy(policy.cert_file, policy.key_file, "1.3", str(authority.cert_file))
    context = server_context(mutual)
    assert (context.minimum_version, context.verify_mode) == (ssl.TLSVersion.TLSv1_3, ssl.CERT_REQUIRED)
    assert mutual.files == (*policy.files, str(authority.cert_file))


def test_a_key_with_a_passphrase(authority: Authority) -> None:
    locked = authority.issue("a", passphrase=b"secret")
    with pytest.raises(KeyLocked):
        server_context(TlsPolicy(str(locked.cert_file), str(locked.key_file)))
