from typing import Any

import msgspec
import pytest

from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.providers.openai.vendor import OPENAI, Vendor, adapted

OTHER = Vendor(
    name="o",
    title="Other",
    renamed={"seed": "random_seed"},
    refused=frozenset({"n", "logit_bias", "tools", "tool_choice"}),
    hints=frozenset({"store", "user"}),
    schemas=False,
)


def fit(**document: Any) -> tuple[dict[str, Any], list[str]]:
    dropped: list[str] = []
    return adapted(document, OTHER, dropped), dropped


def test_openai_itself_takes_all() -> None:
    assert OPENAI.takes_all
    assert not OTHER.takes_all
    assert not Vendor(name="x", title="X").takes_all
    assert Vendor(name="x", title="X", limit="max_completion_tokens").takes_all


def test_unknown_members_and_their_order_stay() -> None:
    raw = msgspec.Raw(b"[1, 2]")
    assert fit(b=raw, a=2) == ({"b": raw, "a": 2}, [])


@pytest.mark.parametrize("given", [3, msgspec.Raw(b"3")])
def test_opened_or_not(given: object) -> None:
    assert fit(seed=given, user=given) == ({"random_seed": given}, ["user"])
    with pytest.raises(InvalidRequest) as refused:
        fit(n=given)
    assert refused.value.param == "n"


@pytest.mark.parametrize(
    ("name", "value"), [("logit_bias", {}), ("tools", []), ("tool_choice", "auto"), ("store", False)]
)
def test_what_says_nothing_is_left_out_without_a_word(name: str, value: object) -> None:
    assert fit(**{name: value}) == ({}, [])
    assert fit(**{name: None}) == ({}, [])
    assert fit(**{name: msgspec.Raw(msgspec.json.encode(value))}) == ({}, [])


def test_who_gives_one_answer_alone_takes_a_request_for_one() -> None:
    assert fit(n=1) == ({"n": 1}, [])
    assert fit(n=None) == ({"n": None}, [])


def test_the_newer_name_of_the_limit_counts() -> None:
    assert fit(max_tokens=1, max_completion_tokens=2)[0] == {"max_tokens": 2}


@pytest.mark.parametrize("given", [{"type": "json_schema"}, msgspec.Raw(b'{"type":"json_schema"}')])
def test_schemas(given: object) -> None:
    with pytest.raises(InvalidRequest):
        fit(response_format=given)
    assert fit(response_format={"type": "json_object"})[0]
