import dataclasses

import msgspec

from tests.reporting import BARE, HOUR, WHOLE
from tests.support import NOW
from tornado_gateway.domain.keys import GatewayKey, hash_of
from tornado_gateway.domain.principal import Principal
from tornado_gateway.reports.key_lists import of_file, of_store


def test_for_programs() -> None:
    document = msgspec.json.decode(msgspec.json.encode(of_store(WHOLE, NOW).document()))
    assert document["budget"] == {"amount": 2.5, "period": "month", "time_zone": "UTC"}
    assert document["limits"] == {"requests_per_minute": 60}
    assert (document["prefix"], document["expires"]) == ("sk-tgw-abcd", "2024-01-15T11:30:00+00:00")
    bare = of_store(BARE, NOW).document()
    assert {name for name, value in bare.items() if value is None} == {"owner", "models", "limits", "budget", "expires"}
    assert msgspec.json.encode([bare])


def test_whether_it_is_good() -> None:
    revoked = dataclasses.replace(WHOLE, revoked_at=NOW)
    assert [of_store(WHOLE, NOW).state, of_store(WHOLE, NOW + HOUR).state] == ["good", "expired"]
    assert of_store(revoked, NOW).state == "revoked"
    listed = [
        of_file(GatewayKey(Principal("a"), hash_of("k"), **members), NOW)  # type: ignore[arg-type]
        for members in ({}, {"disabled": True}, {"expires": NOW})
    ]
    assert [each.state for each in listed] == ["good", "disabled", "expired"]
    assert {(each.kept_in, each.prefix) for each in listed} == {("file", None)}


def test_no_hash_is_listed() -> None:
    shown = of_store(WHOLE, NOW)
    assert WHOLE.sha256 not in repr(shown) + repr(shown.document())
