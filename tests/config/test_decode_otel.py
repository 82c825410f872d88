from decimal import Decimal

from tornado_gateway.config.decode_otel import otel
from tornado_gateway.config.model_otel import OtelSettings


def test_all_of_it() -> None:
    said = {
        "endpoint": "http://collector:4318/\n",
        "headers": {"authorization": "Bearer k\n"},
        "service_name": "gw",
        "traces": False,
        "metrics": False,
        "sample_ratio": Decimal("0.25"),
        "capture_content": True,
        "timeout": 3,
    }
    assert otel(said) == OtelSettings(
        "http://collector:4318", {"authorization": "Bearer k"}, "gw", False, False, 0.25, True, 3.0
    )


def test_what_is_not_said() -> None:
    assert otel({}) == OtelSettings()
    assert otel({"endpoint": " "}).endpoint is None
