"""gateway.yaml for operators: as it is in force, as it is written, as it would be, and anew."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tornado_gateway.admin.documents import problem_at_the_beginning, told
from tornado_gateway.admin.effect import effect_of
from tornado_gateway.admin.guard import foreign_references, internal_addresses
from tornado_gateway.admin.masking import MaskedText, masked_document, masked_text, restored
from tornado_gateway.admin.parameters import Parameters
from tornado_gateway.admin.reading import LedgerReader
from tornado_gateway.admin.scalars import NotYaml
from tornado_gateway.admin.writing import write_file
from tornado_gateway.config.build import Loaded, parse, read_file
from tornado_gateway.config.diff import differences
from tornado_gateway.config.problems import ConfigInvalid, Problem
from tornado_gateway.config.reload import Reloader
from tornado_gateway.config.replacing import ChangedMeanwhile
from tornado_gateway.domain.admin_errors import AdminConflict, AdminWriteOff, RevisionMismatch, RevisionUnknown
from tornado_gateway.domain.administration import Asked, Told
from tornado_gateway.domain.ledger import Ledger
from tornado_gateway.domain.paths import key_path
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.snapshot import SnapshotHolder

_DAYS = 30
_MOST_DAYS = 366
_RELOAD_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Proposal:
    """A posted text with its secrets put back; ``loaded`` is None where something is wrong with it."""

    content: bytes = field(repr=False)
    problems: list[dict[str, Any]]
    loaded: Loaded | None = None


class Configuration:
    """Reads, parses and writes in threads."""

    def __init__(
        self,
        *,
        reloader: Reloader,
        snapshots: SnapshotHolder,
        environ: Mapping[str, str],
        reader: LedgerReader[Ledger],
        redact: Callable[[str], str],
        clock: Clock,
        worker: int | None,
    ) -> None:
        self._reloader = reloader
        self._snapshots = snapshots
        self._environ = environ
        self._reader = reader
        self._redact = redact
        self._clock = clock
        self._worker = worker
        self._writing = asyncio.Lock()

    async def shown(self, asked: Asked) -> Told:
        """The file in force, as a tree."""
        Parameters(asked, (), self._clock.now())
        loaded, source = self._reloader.loaded, self._reloader.loaded.source
        positions = {} if source is None else {**source.values, **source.keys}
        document = {
            **self._status(),
            "warnings": [each.document() for each in loaded.warnings],
            "document": None if source is None else await asyncio.to_thread(masked_document, source),
            "positions": {
                key_path(path): {"line": position.line, "column": position.column}
                for path, position in positions.items()
                if path
            },
        }
        return told(document)

    async def source(self, asked: Asked) -> Told:
        """The file on disk, which may not be in force: it may be bad, or new by less than a second."""
        Parameters(asked, (), self._clock.now())
        content = await self._content()
        if content is None:
            raise AdminConflict(f"{self._reloader.loaded.path} can't be read now.")
        text, problems, revision = await asyncio.to_thread(self._read, content)
        etag = _etag(content)
        document = {
            "path": str(self._reloader.loaded.path),
            "etag": etag,
            "revision": revision,
            "in_force": revision is not None and revision == self._reloader.status.revision,
            "text": text,
            "problems": problems,
            "writable": self._snapshots.current.admin.write,
        }
        return told(document, headers={"ETag": f'"{etag}"'})

    async def reload(self, asked: Asked) -> Told:
        """Reads the file now; 200 also where it is refused, which ``last_error`` says."""
        Parameters(asked, (), self._clock.now())
        await self._reload()
        return told({**self._status(), "ok": self._reloader.status.last_error is None})

    async def check(self, asked: Asked) -> Told:
        """What a text would change, and what is wrong with it. Nothing is written."""
        parameters = Parameters(asked, ("days", "effect"), self._clock.now())
        days = parameters.number("days", usual=_DAYS, most=_MOST_DAYS)
        effect = parameters.text("effect") is None or parameters.flag("effect")
        content = await self._content()
        proposal = await asyncio.to_thread(self._propose, asked.body, content)
        return told(await self._compared(proposal, days if effect else None))

    async def write(self, asked: Asked) -> Told:
        """Puts a text in the file's place, checked first. ``If-Match`` says which text it is to replace."""
        if not self._snapshots.current.admin.write:
            raise AdminWriteOff("gateway.yaml is not written from here: admin.write is off.")
        Parameters(asked, (), self._clock.now())
        if asked.match is None:
            raise RevisionUnknown(
                "Say which text is to be replaced: If-Match with the etag of /admin/api/config/source."
            )
        async with self._writing:
            content = await self._content()
            if content is None or asked.match.removeprefix("W/").strip('"') != _etag(content):
                raise RevisionMismatch("The file has changed since it was read: read it again.")
            proposal = await asyncio.to_thread(self._propose, asked.body, content)
            if proposal.loaded is None:
                message = "The file is not written: it has problems."
                error = {"message": message, "type": "invalid_request_error", "code": "config_invalid", "param": None}
                return told({"error": error, "problems": proposal.problems}, 400)
            compared = await self._compared(proposal, None)
            try:
                await asyncio.to_thread(write_file, self._reloader.loaded.path, content, proposal.content)
            except ChangedMeanwhile as changed:
                raise RevisionMismatch("The file has changed since it was read: read it again.") from changed
            except OSError as error:
                raise AdminConflict(f"The file can't be written: {error.strerror}.") from error
            await self._reload()
        etag = _etag(proposal.content)
        return told({**compared, "etag": etag, **self._status()}, headers={"ETag": f'"{etag}"'})

    async def _reload(self) -> None:
        try:
            async with asyncio.timeout(_RELOAD_SECONDS):
                await self._reloader.reload()
        except TimeoutError as late:
            raise AdminConflict("The file could not be read in time.") from late

    async def _content(self) -> bytes | None:
        try:
            return await asyncio.to_thread(read_file, self._reloader.loaded.path, again=True)
        except ConfigInvalid:
            return None

    async def _compared(self, proposal: _Proposal, days: int | None) -> dict[str, Any]:
        old, new = self._reloader.loaded, proposal.loaded
        document: dict[str, Any] = {
            "ok": new is not None,
            "revision": None if new is None else new.revision,
            "previous": old.revision,
            "problems": proposal.problems,
            "changes": [],
            "restart": [],
            "since": None,
            "effect": None,
            "no_effect": None,
        }
        if new is None:
            return document
        document["changes"] = differences(old.settings, new.settings)
        document["restart"] = self._reloader.needs_restart(new.settings)
        if days is not None:
            since = self._clock.now() - timedelta(days=days)
            document |= {"since": since, **await effect_of(self._reader, old, new, since)}
        return document

    def _propose(self, body: bytes, content: bytes | None) -> _Proposal:
        """In a thread. ``content`` is that of the file, None where there is none to be read."""
        path = self._reloader.loaded.path
        name = str(path)
        try:
            text = body.decode("utf-8-sig")
            current = "" if content is None else content.decode("utf-8-sig", "replace")
            put_back, odd = restored(text, self._masked(current), name)
            odd += foreign_references(put_back, current, name)
            if odd:
                return _Proposal(body, [each.document() for each in odd])
            made = put_back.encode()
            loaded = parse(made, path, self._environ)
            inside = self._inside(loaded)
            if inside:
                return _Proposal(made, [each.document() for each in inside])
            unfit = self._reloader.misfit(loaded)
            if unfit is not None:
                return _Proposal(made, [problem_at_the_beginning(unfit)])
            return _Proposal(made, [each.document() for each in loaded.warnings], loaded)
        except UnicodeDecodeError:
            return _Proposal(body, [problem_at_the_beginning("not UTF-8")])
        except NotYaml:
            return _Proposal(body, self._not_yaml(body))
        except ConfigInvalid as invalid:
            return _Proposal(body, [each.document() for each in invalid.problems])

    def _inside(self, loaded: Loaded) -> list[Problem]:
        return [] if loaded.source is None else list(internal_addresses(loaded.source, self._reloader.loaded.source))

    def _not_yaml(self, body: bytes) -> list[dict[str, Any]]:
        """Where the text is none: without the environment, of which nothing may show."""
        try:
            parse(body, self._reloader.loaded.path, {})
        except ConfigInvalid as invalid:
            return [each.document() for each in invalid.problems]
        return [problem_at_the_beginning("not YAML")]

    def _masked(self, text: str) -> MaskedText:
        try:
            return masked_text(text, self._redact)
        except NotYaml:
            return MaskedText("", {})

    def _read(self, content: bytes) -> tuple[str | None, list[dict[str, Any]], str | None]:
        """The text without secrets, its problems and its revision. No text where nobody can tell what is secret."""
        try:
            text: str | None = masked_text(content.decode("utf-8-sig"), self._redact).text
        except (NotYaml, UnicodeDecodeError):
            text = None
        try:
            loaded = parse(content, self._reloader.loaded.path, self._environ)
        except ConfigInvalid as invalid:
            return text, [each.document() for each in invalid.problems], None
        return text, [each.document() for each in loaded.warnings], loaded.revision

    def _status(self) -> dict[str, Any]:
        status = self._reloader.status
        return {
            "path": str(self._reloader.loaded.path),
            "revision": status.revision,
            "loaded_at": status.loaded_at,
            "last_error": status.last_error,
            "worker": self._worker,
        }


def _etag(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
