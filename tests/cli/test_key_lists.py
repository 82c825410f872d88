from pathlib import Path

from tests.reporting import BARE, WHOLE
from tests.support import NOW
from tornado_gateway.cli.key_lists import COLUMNS, cells, entry
from tornado_gateway.config.build import parse
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.domain.keys import GatewayKey, hash_of
from tornado_gateway.domain.principal import Principal
from tornado_gateway.reports.key_lists import of_file, of_store


def test_for_people() -> None:
    assert dict(zip((column.name for column in COLUMNS), cells(of_store(WHOLE, NOW)), strict=True)) == {
        "id": "team-a",
        "prefix": "sk-tgw-abcd...",
        "state": "good",
        "kept in": "store",
        "owner": "Ada",
        "models": "gpt-*, echo4",
        "limits": "requests_per_minute 60",
        "budget": "2.5/month",
        "tags": "team=a",
        "created": "2024-01-15 10:30",
        "expires": "2024-01-15 11:30",
    }
    assert cells(of_store(BARE, NOW)) == (
        "b",
        "sk-tgw-efgh...",
        "good",
        "store",
        "",
        "all",
        "",
        "",
        "",
        "2024-01-15 10:30",
        "",
    )
    assert cells(of_file(GatewayKey(Principal("a"), hash_of("k")), NOW))[1] == ""
    assert WHOLE.sha256 not in repr(cells(of_store(WHOLE, NOW)))


def test_an_entry_for_the_file_says_what_the_key_is() -> None:
    for key in (WHOLE, BARE):
        default = packaged_default().read_text()
        text = default.replace("auth:\n", "\n".join(entry(key)) + "\n").replace(
            "echo4: {provider: echo}", 'echo4: {provider: echo}\n  "gpt-*": {provider: echo, model: echo4}'
        )
        (listed,) = parse(text.encode(), Path("f"), {}).settings.auth.keys
        assert listed == key.as_key()
