from tornado_gateway.observability.receiver import Receiver


def test_no_credential_shows() -> None:
    assert "planted" not in repr(Receiver(endpoint="http://c/planted", headers={"authorization": "planted"}))
    assert Receiver(endpoint="http://c").capture_content is False
