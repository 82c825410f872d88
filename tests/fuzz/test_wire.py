"""Bytes that are nearly HTTP, and headers of every kind: never a 500, never a hang, and the next caller is served."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .house import House
from .profile import fuzzing

BODY = b'{"model":"echo4","messages":[{"role":"user","content":"hi"}]}'
PIECES = [
    *(b"GET", b"POST", b"HEAD", b"OPTIONS", b"BREW", b" ", b"  ", b"/", b"/v1/chat/completions", b"/v1/messages", b"*"),
    *(b"/health", b"/v1/models/%ff%00", b"/v1/models/..%2f", b"http://g/health", b"?a=%ff&a", b"#x", b"//[", b"\t"),
    *(b" HTTP/1.1", b" HTTP/1.0", b" HTTP/2.0", b" http/1.1", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\x00", b"\xff\xfe"),
    *(b"Host: g\r\n", b"Host:\r\n", b"Host: [\r\n", b"Content-Type: application/json\r\n", b"Expect: 100-continue\r\n"),
    *(
        b"Content-Length: 5\r\n",
        b"Content-Length: 61\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 99999999999999\r\n",
    ),
    *(
        b"Content-Length: \xb2\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: x\r\n",
    ),
    *(
        b"5\r\nhello\r\n",
        b"3d\r\n" + BODY + b"\r\n",
        b"0\r\n\r\n",
        b"zz\r\n",
        b"fffffffffffffffff\r\n",
        b"Connection: close\r\n",
    ),
    *(
        b" folded: x\r\n",
        b"X" * 70_000,
        b"X: y\r\n" * 250,
        b"Upgrade: h2c\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        BODY,
    ),
]
pieces = st.lists(st.sampled_from(PIECES) | st.binary(max_size=12), max_size=9).map(b"".join)
heads = st.sampled_from(
    [b"", b"GET /health HTTP/1.1\r\nHost: g\r\n", b"POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\n"]
)
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


@fuzzing(60)
@given(heads, pieces)
def test_bytes_that_are_nearly_http(gateway: House, head: bytes, rest: bytes) -> None:
    answer = gateway.raw(head + rest + b"\r\n\r\n")
    statuses = [int(status) for status in STATUS.findall(answer)]
    assert all(status < 500 for status in statuses), answer
    if statuses and statuses[-1] >= 400 and not (head + rest).startswith(b"HEAD"):
        body = answer.rpartition(b"\r\n\r\n")[2]
        assert json.loads(body)["error"]["message"]


def test_after_all_of_it_the_next_caller_is_served(gateway: House) -> None:
    assert gateway.ask("GET", "/health") == (200, b'{"status":"healthy"}')


NAMES = [
    *("X-Request-ID", "Traceparent", "Tracestate", "Anthropic-Beta", "Anthropic-Version", "OpenAI-Beta", "Origin"),
    *(
        "Idempotency-Key",
        "Content-Type",
        "Accept-Encoding",
        "Authorization",
        "X-Api-Key",
        "Api-Key",
        "Cookie",
        "Expect",
    ),
    *(
        "X-Gateway-Receipt",
        "Cache-Control",
        "X-Forwarded-For",
        "Forwarded",
        "Content-Encoding",
        "Range",
        "If-None-Match",
    ),
    *("Access-Control-Request-Method", "Access-Control-Request-Headers", "X-Forwarded-Proto", "Te", "Upgrade", "Via"),
]
VALUES = [
    *(
        "",
        "*",
        "null",
        "true",
        "-1",
        "a" * 300,
        "a,b;q=x",
        "text/plain; charset=\xff",
        "application/json; x=\xe9",
        "a=b",
    ),
    *("00-" + "a" * 32 + "-" + "b" * 16 + "-01", "00-" + "0" * 32 + "-" + "0" * 16 + "-00", "vendor=\xff", "\x80"),
    *("Bearer", "Bearer  ", "Bearer \xe9", "Basic " + "A" * 40, "Digest x", "https://a.example", "999.1.1.1", "gzip"),
]
latin = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=40)
headers = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES) | latin, max_size=5)


@fuzzing(80)
@given(headers, st.sampled_from(["echo4", "o", "a", "g"]), st.sampled_from(["/v1/chat/completions", "/v1/messages"]))
def test_headers_of_every_kind(gateway: House, given_headers: dict[str, str], model: str, path: str) -> None:
    body = json.dumps({"model": model, "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}).encode()
    sent = {name: value.encode("latin-1") for name, value in given_headers.items() if name != "Expect"}
    status, answer = gateway.post(path, body, sent)
    assert status in (200, 400, 415), (status, answer)
    assert json.loads(answer)


@pytest.mark.parametrize("method", ["OPTIONS", "GET", "DELETE", "PUT"])
@pytest.mark.parametrize(
    "path", ["/v1/models/%ff", "/v1/models/a%00b", "/%2e%2e/x", "/v1/models/" + "x" * 5000, "/metrics"]
)
def test_odd_paths(gateway: House, method: str, path: str) -> None:
    status, _ = gateway.ask(method, path)
    assert status in (200, 204, 400, 404, 405)
