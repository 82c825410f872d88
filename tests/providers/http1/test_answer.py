import asyncio

import pytest

from tornado_gateway.providers.http1.answer import Answer


class Line:
    """An answer and what it says to its line."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.answer = Answer(self)

    def pause(self) -> None:
        self.said.append("pause")

    def resume(self) -> None:
        self.said.append("resume")

    def hang_up(self) -> None:
        self.said.append("hang up")


async def test_an_item_is_all_that_has_come_since() -> None:
    answer = Line().answer
    answer.feed(b"a")
    answer.feed(b"b")
    assert await anext(answer) == b"ab"
    waiting = asyncio.ensure_future(anext(answer))
    await asyncio.sleep(0)
    answer.feed(b"c")
    assert await waiting == b"c"
    answer.feed(b"d")
    answer.end()
    assert not answer.empty
    assert [piece async for piece in answer] == [b"d"]
    assert answer.empty


async def test_what_it_ended_with_comes_after_all_that_was_said_and_again_for_who_asks_again() -> None:
    answer = Line().answer
    answer.begin(200)
    answer.feed(b"a")
    answer.end(ConnectionResetError("gone"))
    answer.end()
    await answer.headed()
    assert await anext(answer) == b"a"
    for _ in range(2):
        with pytest.raises(ConnectionResetError, match="gone"):
            await anext(answer)


async def test_whoever_waits_for_the_head_hears_of_an_end_without_one() -> None:
    answer = Line().answer
    waiting = asyncio.ensure_future(answer.headed())
    await asyncio.sleep(0)
    answer.end(TimeoutError("slow"))
    with pytest.raises(TimeoutError, match="slow"):
        await waiting


async def test_a_reader_that_gave_up_does_not_disturb_the_next() -> None:
    answer = Line().answer
    waiting = asyncio.ensure_future(anext(answer))
    await asyncio.sleep(0)
    waiting.cancel()
    answer.feed(b"a")
    await asyncio.wait({waiting})
    assert waiting.cancelled()
    assert await anext(answer) == b"a"


async def test_a_slow_reader_makes_the_connection_wait_once() -> None:
    line = Line()
    for _ in range(3):
        line.answer.feed(bytes(200_000))
    assert line.said == ["pause"]
    assert len(await anext(line.answer)) == 600_000
    assert line.said == ["pause", "resume"]
    line.answer.feed(b"a")
    await anext(line.answer)
    assert line.said == ["pause", "resume"]


async def test_a_connection_that_has_gone_on_to_another_answer_is_left_alone() -> None:
    line = Line()
    line.answer.feed(bytes(300_000))
    line.answer.end()
    await anext(line.answer)
    await line.answer.aclose()
    assert line.said == ["pause"]


async def test_leaving_before_the_end_hangs_up() -> None:
    line = Line()
    line.answer.feed(b"a")
    await line.answer.aclose()
    assert line.said == ["hang up"]
