import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support import ScriptedProvider
from tornado_gateway.config.build import build, load
from tornado_gateway.config.reload import Reloader
from tornado_gateway.domain.events import ConfigRejected, ConfigReloaded
from tornado_gateway.domain.snapshot import SnapshotHolder

TEXT = """\
version: 1
server: {port: "${SERVER_PORT:-8080}"}
providers:
  echo: {kind: echo}
  openai: {kind: openai, api_key: "${OPENAI_API_KEY:-}"}
routes:
  echo4: {provider: echo}
  gpt-4: {provider: openai}
  gpt-4-turbo: {provider: openai}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    echo/echo4: {free: true}
    openai/gpt-4: {input: 0.03, output: 0.06}
    openai/gpt-4-turbo: {input: 0.01, output: 0.03}
"""


class Clock:
    def monotonic(self) -> float:
        raise AssertionError("nobody measures here")

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps here")


class Followed:
    """A reloader on a real file, and what it published."""

    def __init__(self, path: Path, workers: int = 1) -> None:
        self.path = path
        self.events: list[Any] = []
        loaded = load(path, {})
        self.snapshots = SnapshotHolder(build(loaded, make_provider=_provider, now=Clock().now))
        self.kept: list[bytes] = []
        self.reloader = Reloader(
            loaded,
            environ={},
            snapshots=self.snapshots,
            make_provider=_provider,
            publisher=self,
            clock=Clock(),
            keep=self.kept.append,
            workers=workers,
        )

    def publish(self, event: Any) -> None:
        self.events.append(event)

    def price(self) -> str:
        card = self.snapshots.current.prices.find("openai", "gpt-4")
        assert card is not None
        return str(card.input)

    async def until(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.005)


def _provider(settings: Any) -> Any:
    return ScriptedProvider(settings.name)


def priced(price: str) -> str:
    return TEXT.replace("input: 0.03,", f"input: {price},")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.yaml"
    path.write_text(TEXT)
    return path


async def following(path: Path, check: Callable[[Followed], Awaitable[None]], workers: int = 1) -> None:
    followed = Followed(path, workers)
    followed.reloader.start()
    try:
        await check(followed)
    finally:
        await followed.reloader.close()


async def test_an_edit_in_place_is_live_within_a_second(file: Path) -> None:
    async def check(followed: Followed) -> None:
        file.write_text(priced("0.04"))
        await followed.until(lambda: followed.price() == "0.04")
        (event,) = followed.events
        assert isinstance(event, ConfigReloaded)
        assert event.notes == ("price of openai/gpt-4: input 0.03 -> 0.04",)
        assert followed.reloader.status.revision == event.revision == followed.snapshots.current.revision
        took = []
        for price in ("0.05", "0.06", "0.07"):  # the quickest: others use this machine, too
            began = time.monotonic()
            file.write_text(priced(price))
            await followed.until(lambda price=price: followed.price() == price)  # type: ignore[misc]
            took.append(time.monotonic() - began)
        assert min(took) < 1

    await following(file, check)


async def test_an_atomic_rename(file: Path) -> None:
    async def check(followed: Followed) -> None:
        new = file.with_suffix(".new")
        new.write_text(priced("0.05"))
        new.rename(file)
        await followed.until(lambda: followed.price() == "0.05")

    await following(file, check)


async def test_kubernetes_swap_of_data(tmp_path: Path) -> None:
    def publish(version: str, text: str) -> None:
        folder = tmp_path / f"..{version}"
        folder.mkdir()
        (folder / "gateway.yaml").write_text(text)
        link = tmp_path / "..data_tmp"
        link.symlink_to(folder.name)
        link.rename(tmp_path / "..data")

    publish("2026_01", TEXT)
    file = tmp_path / "gateway.yaml"
    file.symlink_to("..data/gateway.yaml")

    async def check(followed: Followed) -> None:
        publish("2026_02", priced("0.06"))
        await followed.until(lambda: followed.price() == "0.06")
        publish("2026_03", priced("0.07"))
        await followed.until(lambda: followed.price() == "0.07")

    await following(file, check)


async def test_asked_to_it_reads_even_a_file_that_looks_the_same(file: Path) -> None:
    async def check(followed: Followed) -> None:
        times = file.stat()
        file.write_text(priced("0.04"))  # the same size, and below the same times
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        followed.reloader.reload_now()
        await followed.until(lambda: followed.price() == "0.04")

    await following(file, check)


async def test_a_bad_file_changes_nothing_and_a_good_one_clears_it(file: Path) -> None:
    async def check(followed: Followed) -> None:
        before = followed.snapshots.current
        file.write_text(priced("-1"))
        await followed.until(lambda: bool(followed.events))
        (event,) = followed.events
        assert isinstance(event, ConfigRejected)
        assert event.revision == before.revision
        assert "must be at least 0, not -1" in event.problems[0]
        assert followed.snapshots.current is before
        assert followed.reloader.status.last_error == event.problems
        file.write_text(TEXT)
        await followed.until(lambda: followed.reloader.status.last_error is None)
        assert followed.snapshots.current is before
        assert len(followed.events) == 1

    await following(file, check)


async def test_a_file_that_is_gone_is_reported_once(file: Path) -> None:
    async def check(followed: Followed) -> None:
        file.unlink()
        await followed.until(lambda: bool(followed.events))
        assert "can't be read" in followed.events[0].problems[0]
        file.write_text(priced("0.04"))
        await followed.until(lambda: followed.price() == "0.04")
        assert [type(event) for event in followed.events] == [ConfigRejected, ConfigReloaded]

    await following(file, check)


async def test_a_touch_and_a_comment_are_no_news(file: Path) -> None:
    async def check(followed: Followed) -> None:
        file.write_text(TEXT + "# a word\n")
        signature = followed.reloader._signature
        await followed.until(lambda: followed.reloader._signature != signature)
        assert followed.events == []

    await following(file, check)


async def test_a_price_that_stands_in_another_line_is_no_news_and_receipts_name_the_new_one(file: Path) -> None:
    def line(followed: Followed) -> int:
        card = followed.snapshots.current.prices.find("openai", "gpt-4")
        assert card is not None
        assert card.line is not None
        return card.line

    async def check(followed: Followed) -> None:
        before = line(followed)
        file.write_text("# a word\n" + TEXT)
        await followed.until(lambda: line(followed) == before + 1)
        assert followed.events == []
        assert followed.reloader.status.revision == followed.snapshots.current.revision

    await following(file, check)


async def test_half_a_file_is_not_read(file: Path) -> None:
    """A slow writer: all along the text is a good file with fewer routes and prices, until it rests."""

    async def check(followed: Followed) -> None:
        new = priced("0.04")
        head, tail = new.split("  gpt-4-turbo: {provider")[0], new.split("pricing:")[1]
        half = f"{head}pricing:{tail}".split("    openai/gpt-4-turbo")[0]
        loop = asyncio.get_running_loop()
        end = loop.time() + 0.5
        with file.open("w") as writer:
            writer.write(half)
            while loop.time() < end:
                writer.write("#")
                writer.flush()
                await asyncio.sleep(0.01)
            writer.seek(0)
            writer.write(new)
            writer.truncate()
        await followed.until(lambda: followed.price() == "0.04")
        assert len(followed.events) == 1
        assert followed.snapshots.current.routes.get("gpt-4-turbo") is not None

    await following(file, check)


async def test_the_same_half_is_taken_once_it_rests(file: Path) -> None:
    """Otherwise the test above would prove nothing."""

    async def check(followed: Followed) -> None:
        new = priced("0.04")
        head, tail = new.split("  gpt-4-turbo: {provider")[0], new.split("pricing:")[1]
        file.write_text(f"{head}pricing:{tail}".split("    openai/gpt-4-turbo")[0])
        await followed.until(lambda: followed.price() == "0.04")
        assert followed.snapshots.current.routes.get("gpt-4-turbo") is None

    await following(file, check)


async def test_a_change_between_loading_and_following_is_seen(file: Path) -> None:
    followed = Followed(file)
    times = file.stat()
    file.write_text(priced("0.08"))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    followed.reloader.start()
    try:
        await followed.until(lambda: followed.price() == "0.08")
    finally:
        await followed.reloader.close()


async def test_a_change_in_the_tick_of_a_signal_is_seen(file: Path) -> None:
    async def check(followed: Followed) -> None:
        file.write_text(priced("0.04"))
        times = file.stat()
        followed.reloader.reload_now()
        await followed.until(lambda: followed.price() == "0.04")
        file.write_text(priced("0.05"))
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        await followed.until(lambda: followed.price() == "0.05")

    await following(file, check)


async def test_the_same_bad_content_is_said_once_and_again_when_asked(file: Path) -> None:
    async def check(followed: Followed) -> None:
        file.write_text(priced("-1"))
        await followed.until(lambda: len(followed.events) == 1)
        signature = followed.reloader._signature
        os.utime(file, ns=(1, 1))
        await followed.until(lambda: followed.reloader._signature != signature)
        assert len(followed.events) == 1
        followed.reloader.reload_now()
        await followed.until(lambda: len(followed.events) == 2)
        assert followed.events[0].problems == followed.events[1].problems

    await following(file, check)


@pytest.mark.parametrize("content", [b"a: " + b"[" * 500, b"\xff", b"version: " + b"1" * 5000, b"a: &a [*a]", b"\x00"])
async def test_no_content_ends_the_following(file: Path, content: bytes) -> None:
    async def check(followed: Followed) -> None:
        file.write_bytes(content)
        await followed.until(lambda: bool(followed.events))
        file.write_text(priced("0.04"))
        await followed.until(lambda: followed.price() == "0.04")
        assert [type(event) for event in followed.events] == [ConfigRejected, ConfigReloaded]

    await following(file, check)


async def test_what_can_not_be_built_is_refused_and_the_following_goes_on(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check(followed: Followed) -> None:
        before = followed.snapshots.current

        def fail(settings: Any) -> Any:
            raise KeyError("sk-planted")

        with monkeypatch.context() as patched:
            patched.setattr(followed.reloader, "_make_provider", fail)
            file.write_text(priced("0.04"))
            await followed.until(lambda: bool(followed.events))
        assert followed.events[0].problems == (f"{file}: can't be put in force: KeyError",)
        assert followed.snapshots.current is before
        assert followed.reloader.status.last_error == followed.events[0].problems
        file.write_text(priced("0.05"))
        await followed.until(lambda: followed.price() == "0.05")
        assert followed.reloader.status.last_error is None

    await following(file, check)


async def test_what_needs_a_restart_is_said(file: Path) -> None:
    async def check(followed: Followed) -> None:
        file.write_text(TEXT.replace("SERVER_PORT:-8080", "SERVER_PORT:-8081"))
        await followed.until(lambda: bool(followed.events))
        assert "server.port needs a restart" in followed.events[0].notes
        file.write_text(TEXT.replace("SERVER_PORT:-8080", "SERVER_PORT:-8081").replace("0.03", "0.04"))
        await followed.until(lambda: len(followed.events) == 2)
        assert "server.port needs a restart" in followed.events[1].notes
        file.write_text(TEXT)  # as it was when it started
        await followed.until(lambda: len(followed.events) == 3)
        assert not any("restart" in note for note in followed.events[2].notes)

    await following(file, check)


async def test_limits_that_each_of_several_would_count_for_itself_are_refused(file: Path) -> None:
    async def check(followed: Followed) -> None:
        before = followed.reloader.status.revision
        file.write_text(TEXT + "limits: {concurrent: 5}\n")
        await followed.until(lambda: bool(followed.events))
        (event,) = followed.events
        assert isinstance(event, ConfigRejected)
        assert "each of 2 workers would count" in event.problems[0]
        status = followed.reloader.status
        assert (status.revision, status.last_error) == (before, event.problems)
        assert followed.snapshots.current.quotas is None

    await following(file, check, workers=2)


async def test_two_hundred_reloads_leave_one_revision_alive(file: Path) -> None:
    async def check(followed: Followed) -> None:
        for turn in range(200):
            file.write_text(priced(f"0.0{turn + 100}"))
            followed.reloader.reload_now()
            await followed.until(lambda turn=turn: followed.price() == f"0.0{turn + 100}", 5.0)  # type: ignore[misc]
        assert followed.snapshots.revisions == 1
        assert len(followed.events) == 200

    await following(file, check)


def keyed(path: Path) -> str:
    """The default file with OpenAI's key from a file of its own."""
    return TEXT.replace("${OPENAI_API_KEY:-}", f"${{file:{path}}}")


@pytest.fixture
def secret(tmp_path: Path, file: Path) -> Path:
    path = tmp_path / "openai"
    path.write_text("sk-planted-1\n")
    file.write_text(keyed(path))
    return path


async def test_a_rotated_secret_is_live_within_a_second_and_shown_nowhere(file: Path, secret: Path) -> None:
    async def check(followed: Followed) -> None:
        revisions = [followed.snapshots.current.revision]
        for number, write in enumerate((_in_place, _by_rename)):
            write(secret, f"sk-planted-{number + 2}")
            await followed.until(lambda: followed.snapshots.current.revision != revisions[-1])
            revisions.append(followed.snapshots.current.revision)
            assert followed.reloader._loaded.settings.providers[1].api_key == f"sk-planted-{number + 2}"
        assert [event.notes for event in followed.events] == [("provider openai: api_key changed",)] * 2
        assert len(set(revisions)) == 3
        assert "sk-planted" not in repr(followed.events) + repr(followed.reloader.status)

    await following(file, check)


def _in_place(path: Path, text: str) -> None:
    path.write_text(text)


def _by_rename(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text)
    new.rename(path)


async def test_kubernetes_swap_of_a_secrets_volume(file: Path, tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()

    def publish(version: str, text: str) -> None:
        folder = volume / f"..{version}"
        folder.mkdir()
        (folder / "openai").write_text(text)
        link = volume / "..data_tmp"
        link.symlink_to(folder.name)
        link.rename(volume / "..data")

    publish("2026_01", "sk-planted-1")
    (volume / "openai").symlink_to("..data/openai")
    file.write_text(keyed(volume / "openai"))

    async def check(followed: Followed) -> None:
        for version in ("2", "3"):
            before = followed.snapshots.current.revision
            publish(f"2026_0{version}", f"sk-planted-{version}")
            await followed.until(lambda before=before: followed.snapshots.current.revision != before)  # type: ignore[misc]
            assert followed.reloader._loaded.settings.providers[1].api_key == f"sk-planted-{version}"

    await following(file, check)


async def test_a_secret_that_is_gone_or_garbled_changes_nothing_until_it_is_good_again(
    file: Path, secret: Path
) -> None:
    async def check(followed: Followed) -> None:
        before = followed.snapshots.current
        secret.unlink()
        await followed.until(lambda: len(followed.events) == 1)
        secret.write_bytes(b"\xffsk-planted")
        await followed.until(lambda: len(followed.events) == 2)
        before_it = keyed(secret).partition(f'"${{file:{secret}}}"')[0].split("\n")
        place = f"{file}:{len(before_it)}:{len(before_it[-1]) + 1}: providers.openai.api_key: "
        assert [event.problems for event in followed.events] == [
            (f"{place}there is no file '{secret}'",),
            (f"{place}the file '{secret}' is not UTF-8",),
        ]
        assert followed.reloader.status.last_error == followed.events[1].problems
        assert followed.snapshots.current is before
        secret.write_text("sk-planted-2")
        await followed.until(lambda: followed.snapshots.current is not before)
        assert followed.reloader.status.last_error is None

    await following(file, check)


async def test_a_secret_that_comes_later_is_waited_for(file: Path, tmp_path: Path) -> None:
    later = tmp_path / "mounted" / "later"
    file.write_text(TEXT.replace("${OPENAI_API_KEY:-}", f"${{file:{later}:-}}"))

    async def check(followed: Followed) -> None:
        before = followed.snapshots.current.revision
        await followed.until(lambda: len(followed.reloader._signature) == 2)
        later.parent.mkdir()
        later.write_text("sk-planted")
        await followed.until(lambda: followed.snapshots.current.revision != before)
        assert followed.reloader._loaded.settings.providers[1].api_key == "sk-planted"

    await following(file, check)


async def test_files_that_are_no_longer_named_are_no_longer_looked_at(file: Path, secret: Path) -> None:
    async def check(followed: Followed) -> None:
        await followed.until(lambda: len(followed.reloader._signature) == 2)
        file.write_text(priced("0.04"))
        await followed.until(lambda: followed.price() == "0.04")
        await followed.until(lambda: len(followed.reloader._signature) == 1)

    await following(file, check)


async def test_only_what_is_in_force_is_kept(file: Path) -> None:
    async def check(followed: Followed) -> None:
        await followed.until(lambda: followed.kept == [TEXT.encode()])
        file.write_text(priced("-1"))
        await followed.until(lambda: followed.reloader.status.last_error is not None)
        file.write_text(priced("0.04"))
        await followed.until(lambda: followed.price() == "0.04")
        assert followed.kept == [TEXT.encode(), priced("0.04").encode()]

    await following(file, check)


async def test_who_asks_is_told_what_came_of_it(file: Path) -> None:
    async def check(followed: Followed) -> None:
        before = followed.reloader.loaded.revision
        file.write_text(priced("0.05"))
        good = await followed.reloader.reload()
        assert (followed.price(), good.last_error) == ("0.05", None)
        assert good.revision == followed.reloader.loaded.revision != before
        file.write_text("version: 2")
        bad = await followed.reloader.reload()
        assert bad.revision == good.revision
        assert bad.last_error is not None

    await following(file, check)


async def test_a_pipe_in_the_files_place_is_refused_and_waited_for_by_nobody(file: Path) -> None:
    async def check(followed: Followed) -> None:
        file.unlink()
        os.mkfifo(file)
        await followed.until(lambda: bool(followed.events))
        assert "it is no regular file" in followed.events[0].problems[0]
        file.unlink()
        file.write_text(priced("0.04"))
        await followed.until(lambda: followed.price() == "0.04")

    await following(file, check)


async def test_a_file_that_came_through_a_pipe_is_not_looked_at_again_unasked(file: Path, tmp_path: Path) -> None:
    followed = Followed(file)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    followed.reloader._loaded = replace(followed.reloader.loaded, path=pipe)
    followed.reloader.start()
    await asyncio.sleep(0.3)
    assert (followed.events, followed.reloader.status.last_error) == ([], None)
    assert "no regular file" in str((await followed.reloader.reload()).last_error)
    await followed.reloader.close()
