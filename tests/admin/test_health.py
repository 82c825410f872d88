from tests.support import FakeClock, finished
from tornado_gateway.admin.health import WINDOW, HealthBook, percentiles
from tornado_gateway.domain.events import AttemptFailed

KEY = ("openai", "gpt-4")


def failure() -> AttemptFailed:
    return AttemptFailed("req_1", "gpt-4", "openai", "gpt-4", 1, "upstream_failed", "no", False, "gpt-4")


def test_calls_failures_and_times() -> None:
    book = HealthBook(FakeClock())
    book.failed(failure())
    for seconds in (0.1, 0.2, 0.4):
        book.finished(finished(upstream=seconds))
    found = book.of([KEY, ("nobody", "gpt-4")])
    assert (found["calls"], found["failed"], found["error_ratio"]) == (4, 1, 0.25)
    assert found["latency"] == {"count": 3, "p50": 0.2, "p95": 0.4, "p99": 0.4}
    assert book.labels("openai") == ["gpt-4"]
    assert book.overall()["overhead"]["p50"] == 0.1


def test_a_failed_call_is_counted_once_and_a_hit_not_at_all() -> None:
    book = HealthBook(FakeClock())
    book.failed(failure())
    book.finished(finished(status=502))
    book.finished(finished(cache="hit"))
    assert (book.of([KEY])["calls"], book.of([KEY])["failed"]) == (1, 1)
    assert book.overall()["duration"]["count"] == 2


def test_what_is_long_ago_is_forgotten() -> None:
    clock = FakeClock()
    book = HealthBook(clock)
    book.failed(failure())
    clock.time += WINDOW + 30
    assert book.of([KEY])["calls"] == 0
    assert book.of([KEY])["error_ratio"] is None
    book.finished(finished())
    assert book.of([KEY])["calls"] == 1


def test_names_that_have_no_end_do_not_fill_the_memory() -> None:
    book = HealthBook(FakeClock())
    for index in range(5000):
        book.finished(finished(model_label=str(index)))
    assert len(book.labels("openai")) < 4097


def test_percentiles_of_nothing() -> None:
    assert percentiles([]) == {"count": 0, "p50": None, "p95": None, "p99": None}
