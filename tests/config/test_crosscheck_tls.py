from collections.abc import Callable
from pathlib import Path

import pytest

from tests.certificates import Authority

Complaints = Callable[[str], list[str]]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def section(cert: object, key: object, more: str = "") -> str:
    return f"server:\n  tls:\n    cert_file: '{cert}'\n    key_file: '{key}'\n{more}"


def test_files_that_fit(complaints: Complaints, authority: Authority) -> None:
    good = authority.issue("a")
    assert complaints(section(good.cert_file, good.key_file)) == []
    assert complaints(section(good.cert_file, good.key_file, f"    client_ca_file: '{authority.cert_file}'")) == []
    assert complaints("server: {tls: 3}") == []


def test_a_key_of_another_certificate(complaints: Complaints, authority: Authority) -> None:
    one, other = authority.issue("a"), authority.issue("b")
    assert complaints(section(one.cert_file, other.key_file)) == [
        "f:4:15: server.tls.key_file: is no key of the certificate in cert_file"
    ]


def test_a_key_with_a_passphrase_is_no_question_to_anybody(complaints: Complaints, authority: Authority) -> None:
    locked = authority.issue("a", passphrase=b"secret")
    (line,) = complaints(section(locked.cert_file, locked.key_file))
    assert line == "f:4:15: server.tls.key_file: wants a passphrase: store the key without one"


def test_a_file_that_holds_something_else(complaints: Complaints, authority: Authority, tmp_path: Path) -> None:
    good, odd = authority.issue("a"), tmp_path / "odd"
    odd.write_bytes(b"\xff\x00")
    (line,) = complaints(section(good.cert_file, odd))
    assert line == "f:4:15: server.tls.key_file: holds no private key: write a PEM file"
    (line,) = complaints(section(odd, good.key_file))
    assert line.endswith("holds no certificates: write a PEM file")
    (line,) = complaints(section(good.cert_file, good.key_file, f"    client_ca_file: '{odd}'"))
    assert line.startswith("f:5:21: server.tls.client_ca_file: ")
