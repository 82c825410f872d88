import json

from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.httpserver.dialects.openai_errors import encode_error, error_event

ERROR = InvalidRequest("No.", param="messages")


def test_the_four_members_are_always_there() -> None:
    assert json.loads(encode_error(ERROR)) == {
        "error": {"message": "No.", "type": "invalid_request_error", "code": "invalid_request", "param": "messages"}
    }
    assert json.loads(encode_error(InvalidRequest("No.")))["error"]["param"] is None


def test_in_a_stream() -> None:
    assert error_event(ERROR) == b"event: error\ndata: " + encode_error(ERROR) + b"\n\n"
