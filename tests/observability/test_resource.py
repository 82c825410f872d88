from tests.otlp import attributes
from tornado_gateway.observability.resource import resource


def test_who_sends() -> None:
    told = attributes(resource("gw", "i-1", {}))
    assert (told["service.name"], told["service.instance.id"]) == ("gw", "i-1")
    assert told["service.version"]


def test_the_environment_adds_and_does_not_replace() -> None:
    environ = {"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=p%20d, service.name=other,odd,=x"}
    told = attributes(resource("gw", "i-1", environ))
    assert (told["deployment.environment.name"], told["service.name"]) == ("p d", "gw")
    assert "odd" not in told and "" not in told
