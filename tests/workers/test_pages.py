import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tornado_gateway.workers.pages import HALF_BYTES, PAGE_BYTES, Page

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def descriptor() -> Iterator[int]:
    with tempfile.TemporaryFile() as file:
        yield file.fileno()


def test_nothing_is_there_until_something_is_written(descriptor: int) -> None:
    page, other = Page(descriptor, 0), Page(descriptor, PAGE_BYTES)
    assert page.read() is None
    page.write(b"")
    assert (page.read(), other.read()) == (b"", None)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(contents=st.lists(st.binary(max_size=2000), min_size=1, max_size=8))
def test_the_last_writing_is_read_by_whoever_has_the_file(descriptor: int, contents: list[bytes]) -> None:
    reader = Page(descriptor, PAGE_BYTES)
    writer = Page(descriptor, PAGE_BYTES)
    for content in contents:
        writer.write(content)
        assert reader.read() == content
    successor = Page(descriptor, PAGE_BYTES)
    successor.write(b"of a successor")
    assert reader.read() == b"of a successor"


class Killed(Exception):
    pass


@pytest.mark.parametrize("written", range(36))
def test_a_writer_who_is_killed_leaves_what_was_there_before(
    descriptor: int, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    page = Page(descriptor, 0)
    page.write(b"a" * 20)
    page.write(b"b" * 20)
    left = written
    write = os.pwrite

    def partly(file: int, data: bytes, at: int) -> int:
        nonlocal left
        done = write(file, data[:left], at)
        left -= done
        if done < len(data):
            raise Killed
        return done

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(os, "pwrite", partly)
        Page(descriptor, 0).write(b"c" * 20)
    assert page.read() == b"b" * 20
    Page(descriptor, 0).write(b"d" * 20)
    assert page.read() == b"d" * 20


def test_too_much_is_refused_and_changes_nothing(descriptor: int) -> None:
    page = Page(descriptor, 0)
    page.write(b"x")
    with pytest.raises(ValueError, match="no room"):
        page.write(bytes(HALF_BYTES))
    assert page.read() == b"x"


WRITE_ON = """
import sys
from tornado_gateway.workers.pages import Page
page, number = Page(int(sys.argv[1]), 0), 0
while True:
    number += 1
    page.write(number.to_bytes(4, "big") * 5000)
"""


def test_no_reader_ever_sees_half_of_two_writings(descriptor: int) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITE_ON, str(descriptor)], cwd=ROOT, pass_fds=[descriptor])
    try:
        page = Page(descriptor, 0)
        last, seen = 0, 0
        deadline = time.monotonic() + 20
        while seen < 300 or last < 300:
            assert time.monotonic() < deadline, (seen, last)
            content = page.read()
            if content is None:
                continue
            number = int.from_bytes(content[:4], "big")
            assert content == number.to_bytes(4, "big") * 5000
            assert number >= last
            last, seen = number, seen + 1
    finally:
        writer.kill()
        writer.wait()
