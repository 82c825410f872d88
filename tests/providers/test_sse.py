import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.providers import sse
from tornado_gateway.providers.sse import FrameSplitter, SSEDecoder, SSEEvent, parse_frame, split_frames, whole_frame

STREAM = 'data: {"a":"\u2028\u0085é"}\n\n: a comment\n\nevent: error\ndata: x\ndata: y\n\nid: 3\ndata:z\n\n'.encode()
EVENTS = [SSEEvent('{"a":"\u2028\u0085é"}'.encode()), SSEEvent(b"x\ny", "error"), SSEEvent(b"z")]


def decoded(stream: bytes, cuts: list[int]) -> list[SSEEvent]:
    decoder, events, start = SSEDecoder(), [], 0
    for cut in [*sorted(cuts), len(stream)]:
        events += decoder.decode(stream[start:cut])
        start = cut
    return events + decoder.flush()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@given(cuts=st.lists(st.integers(0, len(STREAM) * 2)))
def test_a_stream_cut_anywhere_decodes_to_the_same(end: bytes, cuts: list[int]) -> None:
    stream = STREAM.replace(b"\n", end)
    assert decoded(stream, [min(cut, len(stream)) for cut in cuts]) == EVENTS


@given(cuts=st.lists(st.integers(0, len(STREAM))))
def test_runs_are_whole_events_and_nothing_is_lost(cuts: list[int]) -> None:
    splitter, runs, start = FrameSplitter(), [], 0
    for cut in [*sorted(cuts), len(STREAM)]:
        run = splitter.decode(STREAM[start:cut])
        assert run == b"" or run.endswith(b"\n\n")
        runs.append(run)
        start = cut
    assert b"".join(runs) + splitter.flush() == STREAM


@pytest.mark.parametrize("cut", range(5))
def test_a_byte_order_mark_is_no_content(cut: int) -> None:
    assert decoded(b"\xef\xbb\xbf" + STREAM, [cut]) == EVENTS


def test_the_last_blank_line_may_be_missing() -> None:
    assert decoded(b"data: a\n\ndata: b", []) == [SSEEvent(b"a"), SSEEvent(b"b")]


def test_frames_keep_their_bytes() -> None:
    assert split_frames(STREAM) == [part + b"\n\n" for part in STREAM.split(b"\n\n")[:-1]]
    assert split_frames(b"data: a\r\n\r\ndata: b") == [b"data: a\r\n\r\n", b"data: b"]
    mixed = [b"data: a\r\n\r\n", b"data: b\n\n", b"data: c\r\r"]
    assert split_frames(b"".join(mixed)) == mixed
    assert [parse_frame(frame) for frame in mixed] == [SSEEvent(b"a"), SSEEvent(b"b"), SSEEvent(b"c")]
    assert parse_frame(b"data: a\rdata: b\r\n\r\n") == SSEEvent(b"a\nb")


def test_a_frame_of_comments_holds_no_event() -> None:
    assert parse_frame(b": OPENROUTER PROCESSING\n\n") is None
    assert parse_frame(b"\n") is None


def test_an_event_without_an_end_is_no_event_but_a_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 10)
    splitter = FrameSplitter()
    splitter.decode(b"data: 1234")
    with pytest.raises(UpstreamFailed):
        splitter.decode(b"5678")


def test_what_a_streams_end_left_behind() -> None:
    assert whole_frame(b'event: x\ndata: {"a":1}') == b'event: x\ndata: {"a":1}\n\n'
    assert whole_frame(b"data: [DONE]\n") == b"data: [DONE]\n\n\n"
    for half in (b"", b"event: x", b"event: x\ndata: ", b'data: {"a":', b"data: [DON", b"data: \xff"):
        assert whole_frame(half) == b""
