"""Coverage-guided: ``python -m tests.fuzz.guided TARGET [libFuzzer's options]``, where atheris is installed.

Targets are ``bodies`` (bytes through each dialect and each provider's translation) and ``files`` (bytes as a
gateway.yaml). A crash is written to a file of its own: what is in it belongs into the corpus or a test.
"""

import json
import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-not-found]

with atheris.instrument_imports(include=["tornado_gateway"]):
    from tests.pairs.outcomes import PAIRS, PROVIDERS
    from tornado_gateway.config.build import parse
    from tornado_gateway.config.problems import ConfigInvalid
    from tornado_gateway.domain.errors import GatewayError


def bodies(data: bytes) -> None:
    if not data:
        return
    pairs = PAIRS[data[0] % len(PAIRS)]
    try:
        call = pairs.dialect.decode_request(data[1:])
        chat = call.chat
    except GatewayError:
        return
    for encode in PROVIDERS.values():
        try:
            encode(chat, [])
        except GatewayError:
            continue


def files(data: bytes) -> None:
    try:
        parse(data, Path("gateway.yaml"), {})
    except ConfigInvalid:
        return


def seeds(name: str) -> list[bytes]:
    """Good ones to begin with."""
    if name == "files":
        return [
            Path("gateway.yaml").read_bytes(),
            *(path.read_bytes() for path in Path("tests/config/broken").iterdir()),
        ]
    return [
        bytes([number]) + json.dumps({**pairs.plain, **feature.body}).encode()
        for number, pairs in enumerate(PAIRS)
        for feature in pairs.features()
    ]


if __name__ == "__main__":
    name = sys.argv.pop(1)
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds(name)):
            (Path(folder) / str(number)).write_bytes(seed)
        atheris.Setup(
            [*sys.argv, f"-artifact_prefix={tempfile.gettempdir()}/", folder], {"bodies": bodies, "files": files}[name]
        )
        atheris.Fuzz()
