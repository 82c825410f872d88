"""Files that are nearly right: each is loaded or refused by its lines, and nothing else happens to a reloader."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.bootstrap import make_providers
from tornado_gateway.config.build import parse
from tornado_gateway.config.diff import differences, needs_restart
from tornado_gateway.config.problems import ConfigInvalid

from .profile import fuzzing

FILE = """\
version: 1
server: {host: "${HOST:-127.0.0.1}", port: 8080, read_timeout: 30, max_connections: 100}
cors: {allowed_origins: "*", allow_credentials: true}
log: {level: INFO, format: json}
ledger: {url: none}
state: {url: "memory://"}
auth:
  required: true
  keys:
    - {id: team-a, sha256: "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b", models: ["gpt-*"]}
limits: {requests_per_minute: 60, per_address: {concurrent: 3}}
budgets: [{tag: {team: a}, amount: 100, period: month}]
providers:
  echo: {kind: echo}
  openai:
    kind: openai
    base_url: https://api.openai.com/v1
    api_key: sk-planted-secret
    endpoints: [{api_key: sk-planted-other, weight: 2}]
routes:
  echo4: {provider: echo}
  gpt-4: {targets: [{provider: openai, weight: 3}], fallbacks: [echo4], timeouts: {total: 30}}
  "gpt-*": {provider: openai}
pricing:
  unit: per_1k_tokens
  currency: USD
  allow_unpriced: true
  models:
    echo/echo4: {free: true}
    openai/gpt-4: {input: 0.03, output: 0.06, tiers: [{above: 200000, input: 0.01, output: 0.1}]}
"""
LINES = FILE.splitlines()
BITS = [
    *(
        "",
        " ",
        "\t",
        ": ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        "'",
        '"',
        "#",
        "&a ",
        "*a",
        "<<: ",
        "!!int ",
        "!x ",
        "|",
        ">",
        "? ",
        "%YAML 9",
    ),
    *(
        "${",
        "${X}",
        "${X:-}",
        "$$",
        "${file:/nowhere}",
        "~",
        "null",
        "yes",
        "1e999",
        "-1",
        "0x1",
        ".inf",
        "12345678901" * 20,
    ),
    *(
        "---",
        "...",
        "\x00",
        "\ufeff",
        "\u2028",
        "\x85",
        "\U0001f600",
        "2027-01-01",
        "1:30",
        "a" * 3000,
        "[" * 300,
        "{a: " * 200,
    ),
    *("http://[", "http://169.254.169.254", "redis://:pw@h", "openai/gpt-4", "gpt-*", "*", "same: &s [*s]", "0.1e-400"),
]
edits = st.lists(
    st.tuples(
        st.integers(0, len(LINES) - 1),
        st.integers(0, 90),
        st.integers(0, 12),
        st.sampled_from(BITS) | st.text(max_size=6),
    ),
    min_size=1,
    max_size=3,
)


@fuzzing(60)
@given(edits, st.sampled_from(["put", "drop line", "twice", "indent"]))
def test_a_file_is_loaded_or_refused(edits: list[tuple[int, int, int, str]], way: str) -> None:
    lines = list(LINES)
    for number, column, length, bit in edits:
        line = lines[number]
        lines[number] = line[:column] + bit + line[column + length :]
    number = edits[0][0]
    if way == "drop line":
        del lines[number]
    elif way == "twice":
        lines.insert(number, lines[number])
    elif way == "indent":
        lines[number] = "  " + lines[number]
    _loaded_or_refused("\n".join(lines).encode("utf-8", "surrogatepass"))


@fuzzing(60)
@given(
    st.binary(max_size=60)
    | st.text(max_size=60).map(str.encode)
    | st.lists(st.sampled_from(BITS)).map("\n".join).map(str.encode)
)
def test_bytes_that_are_no_file_of_ours(content: bytes) -> None:
    _loaded_or_refused(content)


GOOD = parse(FILE.encode(), Path("gateway.yaml"), {})


def _loaded_or_refused(content: bytes) -> None:
    try:
        loaded = parse(content, Path("gateway.yaml"), {"X": "1"})
    except ConfigInvalid as refused:
        assert refused.problems
        lines = content.count(b"\n") + content.count(b"\r") + 10
        for problem in refused.problems:
            assert 1 <= problem.position.line <= lines * 2, problem
            assert problem.position.column >= 1
            assert "planted" not in str(problem).replace("gateway.yaml", "")
        return
    assert make_providers(loaded)
    for line in (*differences(GOOD.settings, loaded.settings), *needs_restart(GOOD.settings, loaded.settings)):
        assert "planted" not in line
