from pathlib import Path

from injector import Binder, Module

from tests.operating import operating, written
from tornado_gateway.admin.feed import Feed
from tornado_gateway.domain.administration import AdminDesk, Asked, Told


class Deaf:
    """Answers all alike."""

    async def answer(self, asked: Asked) -> Told:
        return Told(b'{"heard":false}')

    def watch(self):  # type: ignore[no-untyped-def]
        return Feed().watch()


class Replaced(Module):
    def configure(self, binder: Binder) -> None:
        binder.bind(AdminDesk, to=Deaf())


async def test_who_answers_is_replaced_in_one_line(tmp_path: Path) -> None:
    async with operating(written(tmp_path, ledger=False), Replaced()) as operated:
        assert await operated.get("anything") == {"heard": False}


async def test_it_listens_to_the_bus_of_its_house(tmp_path: Path) -> None:
    async with operating(written(tmp_path, ledger=False)) as operated:
        assert "admin" in operated.runtime.bus.failures()
        assert (await operated.get("reloads"))["reloads"][0]["previous"] is None
