from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from tornado_gateway.config.build import build_access, parse
from tornado_gateway.config.decode_auth import auth
from tornado_gateway.config.model_auth import AuthSettings
from tornado_gateway.domain.keys import GatewayKey
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.quotas import Budget, Limits
from tornado_gateway.domain.tokens import ClaimNames, TokenPolicy

HASH = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"
JWT = {"issuer": "i", "audience": ["a"], "algorithms": ["RS256"]}

WHOLE = f"""\
version: 1
auth:
  required: "${{AUTH_REQUIRED:-auto}}"
  metrics: true
  keys:
    - id: team-a
      sha256: "{HASH}"
      owner: Ada
      models: ["gpt-*", echo4]
      limits: {{requests_per_minute: 60, tokens_per_minute: 100000, concurrent: 10}}
      budget: {{amount: 25, period: month}}
      tags: {{team: a}}
      expires: 2027-01-01
      disabled: true
  jwt:
    issuer: https://id.example
    audience: gateway
    jwks_url: https://id.example/keys
    algorithms: ["RS256", "ES256"]
    leeway: 0.5
    claims:
      id: email
      tags: {{team: department}}
      models: models
      limits: {{requests_per_minute: rpm}}
    id_prefix: "jwt:"
    tags: {{via: oidc}}
    models: [echo4]
    limits: {{concurrent: 1}}
    budget: {{amount: 0.5, period: day}}
providers: {{echo: {{kind: echo}}}}
routes: {{echo4: {{provider: echo}}, "gpt-*": {{provider: echo}}}}
pricing: {{unit: per_1k_tokens, currency: USD, allow_unpriced: true, models: {{echo/echo4: {{free: true}}}}}}
"""


def test_nothing_said() -> None:
    assert auth({}) == auth({"required": "auto", "keys": []}) == AuthSettings()
    assert (auth({"required": True}).required, auth({"required": False}).required) == (True, False)
    assert auth({"store": True}).store


def test_everything_said() -> None:
    settings = parse(WHOLE.encode(), Path("f"), {"AUTH_REQUIRED": "true"}).settings
    made = settings.auth
    assert (made.required, made.metrics, made.store) == (True, True, False)
    limits = Limits(requests_per_minute=60, tokens_per_minute=100000, concurrent=10)
    budget = Budget(Decimal(25), "month")
    assert made.keys == (
        GatewayKey(
            Principal("team-a", {"team": "a"}, ("gpt-*", "echo4"), limits, budget),
            HASH.lower(),
            "Ada",
            datetime(2027, 1, 1, tzinfo=UTC),
            True,
        ),
    )
    assert made.jwt == TokenPolicy(
        issuer="https://id.example",
        audience=("gateway",),
        keys_at="https://id.example/keys",
        algorithms=("RS256", "ES256"),
        leeway=0.5,
        claims=ClaimNames("email", {"team": "department"}, "models", {"requests_per_minute": "rpm"}),
        id_prefix="jwt:",
        tags={"via": "oidc"},
        models=("echo4",),
        limits=Limits(concurrent=1),
        budget=Budget(Decimal("0.5"), "day"),
    )
    access = build_access(settings)
    assert (access.required, access.metrics, access.tokens) == (True, True, made.jwt)
    assert access.keys.find("abc") == made.keys[0]


def test_a_change_of_a_key_is_another_revision() -> None:
    def revision(text: str) -> str:
        return parse(text.encode(), Path("f"), {}).revision

    assert revision(WHOLE) == revision(WHOLE.replace(HASH, HASH.lower()))
    assert revision(WHOLE) != revision(WHOLE.replace("disabled: true", "disabled: false"))


def test_a_key_of_few_words() -> None:
    (made,) = auth({"keys": [{"id": "a", "sha256": HASH}]}).keys
    assert made == GatewayKey(Principal("a"), HASH.lower())
    (nothing,) = auth({"keys": [{"id": "a", "sha256": HASH, "models": []}]}).keys
    assert nothing.principal.models == ()


def test_a_file_is_looked_at_more_often_than_an_address() -> None:
    at_url = auth({"jwt": {**JWT, "jwks_url": "https://x"}}).jwt
    in_file = auth({"jwt": {**JWT, "jwks_file": "keys.json"}}).jwt
    told = auth({"jwt": {**JWT, "jwks_file": "keys.json", "refresh": 60, "cooldown": 1}}).jwt
    assert at_url is not None
    assert in_file is not None
    assert told is not None
    assert (at_url.keys_at, at_url.refresh, at_url.cooldown) == ("https://x", 300.0, 30.0)
    assert (in_file.keys_at, in_file.refresh) == ("keys.json", 5.0)
    assert (told.refresh, told.cooldown) == (60.0, 1.0)
    assert at_url.claims == ClaimNames()
