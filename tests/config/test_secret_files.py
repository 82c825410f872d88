import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.config.secret_files import MAX_BYTES, SecretFiles, SecretUnreadable
from tornado_gateway.config.signatures import signature_of

SECRET = "sk-planted-in-a-file"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "openai"
    path.write_text(f"{SECRET}\n")
    return path


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"key", "key"),
        (b"key\n", "key"),
        (b"key\r\n", "key"),
        (b"key\n\n", "key\n"),
        (b"\nkey ", "\nkey "),
        (b"key\r", "key\r"),
        (b"", ""),
        (b"\n", ""),
        ("schlüssel\n".encode(), "schlüssel"),
        (b"x" * MAX_BYTES, "x" * MAX_BYTES),
    ],
)
def test_one_line_break_at_the_end_is_the_editors(file: Path, content: bytes, text: str) -> None:
    file.write_bytes(content)
    assert SecretFiles().read(str(file)) == text


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"\xff\xfe" + SECRET.encode(), "is not UTF-8"), (b"x" * (MAX_BYTES + 1), "is larger than 64 KiB")],
)
def test_what_is_no_small_text_is_refused_and_not_quoted(file: Path, content: bytes, complaint: str) -> None:
    file.write_bytes(content)
    with pytest.raises(SecretUnreadable) as refused:
        SecretFiles().read(str(file))
    assert str(refused.value) == complaint
    assert refused.value.__cause__ is None


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, complaint in (
        (tmp_path, "is a folder"),
        (pipe, "is no regular file"),
        ("/dev/null", "is no regular file"),
    ):
        with pytest.raises(SecretUnreadable, match=complaint):
            SecretFiles().read(str(path))
    with pytest.raises(SecretUnreadable, match="is no name of a file"):
        SecretFiles().read("a\0b")
    with pytest.raises(SecretUnreadable, match="can't be read: File name too long"):
        SecretFiles().read("x" * 5000)


def test_a_file_that_only_others_may_read(file: Path) -> None:
    file.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)  # for root no file is closed
    try:
        with pytest.raises(SecretUnreadable, match="can't be read: Permission denied"):
            SecretFiles().read(str(file))
    finally:
        if root:
            os.seteuid(0)


def test_a_link_that_leads_to_itself_is_told(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(SecretUnreadable, match="can't be read: Too many levels"):
        SecretFiles().read(str(loop))


def test_what_is_not_there_is_nothing_and_is_looked_for_all_the_same(tmp_path: Path, file: Path) -> None:
    files = SecretFiles()
    for path in (tmp_path / "no", file / "below-a-file"):
        assert files.read(str(path)) is None
    assert files.read(str(file)) == SECRET
    assert files.seen == {
        str(tmp_path / "no"): None,
        str(file / "below-a-file"): None,
        str(file): signature_of(file),
    }


def test_each_is_read_once(file: Path) -> None:
    files = SecretFiles()
    assert files.read(str(file)) == SECRET
    file.write_text("other")
    assert files.read(str(file)) == SECRET
    assert SecretFiles().read(str(file)) == "other"


def test_no_message_shows_what_one_holds(file: Path) -> None:
    file.write_text(f" {SECRET}, second\t\n")
    files = SecretFiles()
    text = files.read(str(file))
    assert text is not None
    for said in (text, repr(text), SECRET, "second", f"x{text.strip()}y"):
        hidden = files.hide(f"expected a number, not {said}")
        assert SECRET not in hidden
        assert "second" not in hidden
        assert f"(what {file} holds)" in hidden
    assert SECRET not in repr(files) + str(files)


def test_words_too_short_to_be_a_secret_are_left_alone(file: Path) -> None:
    file.write_text("1")
    files = SecretFiles()
    files.read(str(file))
    assert files.hide("must be at least 1, not 0.1") == "must be at least 1, not 0.1"


@given(st.text(min_size=4), st.text(), st.text())
def test_whatever_it_holds_is_hidden(secret: str, before: str, after: str) -> None:
    files = SecretFiles()
    files._texts["/f"] = secret
    assert secret not in files.hide(f"{before}{secret}{after}").replace("(what /f holds)", "\0")
