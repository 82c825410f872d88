import msgspec

from tornado_gateway.providers.gemini.logprobs import LogprobsResult, openai_logprobs


def test_chosen_tokens_with_their_rivals() -> None:
    result = msgspec.convert(
        {
            "chosenCandidates": [{"token": "é", "logProbability": -0.5, "tokenId": 3}, {"token": "b"}],
            "topCandidates": [{"candidates": [{"token": "x", "logProbability": -2.0}]}],
        },
        LogprobsResult,
    )
    rival = {"token": "x", "logprob": -2.0, "bytes": [120]}
    assert openai_logprobs(result) == {
        "content": [
            {"token": "é", "logprob": -0.5, "bytes": [195, 169], "top_logprobs": [rival]},
            {"token": "b", "logprob": 0.0, "bytes": [98], "top_logprobs": []},
        ],
        "refusal": None,
    }


def test_none() -> None:
    assert openai_logprobs(None) is None
    assert openai_logprobs(LogprobsResult()) is None
