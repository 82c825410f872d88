from typing import Any

import msgspec
import pytest

from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.providers.gemini.usage import WireUsage


def read(**members: Any) -> WireUsage:
    return msgspec.json.decode(msgspec.json.encode(members), type=WireUsage)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"promptTokenCount": 5}, TokenUsage(input=5)),
        ({"promptTokenCount": 5, "candidatesTokenCount": 3}, TokenUsage(input=5, output=3)),
        (
            {"promptTokenCount": 5, "candidatesTokenCount": 3, "thoughtsTokenCount": 7, "totalTokenCount": 15},
            TokenUsage(input=5, output=3, reasoning=7),
        ),
        ({"promptTokenCount": 9, "cachedContentTokenCount": 6}, TokenUsage(input=3, cached_input=6)),
        ({"promptTokenCount": 9, "toolUsePromptTokenCount": 100}, TokenUsage(input=109)),
        (
            {
                "promptTokenCount": 30,
                "cachedContentTokenCount": 12,
                "promptTokensDetails": [
                    {"modality": "TEXT", "tokenCount": 10},
                    {"modality": "AUDIO", "tokenCount": 20},
                ],
                "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 12}],
            },
            TokenUsage(input=10, cached_input=12, audio_input=8),
        ),
        (
            {"candidatesTokenCount": 9, "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 8}, {}]},
            TokenUsage(output=1, audio_output=8),
        ),
        ({"cachedContentTokenCount": 3}, TokenUsage(cached_input=3)),
    ],
)
def test_buckets_are_disjoint(members: dict[str, Any], expected: TokenUsage) -> None:
    assert read(**members).buckets() == expected


def test_an_object_may_hold_no_count() -> None:
    assert not read(trafficType="ON_DEMAND").counted
    assert read(promptTokenCount=0).counted
    assert read(totalTokenCount=3).counted
