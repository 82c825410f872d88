"""The domain's messages as those of OpenAI chat completions, and a caller's own ones made fit for a vendor. Pure.

Wire: OpenAI API reference, "Create chat completion", ``messages``; the vendors' pages on reasoning for where a thought
is handed back.
"""

from collections.abc import Sequence
from typing import Any

from tornado_gateway.domain.chat import (
    Audio,
    CacheMarker,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.providers.openai.reasoning import FAMILY, details_of, thinking_chunk
from tornado_gateway.providers.openai.vendor import Vendor


class Messages:
    """Encodes the messages of one request for ``vendor``; ``dropped`` collects the names of hints left out."""

    def __init__(self, vendor: Vendor, dropped: list[str]) -> None:
        self._vendor = vendor
        self._dropped = dropped

    def of(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """Raises ``InvalidRequest`` for what OpenAI has no place for."""
        out: list[dict[str, Any]] = []
        shown: list[dict[str, Any]] = []
        for position, message in enumerate(messages):
            path = f"messages[{position}]"
            # A user turn of Anthropic's holds tool results beside text; here each result is a message of its own.
            results = [part for part in message.parts if isinstance(part, ToolResult)]
            rest = [part for part in message.parts if not isinstance(part, ToolResult)]
            out.extend(self._tool_result(result) for result in results)
            shown.extend(piece for result in results for piece in self._beside(result, path))
            if rest or not results:
                _show(out, shown)
                out.append(self._message(message, rest, path))
        _show(out, shown)
        return out

    def _message(self, message: Message, parts: Sequence[Part], path: str) -> dict[str, Any]:
        assistant = message.role == "assistant"
        document = self._assistant(parts) if assistant else self._plain(message, parts, path)
        if message.name is not None:
            self._name(document, message.name, path)
        return document

    def _name(self, document: dict[str, Any], name: str, path: str) -> None:
        if self._vendor.names:
            document["name"] = name
        else:
            self._drop(f"{path}.name")

    def _drop(self, name: str) -> None:
        if name not in self._dropped:
            self._dropped.append(name)

    def _plain(self, message: Message, parts: Sequence[Part], path: str) -> dict[str, Any]:
        role = "system" if message.role == "developer" and not self._vendor.developer else message.role
        return {"role": role, "content": self._content(parts, path)}

    def _content(self, parts: Sequence[Part], path: str) -> str | list[dict[str, Any]]:
        if len(parts) == 1 and isinstance(parts[0], Text) and not self._marker(parts[0].cache):
            return parts[0].text
        content: list[dict[str, Any]] = []
        for index, part in enumerate(parts):
            heading = part.heading if isinstance(part, Document) else ""
            if heading:
                content.append({"type": "text", "text": heading})
            content.append(self._part(part, f"{path}.content[{index}]"))
        return content

    def _part(self, part: Part, path: str) -> dict[str, Any]:
        document = _part(part, path)
        if isinstance(part, Document) and part.citations:
            self._drop(f"{path}.citations")
        return document | self._marker(part.cache) if isinstance(part, Text | Image | Document) else document

    def _marker(self, cache: CacheMarker | None) -> dict[str, Any]:
        """The member that says so, where there is one."""
        if cache is None:
            return {}
        if not self._vendor.cache_markers:
            self._drop("cache_control")
            return {}
        return {"cache_control": {"type": "ephemeral", **({"ttl": cache.ttl} if cache.ttl else {})}}

    def _texts(self, texts: Sequence[Text]) -> list[dict[str, Any]]:
        return [{"type": "text", "text": part.text, **self._marker(part.cache)} for part in texts]

    def _assistant(self, parts: Sequence[Part]) -> dict[str, Any]:
        texts = self._texts([part for part in parts if isinstance(part, Text)])
        refusals = [part.text for part in parts if isinstance(part, Refusal)]
        calls = [part for part in parts if isinstance(part, ToolCall)]
        if any(isinstance(part, Image) for part in parts):
            self._drop("images")  # another model's pictures: an assistant of this protocol has none
        document: dict[str, Any] = {"role": "assistant"}
        document["content"] = None
        if texts:
            document["content"] = texts if _are_marked(texts) else "".join(piece["text"] for piece in texts)
        self._thoughts(document, [part for part in parts if isinstance(part, Reasoning)])
        for part in parts:
            if isinstance(part, Opaque):
                document["audio"] = part.document["audio"]  # the one part that this protocol alone has
        if refusals:
            document["refusal"] = "".join(refusals)
        if any(call.cache is not None for call in calls):
            self._drop("cache_control")  # a call has no place for it
        if calls:
            document["tool_calls"] = [_tool_call(call) for call in calls]
        if document["content"] is None and not refusals and not calls and "audio" not in document:
            document["content"] = ""
        return document

    def _thoughts(self, document: dict[str, Any], thoughts: Sequence[Reasoning]) -> None:
        """Back to where they came from; another protocol's signature means nothing here."""
        own = [thought for thought in thoughts if thought.origin == FAMILY] if self._vendor.thoughts else []
        if len(own) < len(thoughts):
            self._drop("reasoning")
        text = "".join(thought.text for thought in own)
        if self._vendor.details:
            details = details_of(own)
            if details:
                document["reasoning_details"] = details
        if not text:
            return
        if self._vendor.thoughts == "content":
            said = [] if not document["content"] else [{"type": "text", "text": document["content"]}]
            document["content"] = [thinking_chunk(text), *said]
        elif self._vendor.thoughts is not None:
            document[self._vendor.thoughts] = text

    def _tool_result(self, result: ToolResult) -> dict[str, Any]:
        """Only text has a place in a result here."""
        texts = self._texts([part for part in result.content if isinstance(part, Text)])
        if result.is_error:
            self._drop("is_error")  # the text says so as well, or the model would not know either way
        marker = self._marker(result.cache)
        if texts:
            texts[-1] |= marker
        content = texts if len(texts) > 1 or _are_marked(texts) else "".join(piece["text"] for piece in texts)
        return {"role": "tool", "tool_call_id": result.call_id, "content": content}

    def _beside(self, result: ToolResult, path: str) -> list[dict[str, Any]]:
        """What a result holds beside text, as parts of a user's message behind the results."""
        rest = [part for part in result.content if not isinstance(part, Text)]
        shown = [self._part(part, f"{path}.content") for part in rest]
        return [{"type": "text", "text": f"Of the result of {result.call_id}:"}, *shown] if shown else []


def _are_marked(texts: Sequence[dict[str, Any]]) -> bool:
    return any("cache_control" in piece for piece in texts)


def _show(messages: list[dict[str, Any]], pieces: list[dict[str, Any]]) -> None:
    """Behind the last of the results: nothing may stand between them."""
    if pieces:
        messages.append({"role": "user", "content": list(pieces)})
        pieces.clear()


def _part(part: Part, path: str) -> dict[str, Any]:
    match part:
        case Text():
            return {"type": "text", "text": part.text}
        case Image():
            return _image(part, path)
        case Audio():
            return {"type": "input_audio", "input_audio": {"data": part.data, "format": part.format}}
        case Document():
            return _document(part, path)
        case _:
            raise InvalidRequest(f"{path}: OpenAI has no place for this part here.", param=path)


def _image(image: Image, path: str) -> dict[str, Any]:
    url = image.url
    if image.data is not None:
        url = f"data:{image.media_type or 'image/png'};base64,{image.data}"
    if url is None:
        raise InvalidRequest(f"{path}: an image by file id can't be sent to OpenAI chat completions.", param=path)
    image_url: dict[str, Any] = {"url": url}
    if image.detail is not None:
        image_url["detail"] = image.detail
    return {"type": "image_url", "image_url": image_url}


def _document(document: Document, path: str) -> dict[str, Any]:
    if document.text is not None:
        return {"type": "text", "text": document.text}
    if document.file_id is not None:
        return {"type": "file", "file": {"file_id": document.file_id}}
    if document.data is None:
        raise InvalidRequest(f"{path}: OpenAI chat completions take no document by URL.", param=path)
    data = f"data:{document.media_type or 'application/pdf'};base64,{document.data}"
    return {"type": "file", "file": {"filename": document.name or "document.pdf", "file_data": data}}


def _tool_call(call: ToolCall) -> dict[str, Any]:
    if call.custom:
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
