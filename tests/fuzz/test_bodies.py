"""Bodies that are nearly right, sent to the whole gateway: each is answered, or refused for a reason that it names."""

import json

from hypothesis import given

from .documents import requests
from .house import House
from .profile import fuzzing


@fuzzing(150)
@given(requests())
def test_a_body_is_answered_or_refused(gateway: House, asked: tuple[str, bytes]) -> None:
    path, body = asked
    status, answer = gateway.post(path, body)
    assert status in (200, 400, 404), (status, answer)
    assert b"internal_error" not in answer
    assert b"sk-planted" not in answer
    if status != 200:
        error = json.loads(answer)["error"]
        assert error["message"]
        assert path.startswith("/v1/messages") or error["code"]
