"""What a caller may name, for whoever asks for a list of it."""

from collections.abc import Iterator

from tornado_gateway.domain.principal import Principal, may_use
from tornado_gateway.domain.routes import Route, RouteTable


def usable(routes: RouteTable, principal: Principal | None) -> Iterator[tuple[str, Route]]:
    """Each name with the route that serves it.

    Who may use only a part of what a pattern serves finds that part by the name that the key has for it.
    """
    for route in routes:
        if may_use(principal, route.name):
            yield route.name, route
    if principal is None or principal.models is None:
        return
    for name in dict.fromkeys(principal.models):
        served = routes.match(name)
        if served is not None and served.wildcard and not principal.may_use(served.name):
            yield name, served
