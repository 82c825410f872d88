import json
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loguru import logger

from tornado_gateway.observability.lines import coloured_line, human_line, json_line


def test_json_has_time_level_message_and_the_fields_in_order(records: list[Any]) -> None:
    logger.bind(route="gpt-4", error=None, tokens=12).warning("hello")
    line = json_line(records[0])
    assert line.endswith("}\n")
    assert line.count("\n") == 1
    fields = json.loads(line)
    assert list(fields) == ["time", "level", "message", "route", "error", "tokens"]
    assert fields["time"].endswith("Z")
    assert fields["time"][10] == "T"
    assert (fields["level"], fields["message"]) == ("WARNING", "hello")
    assert (fields["route"], fields["error"], fields["tokens"]) == ("gpt-4", None, 12)


def test_decimals_keep_their_digits_and_have_no_exponent(records: list[Any]) -> None:
    logger.bind(cost=Decimal("1.2E-10"), more=Decimal("0.00186000000000000000000001")).info("x")
    assert '"cost":0.00000000012,"more":0.00186000000000000000000001' in json_line(records[0])
    assert "cost=0.00000000012 more=0.00186000000000000000000001" in human_line(records[0])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**6))
def test_any_decimal_comes_back_from_json_as_it_was(records: list[Any], value: Decimal) -> None:
    logger.bind(cost=value).info("x")
    assert json.loads(json_line(records[-1]), parse_float=Decimal, parse_int=Decimal)["cost"] == value


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=())), name=st.text(max_size=3))
def test_any_text_makes_one_line_of_json(records: list[Any], text: str, name: str) -> None:
    logger.bind(**{f"x{name}": text}, notes=(text,), odd=object()).info("{}", text)
    line = json_line(records[-1])
    assert line.count("\n") == 1
    line.encode()
    assert json.loads(line)["message"] == text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text())
def test_no_text_can_look_like_a_human_line_of_its_own(records: list[Any], text: str) -> None:
    logger.bind(model=text, problems=(text,)).info("{}", text)
    lines = human_line(records[-1])[:-1].split("\n")
    assert all(line.startswith("    ") for line in lines[1:])
    assert all(line.isprintable() for line in lines)


def test_human_is_aligned_leaves_out_none_and_quotes_what_needs_it(records: list[Any]) -> None:
    logger.bind(route="gpt-4", error=None, model="a b", other='say "x"', empty="").info("hello")
    line = human_line(records[0])
    assert line[19] == "."
    assert line[23:] == 'Z INFO     hello  route=gpt-4 model="a b" other="say \\"x\\"" empty=""\n'


def test_human_puts_lists_below(records: list[Any]) -> None:
    logger.bind(revision="abc", problems=("gateway.yaml:3:1: one", "two")).error("rejected")
    assert human_line(records[0]).split("Z ", 1)[1] == (
        "ERROR    rejected  revision=abc\n    problems: gateway.yaml:3:1: one\n    problems: two\n"
    )


def test_exceptions_come_with_traceback_but_no_values(records: list[Any]) -> None:
    prompt = "the secret prompt"
    try:
        raise LookupError({prompt: "not shown"}.get("", "nothing found"))
    except LookupError:
        logger.exception("failed")
    text = json.loads(json_line(records[0]))["exception"]
    assert text.startswith("Traceback")
    assert "LookupError: nothing found" in text
    assert prompt not in text
    human = human_line(records[0])
    assert "\n    Traceback" in human
    assert prompt not in human


def test_an_exception_asked_for_where_there_is_none(records: list[Any]) -> None:
    logger.opt(exception=True).error("nothing wrong")
    assert json.loads(json_line(records[0])).get("exception", "") == ""
    assert "nothing wrong" in human_line(records[0])


def test_colour_only_from_warning_on(records: list[Any]) -> None:
    logger.info("calm")
    logger.error("bad")
    assert coloured_line(records[0]) == human_line(records[0])
    assert coloured_line(records[1]) == f"\x1b[31m{human_line(records[1])[:-1]}\x1b[0m\n"
