from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.config import nodes
from tornado_gateway.config.nodes import Listed, Node, Scalar, nodes_of
from tornado_gateway.config.problems import ConfigInvalid, Position
from tornado_gateway.config.schema import packaged_default


def told(node: Node | None, above: tuple[int, ...] = ()) -> Any:
    """A node as plain values, one that holds itself as such."""
    if node is None or id(node) in above:
        return None if node is None else "itself"
    above = (*above, id(node))
    if isinstance(node, Scalar):
        return node.position, node.tag, node.value, node.plain
    if isinstance(node, Listed):
        return node.position, node.tag, [told(item, above) for item in node.value]
    return node.position, node.tag, [(told(key, above), told(value, above)) for key, value in node.value]


def read(text: str) -> Any:
    try:
        return told(nodes_of(text, "f"))
    except ConfigInvalid as invalid:
        return str(invalid)


def test_what_is_written_and_nothing_else() -> None:
    assert read('a: 1\nb: !x ["2", *c]\n') == "f:2:13: not YAML: found undefined alias 'c'"
    assert read('a: &c 1\nb: !x ["2", *c, !!str 3]\n') == (
        Position(1, 1),
        None,
        [
            ((Position(1, 1), None, "a", True), (Position(1, 4), None, "1", True)),
            (
                (Position(2, 1), None, "b", True),
                (
                    Position(2, 4),
                    "!x",
                    [
                        (Position(2, 8), None, "2", False),
                        (Position(1, 4), None, "1", True),
                        (Position(2, 17), "tag:yaml.org,2002:str", "3", True),
                    ],
                ),
            ),
        ],
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\n---\nb: 2\n", "f:2:1: not YAML: expected a single document in the stream but found another document"),
        ("a: &x 1\nb: &x 2\n", "f:2:4: not YAML: found duplicate anchor 'x'"),
        (
            "\ta: b\n",
            "f:1:1: not YAML: while scanning for the next token found character '\\t' that cannot start any token",
        ),
        ("[" * 65 + "x" + "]" * 65 + "\n", "f:1:66: nested too deeply"),
        ("[" * 100_000, "f:1:66: nested too deeply"),
        ("- " * 100_000 + "\n", "f:1:131: nested too deeply"),
    ],
    ids=["two", "anchor", "tab", "deep", "bottomless", "bottomless block"],
)
def test_what_is_no_document(text: str, problem: str) -> None:
    assert read(text) == problem


def test_deep_enough_for_any_file() -> None:
    assert isinstance(read("[" * 64 + "x" + "]" * 64 + "\n"), tuple)


def slowly(text: str) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nodes, "_QUICK", yaml.SafeLoader)
        return read(text)


pieces = st.sampled_from(
    ["- ", "? ", ": ", "{", "}", "[", "]", ",", "#", " #", "&a ", "*a", "!x ", "!!str ", "'", '"', ">", "2-", "%", "@",
     "`", "é", "😀", "---", "...", "\\", '"\\ud83d\\ude00"', "0", "a", "b: c", "key:val", '"a":1', "|", "\n", "\n  ",
     "\t", "\r\n", "\u2028", "\ufeff", "a:\n- b"]
)  # fmt: skip


def damaged() -> Iterator[st.SearchStrategy[str]]:
    shipped = packaged_default().read_text()
    places = st.integers(0, len(shipped) - 200)
    yield st.builds(lambda at, size: shipped[at : at + size], places, st.integers(0, 200))
    yield st.builds(
        lambda at, cut, size, piece: shipped[at : at + cut] + piece + shipped[at + cut : at + size],
        places, st.integers(0, 100), st.integers(100, 200), pieces,
    )  # fmt: skip


@given(st.one_of(st.lists(pieces, max_size=12).map("".join), *damaged()))
def test_both_readers_see_the_same(text: str) -> None:
    assert read(text + "\n") == slowly(text + "\n")


def test_the_shipped_file_is_read_quickly() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml.SafeLoader, "check_event", None)
        assert isinstance(read(packaged_default().read_text()), tuple)
