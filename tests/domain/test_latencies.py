from tornado_gateway.domain.latencies import Latencies


def test_too_few_say_nothing() -> None:
    latencies = Latencies()
    for _ in range(9):
        latencies.add("a", 1.0)
    assert latencies.percentile("a", 0.5) is None
    assert latencies.percentile("b", 0.5) is None
    latencies.add("a", 1.0)
    assert latencies.percentile("a", 0.5) == 1.0


def test_percentiles_of_the_last_ones() -> None:
    latencies = Latencies()
    for number in range(1000):
        latencies.add("a", 1000.0 if number < 800 else float(number % 128))
    assert latencies.percentile("a", 0.5) == 64.0
    assert latencies.percentile("a", 0.95) == 121.0


def test_what_was_worked_out_is_kept_for_a_while() -> None:
    latencies = Latencies()
    for _ in range(20):
        latencies.add("a", 1.0)
    assert latencies.percentile("a", 0.9) == 1.0
    for _ in range(15):
        latencies.add("a", 9.0)
    assert latencies.percentile("a", 0.9) == 1.0
    latencies.add("a", 9.0)
    assert latencies.percentile("a", 0.9) == 9.0
