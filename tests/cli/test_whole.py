import argparse

import pytest

from tornado_gateway.cli.whole import whole


def test_a_number_within_its_bounds() -> None:
    read = whole(0, 65535, "port")
    assert [read(text) for text in ("0", "8080", " 65535")] == [0, 8080, 65535]


@pytest.mark.parametrize("text", ["", "x", "-1", "65536", "1.5", "²", "1_0", "9" * 5000])
def test_any_other_text_is_named_with_what_was_wanted(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no port from 0 to 65535") as refused:
        whole(0, 65535, "port")(text)
    assert len(str(refused.value)) < 120
