from tornado_gateway.config.schema import packaged_default
from tornado_gateway.pricelist.layout import Node, layout


def spans(text: str) -> dict[str, str]:
    """What stands in the text for each entry, by its path."""

    def walk(node: Node, path: str) -> None:
        for entry in node.entries:
            found[f"{path}{entry.key.text}"] = text[entry.start : entry.end]
            walk(entry.value, f"{path}{entry.key.text}.")

    found: dict[str, str] = {}
    walk(layout(text), "")
    return found


def test_a_block_ends_with_its_last_entry_and_not_with_the_comments_after_it() -> None:
    found = spans("a:\n  b: 1 # one\n  c: {x: 1,\n      y: 2} # two\n\n  # of d\nd: [1,\n  2]\n")
    assert found["a.b"] == "b: 1"
    assert found["a.c"] == "c: {x: 1,\n      y: 2}"
    assert found["a"] == "a:\n  b: 1 # one\n  c: {x: 1,\n      y: 2}"
    assert found["d"] == "d: [1,\n  2]"


def test_texts_over_several_lines_end_with_their_last_word() -> None:
    found = spans("a: |\n  one\n  two\n\n# c\nb: >-\n  three\n\nc: 'x\n  y'\n")
    assert found == {"a": "a: |\n  one\n  two", "b": "b: >-\n  three", "c": "c: 'x\n  y'"}


def test_what_an_alias_stands_for_is_elsewhere() -> None:
    text = "a: &x {b: 1}\nc: *x # same\nd: &y 2\n"
    found = layout(text)
    assert spans(text) == {"a": "a: &x {b: 1}", "a.b": "b: 1", "c": "c: *x", "d": "d: &y 2"}
    assert [(entry.value.style, entry.value.anchor) for entry in found.entries] == [
        ("flow", True),
        ("alias", False),
        ("scalar", True),
    ]


def test_empty_values_and_carriage_returns() -> None:
    assert spans("a:\r\nb: {x: , y}\r\n") == {"a": "a:", "b": "b: {x: , y}", "b.x": "x:", "b.y": "y"}


def test_json_is_yaml_too() -> None:
    text = '{"a": {"b": 1}, "c": []}'
    found = layout(text)
    assert found.style == "flow"
    assert all(entry.key.quoted for entry in found.entries)
    assert spans(text)["a"] == '"a": {"b": 1}'


def test_nothing_at_all_has_no_entries() -> None:
    assert layout("# a word\n").entries == ()
    assert layout("").find("a") is None


def test_every_entry_of_the_shipped_file_begins_with_its_key() -> None:
    text = packaged_default().read_text()
    assert spans(text)["pricing.models.openai/gpt-4"] == "openai/gpt-4: {input: 0.03, output: 0.06}"
    nodes = [entry for node in layout(text).walk() for entry in node.entries]
    assert len(nodes) > 300
    assert all(text[entry.start : entry.end].startswith(f"{entry.key.text}:") for entry in nodes)
