import pytest

from tests.guarding import CARD, ENGINE, IBAN, KEY, MAIL, found
from tornado_gateway.config.schema import load_schema
from tornado_gateway.domain.guardrails.pii import CLASSES, matchers

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7\n+/=\n-----END RSA PRIVATE KEY-----"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


def find(name: str, text: str) -> list[str]:
    (matcher,) = matchers([name], ENGINE)
    return found(matcher, text)


@pytest.mark.parametrize(
    "address",
    [MAIL, "first.last+tag@sub.example.co.uk", "müller@exämple.de", "a@b.io", "o'neil@example.com", "用户@例え.jp"],
)
def test_addresses(address: str) -> None:
    assert find("email", f"({address}), or so.") == [address]
    assert find("email", f"mail {address}.") == [address]


@pytest.mark.parametrize("text", ["a@b", "user@localhost", "@handle", "a @ b.com", "x@1.2.3.4", "pip install a==1.0"])
def test_what_is_no_address(text: str) -> None:
    assert find("email", text) == []


@pytest.mark.parametrize(
    "secret",
    [
        KEY,
        "sk-proj-" + "a1" * 20,
        "sk-or-v1-" + "0f" * 32,
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a" * 36,
        "github_pat_" + "a1_" * 10,
        "AIza" + "B" * 35,
        "xoxb-123456789012-abcdef",
        "sk_live_" + "a" * 24,
        "glpat-" + "x" * 20,
        "hf_" + "a" * 34,
        TOKEN,
        PEM,
        PEM.replace("\n", "\\n"),
        PEM.replace("RSA ", ""),
    ],
)
def test_secrets(secret: str) -> None:
    assert find("secret", f"key: {secret}!") == [secret]


@pytest.mark.parametrize(
    "text", ["sk-short", "task-1234567890123456789012", "AKIA", "eyJhbGciOi.x.y", "ghp_short", "risk-ab"]
)
def test_what_is_no_secret(text: str) -> None:
    assert find("secret", text) == []


def test_a_key_block_whose_end_is_missing_is_one_all_the_same() -> None:
    begun = "-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7"
    assert find("secret", begun) == [begun]


def test_each_class_finds_its_own() -> None:
    text = f"{MAIL} {CARD}; {IBAN}; +49 30 901820; {KEY}"
    assert {name: find(name, text) for name in ("email", "card", "iban", "secret")} == {
        "email": [MAIL],
        "card": [CARD],
        "iban": [IBAN],
        "secret": [KEY],
    }


def test_the_schema_offers_those_that_there_are() -> None:
    offered = load_schema()["$defs"]["guardrail"]["properties"]["match"]["properties"]["pii"]["items"]["enum"]
    assert offered == list(CLASSES)


@pytest.mark.parametrize("name", CLASSES)
def test_a_usual_text_is_held_up_by_a_word_at_most(name: str) -> None:
    (matcher,) = matchers([name], ENGINE)
    text = "This is a usual text of some words, and one of them"
    assert matcher.read(text).open(0) >= len(text) - len("them")
