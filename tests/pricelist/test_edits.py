"""One entry goes in, changes or comes out; every other byte of a file stays what it was."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tornado_gateway.config.schema import packaged_default
from tornado_gateway.config.source import read
from tornado_gateway.pricelist.edits import CannotEdit, add_member, add_row, change, entry_at, remove, rewrite

ROWS = ("pricing", "models")
CARD = {"input": Decimal("0.001"), "output": Decimal("0.002"), "review_by": "2027-01-01"}
SAID = '{input: 0.001, output: 0.002, review_by: "2027-01-01"}'


def said(text: str) -> Any:
    return read(text, "f", {}).value


def inserted(old: str, new: str) -> str:
    """The one piece that ``new`` has more than ``old``."""
    start = next((place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(old))
    more = len(new) - len(old)
    assert new[:start] + new[start + more :] == old
    return new[start : start + more]


LAYOUTS = {
    "rows in braces": (
        "pricing:\n  models: # all\n    a/x: {input: 1, output: 2} # one\n    # between\n    b/y: {free: true}\n",
        f"    a/new: {SAID}\n",
    ),
    "rows spelled out": (
        "pricing:\n  models:\n    a/x:\n      input: 1 # one\n      output: 2\n\n    # next\n    b/y: {free: true}\n",
        '    a/new:\n      input: 0.001\n      output: 0.002\n      review_by: "2027-01-01"\n',
    ),
    "cards in a list": (
        "pricing:\n  models:\n    a/x:\n    - {input: 1, output: 2}\nother: 1\n",
        f"    a/new: {SAID}\n",
    ),
    "no family": ("pricing:\n  models:\n    b/y: {free: true}\n# the end\n", f"    a/new: {SAID}\n"),
    "no last newline": ("pricing:\n  models:\n    a/x: {free: true}", f"\n    a/new: {SAID}"),
    "carriage returns": ("pricing:\r\n  models:\r\n    a/x: {free: true}\r\n", f"    a/new: {SAID}\r\n"),
    "a comment as the last line": ("pricing:\n  models:\n    a/x: {free: true} # c", f"\n    a/new: {SAID}"),
    "an alias as the neighbour": (
        "pricing:\n  models:\n    a/w: &w {free: true}\n    a/x: *w # c\nz: 1\n",
        f"    a/new: {SAID}\n",
    ),
    "nothing yet": ("pricing:\n  models:\n  currency: USD\n", f"    a/new: {SAID}\n"),
    "empty braces": ("pricing:\n  models: {}\n  currency: USD\n", f"a/new: {SAID}"),
    "braces around all rows": ("pricing: {models: {a/x: {free: true}}, currency: USD}\n", f", a/new: {SAID}"),
    "braces over several lines": (
        "pricing:\n  models: {\n    a/x: {free: true}, # c\n    b/y: {free: true} # d\n  }\n",
        f",\n    a/new: {SAID}",
    ),
    "JSON": (
        '{"pricing": {"models": {"a/x": {"free": true}}, "currency": "USD"}}',
        ', "a/new": {"input": 0.001, "output": 0.002, "review_by": "2027-01-01"}',
    ),
    "JSON over several lines": (
        '{\n "pricing": {\n  "models": {\n   "a/x": {"free": true}\n  }\n }\n}\n',
        ',\n   "a/new": {"input": 0.001, "output": 0.002, "review_by": "2027-01-01"}',
    ),
    "texts behind": ("pricing:\n  models:\n    a/x: {free: true}\nnote: |\n  a/x: {\n", f"    a/new: {SAID}\n"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_row_is_added_and_every_other_byte_stays(name: str) -> None:
    text, piece = LAYOUTS[name]
    new = add_row(text, ROWS, "a/new", CARD)
    assert inserted(text, new).strip("\r\n, \t") == piece.strip("\r\n, \t")
    assert piece in new
    document = said(text)
    document["pricing"]["models"] = {**(document["pricing"]["models"] or {}), "a/new": CARD}
    assert said(new) == document


def test_a_row_stands_behind_its_family_and_a_long_one_below_its_name() -> None:
    text = packaged_default().read_text()
    card = {name: Decimal("0.001") for name in ("input", "output", "cached_input", "cache_write", "cache_write_1h")}
    new = add_row(text, ROWS, "anthropic/claude-new", {**card, "reasoning": Decimal("0.002"), "source": "a list"})
    piece = inserted(text, new)
    assert piece.splitlines()[0] == "    anthropic/claude-new:"
    assert all(len(line) <= 120 for line in piece.splitlines())
    names = list(said(new)["pricing"]["models"])
    assert names[names.index("anthropic/claude-new") - 1].startswith("anthropic/")
    assert names[names.index("anthropic/claude-new") + 1].startswith("gemini/")
    listed = add_row(text, ROWS, "xai/grok-new", [{**CARD, "valid_until": "2027-01-01"}, CARD])
    assert inserted(text, listed).splitlines()[0] == "    xai/grok-new:"
    assert len(said(listed)["pricing"]["models"]["xai/grok-new"]) == 2


COMMENTS = st.sampled_from(["", " # c: {x", "  # 'y"])
GAPS = st.sampled_from(["", "\n", "    # a word: [\n", "\n      # deep\n\n"])
VALUES = st.sampled_from(
    [
        "{free: true}",
        "{input: 1, output: 2}",
        "\n      input: 1\n      output: 2",
        "\n    - {free: true}",
        "{\n     free: true\n    }",
    ]
)
PAIRS = st.tuples(st.sampled_from("abc"), VALUES, COMMENTS, GAPS)


@settings(max_examples=60)
@given(st.lists(PAIRS, min_size=1, max_size=5), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_any_file_of_rows_keeps_every_byte(pairs: list[tuple[str, str, str, str]], newline: str, last: bool) -> None:
    lines = [
        f"    {name}/{number}: {value}{comment}\n{gap}" for number, (name, value, comment, gap) in enumerate(pairs)
    ]
    text = f"pricing:\n  models:\n{''.join(lines)}{'' if last else 'routes: {}'}".replace("\n", newline)
    new = add_row(text, ROWS, "b/new", CARD)
    inserted(text, new)
    document = said(text)
    assert said(new)["pricing"]["models"] == {**document["pricing"]["models"], "b/new": CARD}
    assert len(re.findall("(?<!\r)\n", new)) == (0 if newline == "\r\n" else new.count("\n"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("pricing: {unit: x}\n", "pricing.models is not written out in the file"),
        ("pricing:\n  models: 5\n", "line 2: pricing.models is no mapping"),
        ("x: &m {a/b: {free: true}}\npricing:\n  models: *m\n", "line 3: pricing.models is no mapping"),
        ("pricing: {models: }\n", "line 1: models is empty: write {} there first"),
        ("a:\n\tb: 1\n", "not YAML"),
    ],
)
def test_what_people_have_to_write_is_left_to_them(text: str, why: str) -> None:
    with pytest.raises(CannotEdit) as refused:
        add_row(text, ROWS, "a/new", CARD)
    assert why in str(refused.value)


ROW = ("pricing", "models", "a/x")


def row(text: str) -> str:
    gap = "" if text.startswith("\n") else " "
    return f"pricing:\n  models:\n    a/x:{gap}{text} # c\n    b/y: {{free: true}}\n"


def spelled(*lines: str) -> str:
    return row("\n      " + "\n      ".join(lines))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (row("{input: 1e-3, output: 2}"), row("{input: 0.005, output: 2}")),
        (row('{"input":  1, output: 2}'), row('{"input":  0.005, output: 2}')),
        (spelled("input: 1 # since March", "output: 2"), spelled("input: 0.005 # since March", "output: 2")),
    ],
)
def test_a_price_is_changed_in_its_place(before: str, after: str) -> None:
    assert change(before, (*ROW, "input"), Decimal("0.005")) == after


def test_members_go_behind_the_one_that_is_named() -> None:
    assert add_member(row("{input: 1, output: 2}"), ROW, "batch", Decimal("0.5"), behind="input") == row(
        "{input: 1, batch: 0.5, output: 2}"
    )
    assert add_member(spelled("input: 1 # c", "output: 2"), ROW, "source", "a list", behind="input") == spelled(
        "input: 1 # c", "source: a list", "output: 2"
    )
    assert add_member(row('{"input": 1}'), ROW, "source", "a", behind="input") == row('{"input": 1, "source": "a"}')


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        (row("{input: 1, output: 2, batch: 3}"), row("{input: 1, output: 2}"), "batch"),
        (row("{input: 1, output: 2, batch: 3}"), row("{output: 2, batch: 3}"), "input"),
        (row("{input: 1,\n      output: 2,\n      batch: 3}"), row("{input: 1,\n      batch: 3}"), "output"),
        (spelled("input: 1", "output: 2 # c", "batch: 3"), spelled("input: 1", "batch: 3"), "output"),
        (spelled("input: 1", "tiers:", "- {above: 1}", "batch: 3"), spelled("input: 1", "batch: 3"), "tiers"),
    ],
)
def test_members_are_taken_out(before: str, after: str, name: str) -> None:
    assert remove(before, (*ROW, name)) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (row("{free: true}"), row(SAID)),
        (spelled("free: true"), spelled("input: 0.001", "output: 0.002", 'review_by: "2027-01-01"')),
        (row("{\n      free: true}"), row(SAID)),
        (row("\n    - {free: true}"), row(SAID)),
        (row("[{free: true}]"), row(SAID)),
    ],
)
def test_a_row_is_said_anew_in_its_own_style(before: str, after: str) -> None:
    new = rewrite(before, ROW, CARD)
    assert new == after
    assert said(new)["pricing"]["models"] == {"a/x": CARD, "b/y": {"free": True}}


def test_a_row_of_json_stays_json_and_may_become_several_cards() -> None:
    text = '{"pricing": {"models": {"a/x": {"free": true}}}}'
    assert json.loads(rewrite(text, ROW, CARD))["pricing"]["models"]["a/x"]["review_by"] == "2027-01-01"
    new = rewrite(row("{free: true}"), ROW, [CARD, CARD])
    assert new == row(f"\n      - {SAID}\n      - {SAID}")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (row("{input: &i 1, output: *i}"), "line 3: others may refer to the anchor there"),
        (row('{input: "${PRICE:-1}", output: 1}'), "line 3: ${PRICE:-1} comes from the environment"),
        ("x: &r {input: 1}\npricing:\n  models:\n    a/x: *r\n", "a/x.input is not written out in the file"),
    ],
)
def test_what_others_share_or_the_environment_says_is_left_alone(text: str, why: str) -> None:
    with pytest.raises(CannotEdit) as refused:
        change(text, (*ROW, "input"), Decimal(2))
    assert why in str(refused.value)


@pytest.mark.parametrize("text", [row("{input: 1, # c\n      output: 2}"), row("{input: 1 # c\n      , output: 2}")])
def test_no_comment_goes_with_a_member_in_braces(text: str) -> None:
    with pytest.raises(CannotEdit, match="there is a comment beside output"):
        remove(text, (*ROW, "output"))


def test_what_is_not_there_has_no_entry() -> None:
    assert entry_at(row("{free: true}"), ("routes",)) is None
