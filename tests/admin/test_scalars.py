import pytest

from tornado_gateway.admin.scalars import NotYaml, literal, names, scalars


def test_each_with_its_path_and_place() -> None:
    text = 'a: &x "one"\nb: [two, *x]\nc: |\n  three\nd: !!str four\n'
    found = list(scalars(text))
    assert [(each.path, each.value) for each in found] == [
        (("a",), "one"),
        (("b", 0), "two"),
        (("b", 1), "one"),
        (("c",), "three\n"),
        (("d",), "four"),
    ]
    assert [text[each.start : each.end] for each in found] == ['"one"', "two", '"one"', "|\n  three\n", "four"]
    assert [each.block for each in found] == [False, False, False, True, False]


def test_an_anchor_in_itself_and_an_empty_file_end() -> None:
    assert [each.value for each in scalars("a: &x {b: *x, c: 1}")] == ["1"]
    assert list(scalars("")) == []


@pytest.mark.parametrize("text", ["a: [", "a: \x00", "[" * 2000])
def test_what_is_no_yaml(text: str) -> None:
    with pytest.raises(NotYaml):
        list(scalars(text))


def test_what_a_value_says_itself() -> None:
    assert literal("${A}") == literal("${A:-}") == literal("${file:/run/key}") == ""
    assert literal("$$a-${A:-b}-c") == "$a-b-c"
    assert names("$$ ${A:-x} ${file:/run/key:-} ${B}") == {"A", "B", "file:/run/key"}
