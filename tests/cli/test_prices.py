import pytest

from tornado_gateway.__main__ import main


@pytest.mark.parametrize("words", [["prices"], ["prices", "sell"], ["prices", "import"], ["prices", "list", "a", "b"]])
def test_usage(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
