import inspect
from collections.abc import Iterator

import pytest

from tornado_gateway.domain import errors
from tornado_gateway.domain.errors import GatewayError, UpstreamRejected, let_go


def tree(kind: type[GatewayError] = GatewayError) -> list[type[GatewayError]]:
    return [
        kind,
        *(inner for child in kind.__subclasses__() if child.__module__ == errors.__name__ for inner in tree(child)),
    ]


def test_the_docstring_draws_the_whole_tree() -> None:
    drawn = inspect.getdoc(errors) or ""
    for kind in tree():
        assert kind.__name__ in drawn
        leaf = not kind.__subclasses__() and kind is not UpstreamRejected
        if leaf:
            assert (
                f"{kind.__name__:<30}{kind.status} {kind.default_code}".split()
                == next(line for line in drawn.splitlines() if line.split()[:1] == [kind.__name__]).split()[:3]
            )


@pytest.mark.parametrize("kind", [kind for kind in tree() if kind is not UpstreamRejected])
def test_defaults_are_the_classes(kind: type[GatewayError]) -> None:
    error = kind("No.")
    assert (error.message, error.code, error.type, error.param) == ("No.", kind.default_code, kind.default_type, None)
    assert str(error) == "No."


def test_only_the_providers_side_is_worth_another_try() -> None:
    for kind in tree():
        if kind.retryable:
            assert issubclass(kind, errors.UpstreamError)
            assert kind.fallback


def test_a_rejection_has_the_providers_status() -> None:
    error = UpstreamRejected("No.", status=422, code="bad", param="messages")
    assert (error.status, error.upstream_status, error.code, error.param) == (422, 422, "bad", "messages")
    assert not error.fallback


def chained(error: BaseException) -> Iterator[BaseException]:
    yield error
    if error.__cause__ is not None:
        yield from chained(error.__cause__)


def test_what_is_let_go_keeps_what_it_says_and_not_where_it_was() -> None:
    def fails() -> None:
        try:
            raise OSError("the socket")
        except OSError as error:
            raise UpstreamRejected("No.", status=422) from error

    with pytest.raises(UpstreamRejected) as raised:
        fails()
    let_go(raised.value)
    assert [str(error) for error in chained(raised.value)] == ["No.", "the socket"]
    assert not any(error.__traceback__ for error in chained(raised.value))


def test_what_leads_to_itself_is_let_go_too() -> None:
    error = GatewayError("No.")
    error.__cause__ = error
    let_go(error)
