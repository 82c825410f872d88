"""Pages of documentation, done as their reader would do them: what they show is what comes out.

Of a page's blocks, in their order:

- ``bash``: every line is run in the gateway's folder, ``curl``, ``cp`` and ``tornado-gateway`` without leaving this
  process. ``KEY=$(tornado-gateway keys new ...)`` keeps a key for later lines, and ``# exit code 1`` is expected where
  it is said. ``sh`` is for what a test can't do: make, docker, helm.
- ``json`` or no language, after commands: what the last of them must answer. Ids, times, hashes and line numbers may be
  others, and so may the width of a table; a line of ``...`` stands for any lines.
- ``yaml`` with ``model_list`` is LiteLLM's, and saved as config.yaml; any other is put into gateway.yaml, which must
  pass ``check`` and be live.
- ``json NAME`` and ``yaml NAME`` are saved under that name.
- ``python`` is run.
"""

import contextlib
import io
import json
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import yaml

from tornado_gateway.__main__ import main
from tornado_gateway.config.build import parse
from tornado_gateway.config.source import read

from .conftest import Gateway

_BLOCK = re.compile(r"^```(\w*)[ ]*([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_ADDRESS = "http://127.0.0.1:8080"
_CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?Z?)?)?"), "DATE"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "HASH"),
    (re.compile(r"\b(chatcmpl-)?[0-9a-f]{32}\b"), "ID"),
    (re.compile(r"\breq_[0-9a-f]{24}\b"), "ID"),
    (re.compile(r"revision [0-9a-f]{12}\b"), "revision REV"),
    (re.compile(r'"revision":"[0-9a-f]{12}"'), '"revision":"REV"'),
    (re.compile(r"sk-tgw-[\w-]+\.*"), "KEY"),
    (re.compile(r"(?<=yaml):\d+(:\d+)?|\bline \d+"), "LINE"),
    (re.compile(r'"line":\d+'), '"line":LINE'),
    (re.compile(r"genai-prices \d+\.\d+\.\d+"), "genai-prices VERSION"),
    (re.compile(r"─+"), "─"),
    (re.compile(r"[ \t]+"), " "),
)


@dataclass(frozen=True)
class Block:
    language: str
    name: str
    text: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text()
    for found in _BLOCK.finditer(text):
        yield Block(found[1], found[2].strip(), found[3], text.count("\n", 0, found.start()) + 1)


def shape(text: str) -> str:
    """``text`` without what differs from one run to the next."""
    for pattern, word in _CHANGING:
        text = pattern.sub(word, text)
    return "\n".join(line.strip() for line in text.strip().splitlines())


@dataclass
class Reader:
    """Reads pages with ``file`` before it, and a gateway of that file, which ``start`` starts where the page needs one.

    ``environ`` is that of the gateway and of the commands; what is written is written beside the file.
    """

    file: Path
    environ: dict[str, str]
    start: Callable[[], Gateway]
    variables: dict[str, str] = field(default_factory=dict)
    gateway: Gateway | None = None
    calls: int = 0
    answer: str = ""
    """What the last command or snippet had to say."""

    def follow(self, page: Path) -> None:
        """Raises ``AssertionError`` where the page says something else than what happens."""
        for block in blocks(page):
            where = f"{page.name}:{block.line}"
            if block.name:
                (self.file.parent / block.name).write_text(block.text)
            elif block.language == "bash":
                self._run(block.text, where)
            elif block.language == "python":
                self._exec(block.text)
            elif block.language == "yaml":
                self._configure(block.text, where)
            elif block.language in {"", "json"}:
                self._compare(block, where)
            else:
                assert block.language == "sh", f"{where}: {block.language} is run by nobody"

    def _run(self, text: str, where: str) -> None:
        for line in text.replace("\\\n", " ").splitlines():
            command, _, remark = line.partition(" # ")
            kept = re.fullmatch(r"(\w+)=\$\((.*)\)", command.strip())
            words = shlex.split(kept[2] if kept else command)
            words = [re.sub(r"\$(\w+)", lambda found: self.variables[found[1]], word) for word in words]
            if words[0] == "curl":
                self.answer = self._send(words)
            elif words[0] == "cp":
                shutil.copy(*(self.file.parent / word for word in words[1:]))
            elif words[0] == "tornado-gateway":
                code, self.answer, first = self._command(words[1:])
                assert code == int(remark.removeprefix("exit code ") or 0), f"{where}: {line}: {code}\n{self.answer}"
                if kept:
                    self.variables[kept[1]] = first
                    self._wait_for_key(first)
            else:
                raise AssertionError(f"{where}: {words[0]!r} is run by nobody: say sh")

    def _running(self) -> Gateway:
        if self.gateway is None:
            self.gateway = self.start()
        return self.gateway

    def _real(self, text: str) -> str:
        """``text`` with the address that the gateway has here."""
        return text.replace(_ADDRESS, self._running().url) if _ADDRESS in text else text

    def _wait_for_key(self, key: str) -> None:
        models, shown = self._real(f"{_ADDRESS}/v1/models"), {"Authorization": f"Bearer {key}"}
        self._running().wait_until(lambda: httpx.get(models, headers=shown).status_code == 200)

    def _send(self, words: list[str]) -> str:
        """What curl would print: curl itself need not be on the machine."""
        url = next(word for word in words if word.startswith("http"))
        headers = [words[index + 1].split(": ", 1) for index, word in enumerate(words) if word == "-H"]
        sent = dict(headers)
        url = self._real(url)
        if "-d" not in words:
            return httpx.get(url, headers=sent).text
        self.calls += 1
        answer = httpx.post(url, headers=sent, content=words[words.index("-d") + 1])
        if "-i" not in words:
            return answer.text
        lines = [f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        return "\n".join([*lines, "", answer.text])

    def _command(self, words: list[str]) -> tuple[int, str, str]:
        """Its exit code, what it says, and the first line of its standard output."""
        self._wait_for_the_ledger()
        out, complaints = io.StringIO(), io.StringIO()
        words = [self._real(word) for word in words]
        with self._at_home(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(complaints):
            code = main(words)
        said = out.getvalue() + complaints.getvalue()
        return code, said, out.getvalue().partition("\n")[0]

    def _wait_for_the_ledger(self) -> None:
        written = 'gateway_ledger_rows_total{outcome="written"}'
        if self.calls:
            gateway = self._running()
            gateway.wait_until(lambda: gateway.metric(written) >= self.calls)

    @contextlib.contextmanager
    def _at_home(self) -> Iterator[None]:
        before = dict(os.environ)
        os.environ.update(self.environ)
        try:
            with contextlib.chdir(self.file.parent):
                yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def _exec(self, snippet: str) -> None:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(self._real(snippet), "snippet", "exec"), {})
        self.calls += snippet.count("create(")
        self.answer = out.getvalue()

    def _configure(self, text: str, where: str) -> None:
        file = self.file
        if "model_list:" in text:
            (file.parent / "config.yaml").write_text(text)
            return
        document = merged(values(file.read_text()), values(text))
        content = yaml.dump(document, Dumper=_Dumper, default_flow_style=None, sort_keys=False, width=120)
        loaded = parse(content.encode(), file, {**os.environ, **self.environ})
        file.write_text(content)
        if self.gateway is not None:
            ready = f"{self.gateway.url}/health/ready"
            self.gateway.wait_until(lambda: httpx.get(ready).json()["config"]["revision"] == loaded.revision)

    def _compare(self, block: Block, where: str) -> None:
        if block.language == "json":
            given = json.loads(self.answer)
            assert shape(json.dumps(given)) == shape(json.dumps(json.loads(block.text))), where
            return
        shown = "(?:.*\n)*?".join(
            re.escape(part) for part in re.split(r"^\.\.\.\n", shape(block.text) + "\n", flags=re.M)
        )
        assert re.fullmatch(shown, shape(self.answer) + "\n"), f"{where}:\n{self.answer}"


class _Dumper(yaml.SafeDumper):
    """Prices keep their digits."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(Decimal, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:float", f"{value:f}"))
_Dumper.add_multi_representer(str, lambda dumper, value: dumper.represent_str(str(value)))


def values(text: str) -> Any:
    """YAML as the gateway reads it, its references left alone."""
    return read(text.replace("${", "$${"), "snippet", {}).value


def merged(old: Any, new: Any) -> Any:
    """``new`` over ``old``, mapping by mapping; a route or a provider is one thing, and a list is."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {**old, **{name: merged(old.get(name), value) for name, value in new.items()}}
