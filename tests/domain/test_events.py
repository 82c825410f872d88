import typing

import msgspec

from tests.support import NOW
from tornado_gateway.domain.context import UNKNOWN
from tornado_gateway.domain.events import AttemptFailed, ConfigReloaded, Event, RequestFinished, RequestStarted

WORDS_OF_THE_CALLERS = {"prompt", "messages", "content", "answer", "text", "key", "api_key", "authorization", "headers"}


def test_no_event_has_a_place_for_a_prompt_an_answer_or_a_key() -> None:
    for kind in typing.get_args(Event):
        names = {field.name for field in msgspec.structs.fields(kind)}
        assert not names & WORDS_OF_THE_CALLERS, kind


def test_an_attempts_label_is_unknown_unless_the_file_names_it() -> None:
    failed = AttemptFailed("req_1", "gpt-*", "openai", "gpt-x", 1, "upstream_failed", "no", will_retry=False)
    assert failed.model_label == UNKNOWN


def test_events_are_values() -> None:
    assert RequestStarted("a", "native", False) == RequestStarted("a", "native", False)
    assert ConfigReloaded("b", "a", NOW).notes == ()


def test_a_finished_call_can_be_written_down() -> None:
    event = RequestFinished(
        request_id="req_1",
        dialect="native",
        streaming=False,
        requested_model="gpt-4",
        route="gpt-4",
        provider="openai",
        model="gpt-4",
        model_label="gpt-4",
        status=200,
        error=None,
        attempts=1,
        usage=None,
        cost=None,
        duration=1.0,
        upstream=0.5,
        overhead=0.5,
        time_to_first_token=None,
        revision="aaaaaaaaaaaa",
        finished_at=NOW,
    )
    assert msgspec.json.decode(msgspec.json.encode(event), type=RequestFinished) == event
