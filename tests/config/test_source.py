import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.config.problems import ConfigInvalid, Position
from tornado_gateway.config.secret_files import SecretFiles
from tornado_gateway.config.source import Expanded, coerce, read


def test_every_key_and_value_has_its_place() -> None:
    source = read("a: 1\nb:\n  - x\n  - {c: y}\n", "f", {})
    assert source.value == {"a": 1, "b": ["x", {"c": "y"}]}
    assert source.position(("a",)) == Position(1, 4)
    assert source.key_position(("b",)) == Position(2, 1)
    assert source.position(("b", 1, "c")) == Position(4, 9)
    assert source.key_position(("b", 1, "c")) == Position(4, 6)
    assert source.position(("b", 1, "missing")) == Position(4, 5)


def test_a_price_keeps_its_own_digits() -> None:
    value = read("a: 0.10\nb: 1e-3\nc: 0.1234567890123456789012345", "f", {}).value
    assert [str(value[name]) for name in "abc"] == ["0.10", "0.001", "0.1234567890123456789012345"]
    assert all(isinstance(number, Decimal) for number in value.values())


@pytest.mark.parametrize("text", ["on", "yes", "no", "off", "1:30", "2027-01-01", "0x10", "0o17", "1_000", "=", ".inf"])
def test_what_yaml_1_1_would_bend_stays_a_text(text: str) -> None:
    assert read(f"a: {text}", "f", {}).value == {"a": text}


def test_plain_scalars_of_the_core_schema() -> None:
    value = read("[~, null, true, False, 012, -3, +4, .5, 'true', \"1\"]", "f", {}).value
    assert value == [None, None, True, False, 12, -3, 4, Decimal("0.5"), "true", "1"]


def test_anchors_are_followed() -> None:
    assert read("a: &x {b: 1}\nc: *x", "f", {}).value == {"a": {"b": 1}, "c": {"b": 1}}


def test_aliases_can_not_blow_up() -> None:
    text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        text += f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    with pytest.raises(ConfigInvalid, match="beyond measure"):
        read(text, "f", {})


def test_an_anchor_that_holds_itself_and_bottomless_nesting_are_refused() -> None:
    (problem,) = read("a: &a [*a]", "f", {}).problems
    assert str(problem) == "f:1:4: a[0]: the anchor holds itself"
    with pytest.raises(ConfigInvalid, match="nested too deeply"):
        read("[" * 5000, "f", {})


def test_a_character_that_yaml_forbids_has_its_place() -> None:
    with pytest.raises(ConfigInvalid, match=r"^f:2:4: not YAML: the character U\+0000 is not allowed$"):
        read("a: 1\nb: \x00\nc: 2", "f", {})


def test_both_places_of_a_duplicate_key_are_told() -> None:
    (problem,) = read("x:\n  a: 1\n  a: 2", "f", {}).problems
    assert str(problem) == "f:3:3: x.a: duplicate key, first given in line 2, column 3"


@pytest.mark.parametrize("text", ["a: !!str 1", "a: !x {b: 1}", "a: !x [1]", "a: !x '1'", "!x a: 1", "a: ! b"])
def test_tags_are_refused_wherever_they_stand(text: str) -> None:
    (problem,) = read(text, "f", {}).problems
    assert "the tag '!" in problem.message or "the tag 'tag:yaml.org,2002:str'" in problem.message
    assert problem.path == ("a",)


def test_a_character_in_two_escapes_is_one() -> None:
    source = read('"\\ud83d\\ude00": "\\ud83d\\ude00!"', "f", {})
    assert (source.value, source.problems) == ({"\U0001f600": "\U0001f600!"}, [])
    (problem,) = read('a: "\\ud83d!"', "f", {}).problems
    assert "half a character" in str(problem.message)
    (problem,) = read("a: ${X}", "f", {"X": "\udcff"}).problems
    assert problem.message == "the environment variable X is not UTF-8"


def test_references_are_for_values() -> None:
    (problem,) = read('"${NAME}": 1', "f", {"NAME": "x"}).problems
    assert "references are for values" in problem.message


def test_numbers_beyond_measure_do_not_break_the_reader() -> None:
    value = read(f"a: {'1' * 5000}\nb: 1e99999999999999999999", "f", {}).value
    assert value == {"a": Decimal("1" * 5000), "b": "1e99999999999999999999"}


def test_an_empty_file_is_an_empty_mapping() -> None:
    assert read("# nothing\n", "f", {}).value == {}


def test_a_key_that_is_no_text() -> None:
    assert "a key must be a text" in str(read("? [a]\n: b\n", "f", {}).problems[0])


def test_references() -> None:
    environ = {"NAME": "value", "EMPTY": ""}
    source = read(
        'a: "${NAME}"\nb: "x${NAME}y"\nc: ${EMPTY:-d}\nd: "${EMPTY}"\ne: ${NO:-}\nf: $$5\ng: "${NO:-a b}"', "f", environ
    )
    assert source.value == {"a": "value", "b": "xvaluey", "c": "d", "d": "", "e": "", "f": "$5", "g": "a b"}
    assert not source.problems
    assert isinstance(source.value["a"], Expanded)


def test_a_reference_without_value_names_the_variable_and_its_place() -> None:
    (problem,) = read("a:\n  b: ${NOPE}\n", "f", {}).problems
    assert str(problem) == "f:2:6: a.b: the environment variable NOPE is not set"


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("8080", "integer", 8080),
        (" 8080 ", "integer", 8080),
        ("80.5", "integer", Decimal("80.5")),
        ("8O80", "integer", "8O80"),
        ("1" * 5000, "integer", Decimal("1" * 5000)),
        ("1e99999999999999999999", "number", "1e99999999999999999999"),
        ("2.50", "number", Decimal("2.50")),
        ("TRUE", "boolean", True),
        ("yes", "boolean", "yes"),
        ("a, b,,c", "array", ["a", "b", "c"]),
        ("x", "string", "x"),
    ],
)
def test_a_text_takes_the_type_that_is_wanted(text: str, kind: str, value: object) -> None:
    result = coerce(Expanded(text), kind)
    assert result == value
    assert type(result) is type(value)


scalars = st.one_of(st.text(), st.integers(), st.booleans(), st.none())
keys = st.text(min_size=1).map(lambda key: key.replace("$", "-"))  # references are for values
documents = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=20)


@given(st.dictionaries(keys, documents))
def test_whatever_yaml_writes_quoted_is_read_back(document: dict[str, object]) -> None:
    # Forced quotes: what is a text by its quotes is one here; numbers and words are written by the same rules.
    text = yaml.safe_dump(document, default_style='"', allow_unicode=True)
    text = re.sub(r'!!(int|bool|null|float) "([^"]*)"', r"\2", text)
    source = read(text.replace("$", "$$"), "f", {})
    assert source.value == document


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True)
printable = st.text(st.characters(codec="utf-8", exclude_categories=("C",)))
literal = printable.filter(lambda text: "$" not in text)


@given(literal, names, printable, literal, printable.filter(lambda text: "}" not in text))
def test_a_reference_stands_for_exactly_its_value(
    before: str, name: str, content: str, after: str, default: str
) -> None:
    text = json.dumps({"a": f"{before}${{{name}:-{default}}}{after}"}, ensure_ascii=False)
    assert read(text, "f", {name: content}).value == {"a": f"{before}{content or default}{after}"}
    assert read(text, "f", {}).value == {"a": f"{before}{default}{after}"}


@given(printable)
def test_a_doubled_dollar_is_plain_and_values_are_not_expanded_again(content: str) -> None:
    text = json.dumps({"a": content.replace("$", "$$"), "b": "${X}"}, ensure_ascii=False)
    assert read(text, "f", {"X": content}).value == {"a": content, "b": content}


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        read(text, "f", {})
    except ConfigInvalid as invalid:
        assert invalid.problems[0].position.line >= 1


def test_a_file_gives_its_text(tmp_path: Path) -> None:
    file = tmp_path / "openai key"
    file.write_text("sk-x\n")
    empty, missing = tmp_path / "empty", tmp_path / "missing"
    empty.write_text("\n")
    text = f"""
a: "${{file:{file}}}"
b: "Bearer ${{file:{file}}}, ${{NAME}}"
c: ["${{file:{empty}}}", "${{file:{empty}:-d}}", "${{file:{missing}:-}}", "${{file:{missing}:-a b}}"]
d: ["${{file}}", "${{file:-e}}", "$${{file:{file}}}"]
"""
    files = SecretFiles()
    source = read(text, "f", {"NAME": "n", "file": "variable"}, files)
    assert not source.problems
    assert source.value == {
        "a": "sk-x",
        "b": "Bearer sk-x, n",
        "c": ["", "d", "", "a b"],
        "d": ["variable", "variable", f"${{file:{file}}}"],
    }
    assert isinstance(source.value["a"], Expanded)
    assert source.secret == {("a",), ("b",), *(("c", index) for index in range(4))}
    assert set(files.seen) == {str(path) for path in (file, empty, missing)}


def test_what_a_file_holds_is_not_read_again_for_references(tmp_path: Path) -> None:
    file = tmp_path / "odd"
    file.write_text("${NAME} $$ ${file:/etc/passwd}")
    assert read(f"a: ${{file:{file}}}", "f", {}).value == {"a": "${NAME} $$ ${file:/etc/passwd}"}


@pytest.mark.parametrize(
    ("reference", "complaint"),
    [
        ("${file:}", "'${file:}' names no file, ${file:/run/secrets/name} does"),
        ("${file: :-x}", "'${file:}' names no file, ${file:/run/secrets/name} does"),
        ("${file:/no/such}", "there is no file '/no/such'"),
        ("${file:/}", "the file '/' is a folder"),
        ("${file:/:-x}", "the file '/' is a folder"),
        ("${file:/no/such", "'${file:/no/such' is no reference, ${NAME:-default} is"),
        (
            "${NAME:-${file:/no/such}}",
            "references do not nest: NAME and what is in it are two ways, write the one that is meant",
        ),
        (
            "${NAME:-${OTHER:-x}}",
            "references do not nest: NAME and what is in it are two ways, write the one that is meant",
        ),
    ],
)
def test_a_file_that_gives_none_is_told_with_its_place(reference: str, complaint: str) -> None:
    (problem,) = read(f'a:\n  b: "{reference}"\n', "f", {}).problems
    assert str(problem) == f"f:2:6: a.b: {complaint}"


def test_aliases_do_not_nest_without_end() -> None:
    text = "a0: &a0 [x]\n"
    for number in range(1, 40):
        text += f"a{number}: &a{number} {'[' * 50}*a{number - 1}{']' * 50}\n"
    with pytest.raises(ConfigInvalid, match="nested too deeply"):
        read(text, "f", {})
