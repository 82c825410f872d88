from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.operating import Operated, operating, written
from tornado_gateway.httpserver.page.views.configuration import (
    CheckView,
    changed_lines,
    check_view,
    fingerprint,
    lines_of,
    signed,
)


def problem(line: int, severity: str = "error") -> dict[str, Any]:
    return {"line": line, "column": 3, "path": "routes.a", "message": "odd", "severity": severity}


def test_each_line_with_its_problems() -> None:
    lines = lines_of("a: 1\n\nb: 2\n", [problem(3), problem(3, "warning"), problem(1, "warning"), problem(99)])
    assert [(line.number, line.text, line.level) for line in lines] == [
        (1, "a: 1", "warn"),
        (2, "", ""),
        (3, "b: 2", "bad"),
    ]
    assert len(lines[2].problems) == 3
    assert lines_of("", [problem(0)])[0].level == "bad"


def test_what_differs_with_lines_around() -> None:
    before = "\n".join(str(number) for number in range(20))
    changed = changed_lines(before, before.replace("\n9\n", "\nnine\nand\n"))
    assert changed is not None
    assert [(each.kind, each.text) for each in changed] == [
        ("gap", ""),
        ("same", "7"),
        ("same", "8"),
        ("removed", "9"),
        ("added", "nine"),
        ("added", "and"),
        ("same", "10"),
        ("same", "11"),
    ]
    assert [(each.before, each.after) for each in changed[3:7]] == [(10, None), (None, 10), (None, 11), (11, 12)]
    assert changed_lines(before, before) == []
    assert changed_lines("a\n" * 5000, "") is None


async def checked(operated: Operated, text: str) -> CheckView:
    answer = await operated.client.post("check", content=text)
    return check_view(msgspec.json.Decoder(float_hook=Decimal).decode(answer.content))


async def test_what_a_text_would_change_and_what_that_would_have_cost(tmp_path: Path) -> None:
    async with operating(written(tmp_path)) as operated:
        await operated.call("Hello there")
        text = (await operated.get("config/source"))["text"]
        for _ in range(200):
            dearer = await checked(operated, text.replace("output: 0.06", "output: 0.12"))
            if dearer.effect is not None and dearer.effect.requests:
                break
        same = await checked(operated, text)
        bad = await checked(operated, text.replace("kind: echo", "kind: echoo"))
        gone = await checked(operated, text.replace("  echo4: {provider: echo, fallbacks: [gpt-4]}\n", ""))
    assert (dearer.ok, dearer.same, dearer.errors, dearer.warnings) == (True, False, 0, 1)
    assert any("0.06 -> 0.12" in change for change in dearer.changes)
    effect = dearer.effect
    assert effect is not None
    assert (effect.requests, effect.way) == (1, "more")
    assert (effect.old, effect.new, effect.difference) == ("0.00018", "0.0003", "+0.00012")
    assert [(row.name, row.difference) for row in effect.by_model] == [("echo/echo4", "+0.00012")]
    assert [row.name for row in effect.by_key] == ["no key"]
    assert same.same
    assert same.effect is not None
    assert same.effect.way == "same"
    assert (bad.ok, bad.errors, bad.effect, bad.problems[0]["path"]) == (False, 1, None, "providers.echo.kind")
    assert gone.effect is not None
    assert [(each["model"], each["old"]) for each in gone.effect.refused] == [("echo4", "0.00018")]


async def test_calls_that_go_elsewhere_are_told_with_both_ends(tmp_path: Path) -> None:
    async with operating(written(tmp_path)) as operated:
        await operated.call("Hello there")
        text = (await operated.get("config/source"))["text"]
        moved = text.replace("echo4: {provider: echo, fall", "echo4: {provider: openai, model: gpt-4, fall")
        for _ in range(200):
            view = await checked(operated, moved.replace("fallbacks: [gpt-4]", "fallbacks: [gpt-5]"))
            if view.effect is not None and view.effect.requests:
                break
    assert view.effect is not None
    (row,) = view.effect.moved
    assert (row.model, row.before, row.after) == ("echo4", "echo/echo4", "openai/gpt-4")
    assert (row.old, row.estimate) == ("0.00018", "0.00006")
    assert view.effect.way == "less"


@pytest.mark.parametrize(("amount", "said"), [("0.5", "+0.50"), ("-0.5", "\u22120.50"), ("0", "0.00")])
def test_a_difference_has_its_sign(amount: str, said: str) -> None:
    assert signed(Decimal(amount)) == said


def test_a_text_is_told_from_another() -> None:
    assert fingerprint("a\n") != fingerprint("a")
