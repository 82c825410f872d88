from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tornado_gateway.config.source import read
from tornado_gateway.pricelist.catalog import Catalog, open_catalog
from tornado_gateway.pricelist.edits import CannotEdit
from tornado_gateway.pricelist.importing import Import, Names, NotListed, Wanted, row_of
from tornado_gateway.pricelist.terms import Terms, Unsayable

TODAY = date(2026, 11, 24)

PROVIDERS: dict[str, Any] = {
    "echo": {"kind": "echo"},
    "mine": {"kind": "openai"},
    "groq": {"kind": "openai_compatible", "vendor": "groq"},
    "azure": {"kind": "azure_openai", "base_url": "https://mine.openai.azure.com"},
    "own": {"kind": "openai_compatible", "base_url": "http://127.0.0.1:1/v1"},
    "near": {"kind": "openai_compatible", "endpoints": [{"base_url": "https://api.x.ai/v1"}]},
    "odd": 5,
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return open_catalog()


@pytest.fixture(scope="module")
def names(catalog: Catalog) -> Names:
    return Names(catalog, PROVIDERS)


@pytest.mark.parametrize(
    ("name", "provider", "row", "listed"),
    [
        ("mine/gpt-4-0613", None, "mine/gpt-4-0613", "gpt-4"),
        ("gpt-4", "mine", "mine/gpt-4", "gpt-4"),
        ("groq/openai/gpt-oss-120b", None, "groq/openai/gpt-oss-120b", "openai/gpt-oss-120b"),
        ("openai/gpt-oss-120b", "groq", "groq/openai/gpt-oss-120b", "openai/gpt-oss-120b"),
        ("near/grok-4.7", None, "near/grok-4.7", "grok-4.7"),
        ("llama-3.3-70b-versatile", None, "groq/llama-3.3-70b-versatile", "llama-3.3-70b-versatile"),
    ],
)
def test_what_a_name_means(names: Names, name: str, provider: str | None, row: str, listed: str) -> None:
    found = names.find(name, provider)
    assert (found.row, found.listed.id) == (row, listed)


@pytest.mark.parametrize(
    ("name", "provider", "why"),
    [
        ("gpt-4", None, "gpt-4: mine and azure have it: say which, as mine/gpt-4"),
        ("gtp-4.1", "mine", "OpenAI has no such model on the list (did you mean mine/gpt-4.1"),
        ("claude-opus-5-5", "mine", "claude-opus-5-5: OpenAI has no such model on the list"),
        ("no-such-thing-at-all", None, "no provider of the file has such a model on the list"),
        ("mine/gpt-4*", None, "gpt-4*: OpenAI has no such model on the list"),
        (
            "gpt-4",
            "own",
            "own: no provider of the file with public prices is called so (there are: mine, groq, azure, near)",
        ),
    ],
)
def test_names_that_mean_nothing_or_too_much(names: Names, name: str, provider: str | None, why: str) -> None:
    with pytest.raises(NotListed) as refused:
        names.find(name, provider)
    assert str(refused.value).startswith(why) or why in str(refused.value)


def test_a_row_says_where_it_is_from_and_confirms_what_is_unusual() -> None:
    usual, dear, cheap = ({"input": Decimal(each), "output": Decimal("0.01")} for each in ("0.01", "2", "0.01"))
    cheap["tiers"] = [{"above": 5, "output": Decimal("0.00001")}]  # type: ignore[assignment]
    notes = {"source": "a list", "review_by": "2027-01-01"}
    made = [row_of(Terms((card,)), source="a list", review_by=date(2027, 1, 1)) for card in (usual, dear, cheap)]
    assert made == [
        {**usual, **notes},
        {**dear, "confirm_unusual": True, **notes},
        {**cheap, "confirm_unusual": True, **notes},
    ]
    both = row_of(Terms((usual, usual)), source="a list", review_by=date(2027, 1, 1))
    assert both == [{**usual, **notes}, {**usual, **notes}]


TEXT = """\
routes:
  x: {provider: mine}
pricing:
  models:
    mine/gpt-4: {input: 0.05, output: 0.06} # mine
    mine/gpt-4-turbo:
      input: 0.01 # by hand
      output: 0.04
      image: 0.2
      reasoning: 0.9
      batch: 0.5
    mine/gpt-4o: {free: true}
    # the end
"""


def work(catalog: Catalog, text: str = TEXT) -> Import:
    return Import(text, read(text, "f", {}).value, source=catalog.source, today=TODAY)


def wanted(names: Names, model: str) -> Wanted:
    return names.find(model, "mine")


def test_a_new_row_and_its_route(catalog: Catalog, names: Names) -> None:
    job = work(catalog)
    step = job.bring(wanted(names, "gpt-3.5-turbo"), update=False)
    note = f'source: {catalog.source}, review_by: "2027-02-22"'
    line = f"mine/gpt-3.5-turbo: {{input: 0.0005, output: 0.0015, {note}}}"
    assert (step.done, step.before, step.after, step.line) == ("added", "", line, 13)
    assert job.text == TEXT.replace("    # the end\n", f"    {line}\n    # the end\n")
    assert "batch jobs" in step.unsaid
    assert job.route(step.wanted) is True
    assert "  x: {provider: mine}\n  gpt-3.5-turbo: {provider: mine}\npricing:" in job.text
    assert job.document == read(job.text, "f", {}).value
    assert job.route(step.wanted) is False


def test_a_row_that_is_there_is_left_alone_unless_it_is_to_be_updated(catalog: Catalog, names: Names) -> None:
    job = work(catalog)
    step = job.bring(wanted(names, "gpt-4"), update=False)
    assert (step.done, job.text, step.line) == ("kept", TEXT, 5)
    step = job.bring(wanted(names, "gpt-4"), update=True)
    assert step.done == "updated"
    assert step.before == "mine/gpt-4: {input: 0.05, output: 0.06}"
    assert job.text == TEXT.replace(
        "{input: 0.05, output: 0.06}",
        f'{{input: 0.03, output: 0.06, source: {catalog.source}, review_by: "2027-02-22"}}',
    )


def test_an_update_keeps_comments_and_what_is_the_operators_own(catalog: Catalog, names: Names) -> None:
    job = work(catalog)
    job.bring(wanted(names, "gpt-4-turbo"), update=True)
    notes = f'      source: {catalog.source}\n      review_by: "2027-02-22"\n'
    assert job.text == TEXT.replace("output: 0.04\n", f"output: 0.03\n{notes}").replace("      reasoning: 0.9\n", "")
    assert job.document == read(job.text, "f", {}).value


def test_a_row_that_was_free_is_said_anew(catalog: Catalog, names: Names) -> None:
    job = work(catalog)
    job.bring(wanted(names, "gpt-4o"), update=True)
    found = read(job.text, "f", {}).value["pricing"]["models"]["mine/gpt-4o"]
    assert (found["input"], "free" in found) == (Decimal("0.0025"), False)
    assert job.document == read(job.text, "f", {}).value


def test_a_row_becomes_several_cards_where_a_change_is_announced(catalog: Catalog) -> None:
    text = "pricing: {models: {g/gemini-3.8-flash: {input: 0.1, output: 0.2, image: 5, reasoning: 1}}}"
    job = work(catalog, text)
    google = Names(catalog, {"g": {"kind": "gemini"}})
    job.bring(google.find("gemini-3.8-flash", None), update=True)
    first, second = job.document["pricing"]["models"]["g/gemini-3.8-flash"]
    assert (first["valid_until"], second["valid_from"]) == ("2026-12-31", "2027-01-01")
    assert first["image"] == second["image"] == 5
    assert "reasoning" not in first
    assert job.document == read(job.text, "f", {}).value
    # And again, from a list.
    step = job.bring(google.find("gemini-3.8-flash", None), update=True)
    assert step.done == "updated"
    assert job.document == read(job.text, "f", {}).value


@pytest.mark.parametrize(
    ("model", "text", "error"),
    [
        ("whisper-1", TEXT, Unsayable),
        ("gpt-4", "pricing: {}", CannotEdit),
        ("gpt-4", 'pricing: {models: {mine/gpt-4: {input: "${P:-1}", output: 1}}}', CannotEdit),
    ],
)
def test_what_can_not_be_done_leaves_everything_as_it_was(
    catalog: Catalog, names: Names, model: str, text: str, error: type[Exception]
) -> None:
    job = work(catalog, text)
    before = job.document
    with pytest.raises(error):
        job.bring(wanted(names, model), update=True)
    assert (job.text, job.document) == (text, before)
