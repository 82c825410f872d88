"""Images that a model made, in OpenAI's chat form, which has no place for them: as OpenRouter and others tell them.

Wire: OpenRouter documentation, "Image Generation" (``message.images``, ``delta.images``).
"""

from collections.abc import Sequence
from typing import Any

from tornado_gateway.domain.chat import Image, Part


def image_url(image: Image) -> str:
    """An address that holds the image itself, where the provider gave it and no address."""
    if image.data is None:
        return image.url or ""
    return f"data:{image.media_type or 'image/png'};base64,{image.data}"


def image_member(image: Image) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": image_url(image)}}


def images_of(parts: Sequence[Part]) -> list[dict[str, Any]]:
    return [image_member(part) for part in parts if isinstance(part, Image)]
