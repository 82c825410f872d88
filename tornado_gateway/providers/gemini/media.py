"""Pictures, sound and documents as parts of Gemini's contents. Pure.

Wire: Gemini API reference, "Part" (``inlineData``, ``fileData``), and its pages on images, audio and documents.
"""

from typing import Any
from urllib.parse import urlsplit

from tornado_gateway.domain.chat import Audio, Document, Image
from tornado_gateway.domain.errors import InvalidRequest

Part = dict[str, Any]

_MAGIC = {
    "/9j/": "image/jpeg",
    "iVBOR": "image/png",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
    "JVBERi": "application/pdf",
}
"""How the base64 of each begins."""

_ENDINGS = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "heic": "image/heic",
    "heif": "image/heif",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "html": "text/html",
    "json": "application/json",
}

_SOUNDS = {"pcm16": "audio/pcm", "mpeg": "audio/mp3", "x-wav": "audio/wav"}
"""Where ``audio/`` before the format's name is not the type's name."""

_READABLE = ("https://", "http://", "gs://")
"""How the addresses begin that this API reads by itself, those of its own files among them."""


def image_part(image: Image, path: str) -> Part:
    if image.data is not None:
        media_type = image.media_type or sniffed(image.data) or "image/jpeg"
        return inline("image/jpeg" if media_type == "image/jpg" else media_type, image.data)
    return _linked(image.url, image.file_id, image.media_type, path)


def audio_part(audio: Audio) -> Part:
    return inline(_SOUNDS.get(audio.format, f"audio/{audio.format}"), audio.data)


def document_parts(document: Document, path: str) -> list[Part]:
    """The document, and before it what the caller says of it."""
    told = [{"text": document.heading}] if document.heading else []
    if document.text is not None:
        return [*told, {"text": document.text}]
    if document.data is None or document.data.startswith(_READABLE):
        # Some callers of chat completions give an address where the data belong.
        return [*told, _linked(document.data or document.url, document.file_id, document.media_type, path)]
    media_type = document.media_type or sniffed(document.data) or _by_ending(document.name) or "application/pdf"
    return [*told, inline(media_type, document.data)]


def inline(media_type: str, data: str) -> Part:
    return {"inlineData": {"mimeType": media_type, "data": data}}


def sniffed(data: str) -> str | None:
    return next((kind for start, kind in _MAGIC.items() if data.startswith(start)), None)


def _linked(url: str | None, file_id: str | None, media_type: str | None, path: str) -> Part:
    # The ids of this API's own files are addresses.
    address = url if url is not None else file_id
    if address is None:
        raise InvalidRequest(f"{path}: expected a URL, data or a file id.", param=path)
    if not address.startswith(_READABLE):
        what = "a file id of another provider" if url is None else "a URL of this kind"
        raise InvalidRequest(f"{path}: {what} means nothing to Gemini.", param=path)
    file: dict[str, Any] = {"fileUri": address}
    try:
        kind = media_type or _by_ending(urlsplit(address).path)
    except ValueError as error:  # its host is malformed
        raise InvalidRequest(f"{path}: this is no URL.", param=path) from error
    if kind is not None:
        file["mimeType"] = kind
    return {"fileData": file}


def _by_ending(name: str | None) -> str | None:
    return _ENDINGS.get((name or "").rpartition(".")[2].lower())
