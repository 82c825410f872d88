from typing import Any

import pytest

from tornado_gateway.domain.chat import Audio, Document, Image
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.providers.gemini.media import audio_part, document_parts, image_part


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image(data="AA", media_type="image/jpg"), {"inlineData": {"mimeType": "image/jpeg", "data": "AA"}}),
        (Image(data="iVBORw0"), {"inlineData": {"mimeType": "image/png", "data": "iVBORw0"}}),
        (Image(data="AA"), {"inlineData": {"mimeType": "image/jpeg", "data": "AA"}}),
        (Image(url="https://x/y.PNG?a=b"), {"fileData": {"fileUri": "https://x/y.PNG?a=b", "mimeType": "image/png"}}),
        (Image(url="https://x/y"), {"fileData": {"fileUri": "https://x/y"}}),
        (Image(file_id="https://g/v1beta/files/a"), {"fileData": {"fileUri": "https://g/v1beta/files/a"}}),
    ],
)
def test_images(image: Image, expected: dict[str, Any]) -> None:
    assert image_part(image, "p") == expected


def test_sounds() -> None:
    assert audio_part(Audio(data="AA", format="mp3")) == {"inlineData": {"mimeType": "audio/mp3", "data": "AA"}}
    assert audio_part(Audio(data="AA", format="pcm16")) == {"inlineData": {"mimeType": "audio/pcm", "data": "AA"}}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (Document(text="words", context="from x"), [{"text": "Context: from x\n"}, {"text": "words"}]),
        (Document(data="JVBERi0"), [{"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0"}}]),
        (Document(data="AA", name="a.csv"), [{"inlineData": {"mimeType": "text/csv", "data": "AA"}}]),
        (Document(data="AA"), [{"inlineData": {"mimeType": "application/pdf", "data": "AA"}}]),
        (Document(data="AA", media_type="x/y"), [{"inlineData": {"mimeType": "x/y", "data": "AA"}}]),
        (Document(data="https://x/a"), [{"fileData": {"fileUri": "https://x/a"}}]),
        (
            Document(url="gs://b/a.pdf"),
            [{"fileData": {"fileUri": "gs://b/a.pdf", "mimeType": "application/pdf"}}],
        ),
    ],
)
def test_documents(document: Document, expected: list[dict[str, Any]]) -> None:
    assert document_parts(document, "p") == expected


@pytest.mark.parametrize("image", [Image(), Image(file_id="file-1"), Image(url="ftp://x/y")])
def test_what_gemini_can_t_read_is_refused_by_name(image: Image) -> None:
    with pytest.raises(InvalidRequest) as refused:
        image_part(image, "messages[0].content[1]")
    assert refused.value.param == "messages[0].content[1]"


def test_an_address_whose_host_is_malformed() -> None:
    with pytest.raises(InvalidRequest, match="p: this is no URL"):
        image_part(Image(url="https://x.examp]le/a.png"), "p")
