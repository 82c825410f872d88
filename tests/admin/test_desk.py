import pytest

from tornado_gateway.admin.desk import Desk
from tornado_gateway.admin.feed import Feed
from tornado_gateway.domain.admin_errors import OtherMethod
from tornado_gateway.domain.administration import Asked, Told
from tornado_gateway.domain.errors import NotFound


async def echo(asked: Asked) -> Told:
    return Told(f"{asked.method} {asked.path}".encode())


DESK = Desk(
    {"keys": {"GET": echo, "POST": echo}, "keys/{id}": {"DELETE": echo}, "keys/{id}/rotate": {"POST": echo}}, Feed()
)


@pytest.mark.parametrize("what", ["GET keys", "POST keys", "DELETE keys/a", "POST keys/a/rotate"])
async def test_who_answers(what: str) -> None:
    method, path = what.split()
    assert (await DESK.answer(Asked(method, path))).document == what.encode()


@pytest.mark.parametrize("path", ["", "key", "keys/", "keys/a/b", "keys//rotate", "keys/a/rotate/"])
async def test_nobody(path: str) -> None:
    with pytest.raises(NotFound):
        await DESK.answer(Asked("GET", path))


async def test_not_that_way() -> None:
    with pytest.raises(OtherMethod, match="GET, POST"):
        await DESK.answer(Asked("PUT", "keys"))


async def test_what_has_happened_is_known_first() -> None:
    order: list[str] = []

    async def answer(asked: Asked) -> Told:
        order.append("answered")
        return Told(b"{}")

    await Desk({"a": {"GET": answer}}, Feed(), lambda: order.append("settled")).answer(Asked("GET", "a"))
    assert order == ["settled", "answered"]


def test_somebody_watches() -> None:
    DESK.watch().close()
