import pytest

from tornado_gateway.httpserver.page.views.period import chosen


def test_what_is_usual() -> None:
    assert chosen({}).parameters() == {"by": ["model"], "since": ["30d"]}


@pytest.mark.parametrize(
    ("given", "parameters"),
    [
        ({"by": ["key"], "since": ["7d"]}, {"by": ["key"], "since": ["7d"]}),
        ({"by": ["tag"], "tag_name": ["team"]}, {"by": ["tag:team"], "since": ["30d"]}),
        ({"by": ["tag"]}, {"by": ["model"], "since": ["30d"]}),
        ({"by": ["nonsense"], "since": ["1y"]}, {"by": ["model"], "since": ["30d"]}),
        (
            {"since": ["days"], "from": ["2026-01-01"], "to": ["2026-01-31"]},
            {"by": ["model"], "since": ["2026-01-01"], "until": ["2026-02-01"]},
        ),
        ({"since": ["7d"], "from": ["2026-01-01"]}, {"by": ["model"], "since": ["7d"]}),
        ({"since": ["days"]}, {"by": ["model"], "since": ["30d"]}),
        ({"to": ["9999-12-31"]}, {"by": ["model"], "until": ["9999-12-31"]}),
        ({"to": ["nonsense"]}, {"by": ["model"], "until": ["nonsense"]}),
        (
            {"key": ["a"], "tag": ["x=1", "y=2"]},
            {"by": ["model"], "key": ["a"], "tag": ["x=1", "y=2"], "since": ["30d"]},
        ),
    ],
)
def test_what_the_api_is_asked(given: dict[str, list[str]], parameters: dict[str, list[str]]) -> None:
    assert chosen(given).parameters() == parameters


def test_addresses_keep_what_is_chosen() -> None:
    wanted = chosen({"by": ["tag"], "tag_name": ["a&b"], "key": ["k"], "tag": ["x=1", "y=2"]})
    assert wanted.address(measure="tokens") == (
        "/admin/spend?by=tag&tag_name=a%26b&measure=tokens&since=30d&key=k&tag=x%3D1&tag=y%3D2"
    )
    assert wanted.address(tag="", by="key") == "/admin/spend?by=key&tag_name=a%26b&measure=cost&since=30d&key=k"
    assert chosen({"measure": ["nonsense"]}).measure == "cost"
