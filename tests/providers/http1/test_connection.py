"""One connection, its transport a recording: what comes is handed in as the loop would."""

import asyncio
import socket
from typing import Any

import httpx
import pytest

from tornado_gateway.providers.http1.answer import Answer
from tornado_gateway.providers.http1.connection import Connection

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
OK = HEAD + b"Content-Length: 2\r\n\r\n{}"


class Socket(asyncio.Transport):
    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.unsent = 0
        self.state = "open"
        self.reading = True
        self.options: list[tuple[int, int, int]] = []
        super().__init__({"socket": self})

    def setsockopt(self, *option: int) -> None:
        self.options.append(option)  # type: ignore[arg-type]

    def write(self, data: Any) -> None:
        self.written.append(data)

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self.state != "open"

    def is_reading(self) -> bool:
        return self.reading

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def close(self) -> None:
        self.state = "closed"

    def abort(self) -> None:
        self.state = "aborted"


class Line:
    """A connection and who keeps it."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.socket = Socket()
        self.connection = Connection(self)
        self.connection.connection_made(self.socket)

    def opened(self, _connection: Connection) -> None:
        self.heard.append("opened")

    def idle(self, _connection: Connection) -> None:
        self.heard.append("idle")

    def lost(self, _connection: Connection) -> None:
        self.heard.append("lost")

    def ask(self, silence: float | None = None) -> Answer:
        return self.connection.ask(b"GET / HTTP/1.1\r\n\r\n", b"", silence)

    def hears(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.connection.data_received(piece)


async def body(answer: Answer) -> bytes:
    await answer.headed()
    return b"".join([piece async for piece in answer])


async def test_one_exchange_after_the_other() -> None:
    line = Line()
    for _ in range(2):
        answer = line.ask()
        line.hears(OK)
        assert (answer.status, await body(answer)) == (200, b"{}")
        assert answer.headers == [(b"Content-Type", b"text/plain"), (b"Content-Length", b"2")]
        assert line.connection.usable
    assert line.heard == ["opened", "idle", "idle"]
    assert line.socket.options[0] == (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


async def test_an_answer_cut_anywhere_is_the_same() -> None:
    whole = HEAD + b"Transfer-Encoding: chunked\r\nX-A: b\r\n\r\n3\r\none\r\n2 \r\ntw\r\n0\r\nX-Trailer: c\r\n\r\n"
    for at in range(1, len(whole)):
        line = Line()
        answer = line.ask()
        line.hears(whole[:at], whole[at:])
        assert await body(answer) == b"onetw"
        assert [name for name, _ in answer.headers] == [b"Content-Type", b"Transfer-Encoding", b"X-A"]
        assert line.heard[-1] == "idle"


async def test_what_a_server_says_before_its_answer_is_passed_over() -> None:
    line = Line()
    answer = line.ask()
    line.hears(b"HTTP/1.1 100 Continue\r\nX-Early: a\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: b\r\n\r\n" + OK)
    assert (answer.status, await body(answer)) == (200, b"{}")
    assert b"X-Early" not in dict(answer.headers)
    assert line.heard[-1] == "idle"


async def test_a_body_that_ends_with_the_connection() -> None:
    line = Line()
    answer = line.ask()
    line.hears(HEAD + b"\r\n", b"on", b"e")
    assert not answer.ended
    line.connection.connection_lost(None)
    assert await body(answer) == b"one"
    assert line.heard == ["opened", "lost"]
    assert not line.connection.usable


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"", httpx.ReadError),
        (HEAD, httpx.ReadError),
        (HEAD + b"Content-Length: 3\r\n\r\non", httpx.ReadError),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n", httpx.ReadError),
    ],
)
async def test_one_that_ends_too_early(said: bytes, error: type[Exception]) -> None:
    line = Line()
    answer = line.ask()
    if said:
        line.hears(said)
    line.connection.connection_lost(None)
    with pytest.raises(error):
        await body(answer)


async def test_one_that_was_closed_before_it_was_asked() -> None:
    line = Line()
    line.connection.connection_lost(None)
    with pytest.raises(httpx.ReadError):
        await body(line.ask())


async def test_one_that_breaks_tells_why() -> None:
    line = Line()
    answer = line.ask()
    line.hears(HEAD + b"\r\n")
    line.connection.connection_lost(ConnectionResetError("reset"))
    with pytest.raises(ConnectionResetError, match="reset"):
        await body(answer)


@pytest.mark.parametrize(
    "said",
    [
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 600_000,
    ],
)
async def test_what_is_no_answer_ends_the_connection(said: bytes) -> None:
    line = Line()
    answer = line.ask()
    line.hears(said)
    with pytest.raises(httpx.RemoteProtocolError):
        await body(answer)
    assert line.socket.state == "aborted"
    assert "idle" not in line.heard


async def test_what_nobody_asked_for_ends_the_connection() -> None:
    line = Line()
    line.hears(OK)
    assert line.socket.state == "aborted"
    line = Line()
    answer = line.ask()
    line.hears(OK + OK)
    assert await body(answer) == b"{}"
    assert line.socket.state == "aborted"
    assert "idle" not in line.heard


async def test_an_empty_line_behind_an_answer_is_nothing() -> None:
    line = Line()
    answer = line.ask()
    line.hears(OK + b"\r\n")
    assert await body(answer) == b"{}"
    assert line.heard[-1] == "idle"
    answer = line.ask()
    line.hears(OK)
    assert await body(answer) == b"{}"


@pytest.mark.parametrize(
    "said",
    [
        HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}",
        OK.replace(b"HTTP/1.1", b"HTTP/1.0"),
        # The beginning of an answer that nobody asked for is not the next one's.
        OK + b"H",
        OK + b"HTTP/1.1 200 OK\r\nX: y",
        OK + b"\r\nHTTP/1.1 2",
    ],
)
async def test_one_that_can_not_serve_again(said: bytes) -> None:
    line = Line()
    answer = line.ask()
    line.hears(said)
    assert await body(answer) == b"{}"
    assert line.socket.state == "closed"
    assert "idle" not in line.heard


async def test_an_answer_before_all_was_sent_ends_the_connection() -> None:
    line = Line()
    answer = line.ask()
    line.socket.unsent = 1
    line.hears(OK)
    assert await body(answer) == b"{}"
    assert line.socket.state == "aborted"


async def test_a_large_body_is_not_copied_behind_its_head() -> None:
    line = Line()
    line.connection.ask(b"head", b"small", None)
    assert line.socket.written == [b"headsmall"]
    line = Line()
    large = bytes(100_000)
    line.connection.ask(b"head", large, None)
    assert line.socket.written[1] is large


async def test_a_slow_reader_holds_the_server_up_and_the_next_call_not() -> None:
    line = Line()
    answer = line.ask()
    line.hears(HEAD + b"Content-Length: 300000\r\n\r\n" + bytes(299_999))
    assert not line.socket.reading
    assert len(await anext(answer)) == 299_999
    assert line.socket.reading
    line.hears(b"a")
    line.ask()
    line.hears(HEAD + b"Content-Length: 300000\r\n\r\n" + bytes(300_000))
    assert line.heard[-1] == "idle"
    assert line.socket.reading


async def test_hanging_up_ends_what_is_still_coming() -> None:
    line = Line()
    answer = line.ask()
    line.hears(HEAD + b"\r\n")
    await answer.aclose()
    assert line.socket.state == "aborted"
    with pytest.raises(httpx.ReadError):
        await anext(answer)
    line.connection.connection_lost(None)
    line.connection.hang_up()
    assert line.heard == ["opened", "lost"]


async def test_silence_is_measured_from_the_last_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    now = loop.time()
    line = Line()
    answer = line.ask(10.0)
    (timer,) = _timers(line)
    monkeypatch.setattr(loop, "time", lambda: now + 8)
    line.hears(HEAD + b"\r\n")
    monkeypatch.setattr(loop, "time", lambda: now + 11)
    line.connection._look()
    assert not answer.ended
    assert _timers(line) != [timer]
    monkeypatch.setattr(loop, "time", lambda: now + 18.5)
    line.connection._look()
    with pytest.raises(httpx.ReadTimeout):
        await body(answer)
    assert line.socket.state == "aborted"
    monkeypatch.undo()


async def test_who_is_held_up_is_not_silent_and_nobody_is_between_two_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    now = loop.time()
    line = Line()
    answer = line.ask(10.0)
    line.hears(HEAD + b"Content-Length: 300000\r\n\r\n" + bytes(299_999))
    monkeypatch.setattr(loop, "time", lambda: now + 100)
    line.connection._look()
    assert not answer.ended
    await anext(answer)
    line.hears(b"a")
    monkeypatch.setattr(loop, "time", lambda: now + 1000)
    line.connection._look()
    assert line.connection.usable
    line.ask(5.0)
    assert _timers(line)[0].when() == now + 1005
    monkeypatch.undo()


async def test_a_shorter_silence_is_seen_in_time_after_a_longer_one() -> None:
    line = Line()
    line.ask(600.0)
    line.hears(OK)
    late = _timers(line)[0].when()
    line.ask(1.0)
    assert _timers(line)[0].when() < late - 500
    line.connection.connection_lost(None)


def _timers(line: Line) -> list[asyncio.TimerHandle]:
    watch = line.connection._watch
    return [] if watch is None else [watch]
