from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.quotas import Budget, Limits
from tornado_gateway.domain.tokens import ClaimNames, TokenPolicy, TokenRefused, looks_like_token, principal_of

NOW = 1_700_000_000.0
POLICY = TokenPolicy("https://id.example", ("gateway", "other"), "keys.json", ("RS256",), leeway=30)
GOOD = {"iss": "https://id.example", "aud": "gateway", "exp": NOW + 60, "sub": "user-1"}


def bearer(policy: TokenPolicy = POLICY, **claims: Any) -> Principal:
    return principal_of({**GOOD, **claims}, policy, NOW)[0]


def refusal(policy: TokenPolicy = POLICY, *without: str, **claims: Any) -> str:
    said = {name: value for name, value in {**GOOD, **claims}.items() if name not in without}
    with pytest.raises(TokenRefused) as refused:
        principal_of(said, policy, NOW)
    return refused.value.reason


def test_a_good_token_is_its_bearer_until_it_expires() -> None:
    principal, until = principal_of(GOOD, POLICY, NOW)
    assert principal == Principal("user-1")
    assert until == NOW + 90


@pytest.mark.parametrize("audience", ["gateway", "other", ["x", "gateway"], [1, "other"]])
def test_one_audience_is_enough(audience: Any) -> None:
    assert bearer(aud=audience).id == "user-1"


@pytest.mark.parametrize("audience", ["gateways", [], ["x"], None, 7, {"gateway": 1}, "gateway other", [["gateway"]]])
def test_another_audience_is_none(audience: Any) -> None:
    assert refusal(aud=audience) == "is for another audience"


@pytest.mark.parametrize("issuer", ["https://id.example/", "https://evil.example", None, ["https://id.example"], ""])
def test_another_issuer_is_none(issuer: Any) -> None:
    assert refusal(iss=issuer) == "is of another issuer"


def test_nobody_is_left_out() -> None:
    assert refusal(POLICY, "iss") == "is of another issuer"
    assert refusal(POLICY, "aud") == "is for another audience"
    assert refusal(POLICY, "exp") == "says not when it expires"
    assert refusal(POLICY, "sub") == "has no good claim 'sub'"


def test_clocks_may_differ_by_the_leeway() -> None:
    assert bearer(exp=NOW - 29, nbf=NOW + 30).id == "user-1"
    assert refusal(exp=NOW - 30) == "has expired"
    assert refusal(nbf=NOW + 31) == "is not valid yet"
    assert refusal(replace(POLICY, leeway=0), exp=NOW) == "has expired"


@pytest.mark.parametrize("odd", ["1700000060", True, None, [], float("inf"), float("nan"), 10**400])
def test_times_are_numbers(odd: Any) -> None:
    assert refusal(exp=odd) == "says not when it expires"
    if odd is not None:
        assert refusal(nbf=odd) == "has a malformed claim 'nbf'"


def test_claims_make_the_bearer() -> None:
    policy = replace(
        POLICY,
        claims=ClaimNames(
            id="realm.user",
            tags={"team": "department", "site": "https://x.example/site"},
            models="models",
            limits={"requests_per_minute": "rpm"},
        ),
        id_prefix="jwt:",
        tags={"via": "oidc", "team": "none"},
        limits=Limits(requests_per_minute=10, concurrent=2),
        budget=Budget(Decimal(5), "day"),
    )
    claims = {
        "realm": {"user": 7},
        "department": "sales",
        "https://x.example/site": "b",
        "models": ["gpt-*", "echo4"],
        "rpm": 60.0,
    }
    assert bearer(policy, **claims) == Principal(
        "jwt:7",
        {"via": "oidc", "team": "sales", "site": "b"},
        ("gpt-*", "echo4"),
        Limits(requests_per_minute=60, concurrent=2),
        Budget(Decimal(5), "day"),
    )
    assert bearer(policy, realm={"user": "u"}) == Principal(
        "jwt:u", {"via": "oidc", "team": "none"}, (), policy.limits, policy.budget
    )


def test_a_name_with_dots_is_looked_for_as_it_is_first() -> None:
    policy = replace(POLICY, claims=ClaimNames(id="a.b"))
    assert bearer(policy, **{"a.b": "flat", "a": {"b": "deep"}}).id == "flat"
    assert bearer(policy, a={"b": "deep"}).id == "deep"
    assert refusal(policy, a="text") == "has no good claim 'a.b'"


def test_models_of_bearers_whose_token_says_nothing() -> None:
    mapped = replace(POLICY, claims=ClaimNames(models="models"))
    assert bearer(POLICY).models is None
    assert bearer(replace(POLICY, models=("echo4",))).models == ("echo4",)
    assert bearer(mapped).models == ()
    assert bearer(replace(mapped, models=("echo4",))).models == ("echo4",)
    assert bearer(mapped, models="gpt-4 echo4").models == ("gpt-4", "echo4")
    assert bearer(mapped, models=[]).models == ()


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        (ClaimNames(), {"sub": ""}),
        (ClaimNames(), {"sub": "x" * 257}),
        (ClaimNames(), {"sub": "a\nb"}),
        (ClaimNames(), {"sub": True}),
        (ClaimNames(), {"sub": ["a"]}),
        (ClaimNames(tags={"t": "sub2"}), {"sub2": ["a"]}),
        (ClaimNames(models="sub2"), {"sub2": [1]}),
        (ClaimNames(models="sub2"), {"sub2": {"gpt-4": True}}),
        (ClaimNames(limits={"concurrent": "sub2"}), {"sub2": "5"}),
        (ClaimNames(limits={"concurrent": "sub2"}), {"sub2": 0}),
        (ClaimNames(limits={"concurrent": "sub2"}), {"sub2": 1.5}),
        (ClaimNames(limits={"concurrent": "sub2"}), {"sub2": True}),
    ],
)
def test_a_claim_of_another_form_is_no_reason_to_let_anybody_in(claims: ClaimNames, said: dict[str, Any]) -> None:
    assert refusal(replace(POLICY, claims=claims), **said).startswith("has no good claim 'sub")


SIMPLE = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON = SIMPLE | st.lists(SIMPLE, max_size=2) | st.dictionaries(st.text(max_size=4), SIMPLE, max_size=2)
NAMES = ("iss", "aud", "exp", "nbf", "sub", "models", "rpm", "department")
EVERYTHING = replace(
    POLICY, claims=ClaimNames("sub", {"team": "department"}, "models", {"requests_per_minute": "rpm"}), leeway=0
)


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
@settings(deadline=None)
def test_whatever_is_claimed_is_a_bearer_or_refused(claims: dict[str, Any]) -> None:
    try:
        principal, until = principal_of({**GOOD, **claims}, EVERYTHING, NOW)
    except TokenRefused:
        return
    assert claims.get("iss", GOOD["iss"]) == POLICY.issuer
    assert until > NOW
    assert principal.id
    assert principal.models is not None


def test_three_parts_look_like_a_token() -> None:
    assert looks_like_token("a.b.c")
    for other in ("", "sk-tgw-abc", "a.b", "a.b.c.d"):
        assert not looks_like_token(other)
