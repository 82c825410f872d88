import pytest

from tests.serving import chat, serving
from tests.support import ScriptedProvider, text_answer
from tornado_gateway.domain.quotas import Limits, Quotas
from tornado_gateway.domain.rates import Rate
from tornado_gateway.httpserver.rate_headers import NAMES, duration, rate_headers


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.02, "1s"),
        (1, "1s"),
        (59.1, "1m0s"),
        (61, "1m1s"),
        (360, "6m0s"),
        (3600, "1h0m0s"),
        (3725, "1h2m5s"),
    ],
)
def test_durations_as_openai_writes_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_only_what_is_limited() -> None:
    assert list(rate_headers(())) == []
    told = dict(rate_headers([Rate("requests", 60, 59, 61.0), Rate("tokens", 1000, 0, 7.5)]))
    assert told == {
        "X-RateLimit-Limit-Requests": "60",
        "X-RateLimit-Remaining-Requests": "59",
        "X-RateLimit-Reset-Requests": "1m1s",
        "X-RateLimit-Limit-Tokens": "1000",
        "X-RateLimit-Remaining-Tokens": "0",
        "X-RateLimit-Reset-Tokens": "8s",
    }
    assert set(told) == set(NAMES)


async def test_on_answers_and_on_errors_and_for_browsers() -> None:
    quotas = Quotas(everyone=Limits(requests_per_minute=1, tokens_per_minute=5000))
    async with serving(ScriptedProvider(script=[text_answer()]), quotas=quotas) as served:
        headers = {"Origin": "https://a.example"}
        good = await served.client.post("/v1/chat/completions", json=chat(max_tokens=25), headers=headers)
        assert good.status_code == 200
        assert good.headers["x-ratelimit-limit-requests"] == "1"
        assert good.headers["x-ratelimit-remaining-requests"] == "0"
        assert good.headers["x-ratelimit-reset-requests"] in ("1m0s", "1m1s")
        assert int(good.headers["x-ratelimit-remaining-tokens"]) < 4975
        assert "X-RateLimit-Remaining-Requests" in good.headers["access-control-expose-headers"]
        refused = await served.client.post("/v1/chat/completions", json=chat(max_tokens=25), headers=headers)
        assert refused.status_code == 429
        assert refused.json()["error"]["code"] == "rate_limit_exceeded"
        assert refused.json()["error"]["message"] == "Rate limit reached for everyone: 1 requests per minute."
        assert refused.headers["x-ratelimit-remaining-requests"] == "0"
        assert 59 <= int(refused.headers["retry-after"]) <= 61
        assert refused.headers["access-control-allow-origin"] == "*"
        assert "x-should-retry" not in refused.headers


async def test_none_where_nothing_is_limited() -> None:
    async with serving(ScriptedProvider(script=[text_answer()])) as served:
        answer = await served.client.post("/v1/chat/completions", json=chat())
        assert not any(name.startswith("x-ratelimit") for name in answer.headers)


async def test_a_call_that_is_larger_than_its_limit_is_not_to_be_tried_again() -> None:
    quotas = Quotas(everyone=Limits(tokens_per_minute=100))
    async with serving(ScriptedProvider(), quotas=quotas) as served:
        answer = await served.client.post("/v1/chat/completions", json=chat(max_tokens=500))
        assert answer.status_code == 429
        assert answer.headers["x-should-retry"] == "false"
        assert answer.headers["x-ratelimit-remaining-tokens"] == "100"
