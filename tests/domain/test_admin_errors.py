import pytest

from tornado_gateway.domain import admin_errors
from tornado_gateway.domain.errors import GatewayError

KINDS = [
    kind
    for kind in vars(admin_errors).values()
    if isinstance(kind, type) and issubclass(kind, GatewayError) and kind.__module__ == admin_errors.__name__
]


@pytest.mark.parametrize("kind", KINDS)
def test_the_docstring_draws_each(kind: type[GatewayError]) -> None:
    line = next(line for line in (admin_errors.__doc__ or "").splitlines() if line.split()[:1] == [kind.__name__])
    assert line.split()[1:] == [str(kind.status), kind.default_code]
    assert not kind.retryable
