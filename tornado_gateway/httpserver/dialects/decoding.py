"""Request bodies read strictly: every complaint names the field's path."""

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, TypeVar, get_args

import msgspec

from tornado_gateway.domain.chat import Effort
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.httpserver.dialects.nesting import MAX_DEPTH, too_deep

T = TypeVar("T")

ModelName = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
"""What a caller names. Wildcard routes take any name, which then stands in a header, in logs and in the ledger: as long
as the longest that providers have (resource names, some 200 letters) and no longer."""

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_AT_PATH = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>\$[^`]*|key in `?\$[^`]*)`)?$", re.DOTALL)
_IN_MAPPING = re.compile(r" - at `\$\.(\w+)\[\.\.\.\]")
_NAME_LIMIT = 64
_MEMBERS = 2048
_TYPE = re.compile(r"`([^`]*)`")
_MISSING = re.compile(r"missing required field `([^`]*)`")
_EFFORTS = frozenset(get_args(Effort))
_WORDS = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "array": "an array",
    "object": "an object",
    "null": "null",
}


def decode_fields(body: bytes) -> dict[str, msgspec.Raw]:
    """The body's members, unopened. Raises ``InvalidRequest`` for anything but a JSON object.

    Of a member that is there twice, the last one counts: for what the gateway decides and for what a provider is sent.
    """
    if too_deep(body):
        raise _nested()
    try:
        if not body.isascii():
            body.decode()  # members that are not opened would go on to a provider as they are
        return _fields.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidRequest("The body must be a JSON object.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"The body is not valid JSON: {error}.") from error
    except RecursionError as error:
        raise _nested() from error


def decode_as(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """The body as the decoder's type. Raises ``InvalidRequest`` with the field's path in message and ``param``."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _complaint(_named(str(error), decoder.type, body)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"The body is not valid JSON: {error}.") from error
    except RecursionError as error:
        raise _nested() from error


def open_fields(fields: dict[str, msgspec.Raw]) -> dict[str, Any]:
    """All members decoded. Raises ``InvalidRequest`` for what no value can hold: ``1e999``, text that is no UTF-8."""
    document: dict[str, Any] = {}
    for name, raw in fields.items():
        try:
            document[name] = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            what = _AT_PATH.sub(r"\g<what>", str(error))  # the path has no names: "$[...][0]"
            raise InvalidRequest(f"{name}: {what[:1].lower()}{what[1:]}.", param=name) from error
    return document


def beyond(
    document: dict[str, Any], read: Collection[str], neutral: Mapping[str, tuple[object, ...]]
) -> dict[str, Any]:
    """The members that nobody here has ``read``, but for those that ask for nothing: null, and the values of
    ``neutral``, which say what is so anyway."""
    return {
        name: value
        for name, value in document.items()
        if name not in read and value is not None and value not in neutral.get(name, ())
    }


def convert(value: object, kind: type[T], path: str) -> T:
    """A decoded value as ``kind``; complaints begin with ``path``."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _complaint(str(error), path) from error


def effort_of(value: str, path: str) -> Effort:
    """A reasoning effort that the domain knows; raises ``InvalidRequest`` naming ``path`` for any other word."""
    if value not in _EFFORTS:
        raise InvalidRequest(f"{path}: no such effort {value!r}.", param=path)
    return value  # type: ignore[return-value] # just checked


def _nested() -> InvalidRequest:
    return InvalidRequest(f"The body is nested deeper than {MAX_DEPTH} levels.")


def _named(text: str, kind: Any, body: bytes) -> str:
    """``text`` with the name of the mapping's member that it complains of, which msgspec leaves out. Not of a mapping
    that is longer than any may be: each member would have to be tried."""
    match = _IN_MAPPING.search(text)
    if match is None:
        return text
    (of_field,) = (field.type for field in msgspec.structs.fields(kind) if field.encode_name == match[1])
    members = msgspec.json.decode(body)[match[1]]
    for name, value in members.items() if len(members) <= _MEMBERS else ():
        try:
            msgspec.convert({name: value}, of_field)
        except msgspec.ValidationError:
            return text if "`" in name else text.replace("[...]", f".{name[:_NAME_LIMIT]}", 1)
    return text


def _complaint(text: str, prefix: str = "") -> InvalidRequest:
    match = _AT_PATH.match(text)
    what = match["what"] if match else text
    inner = (match["path"] or "$") if match else "$"
    path = (prefix + inner.removeprefix("$")).removeprefix(".")
    missing = _MISSING.search(what)
    if missing:
        path = f"{path}.{missing[1]}" if path else missing[1]
        return InvalidRequest(f"{path}: this field is required.", param=path)
    if not path:
        return InvalidRequest("The body must be a JSON object.")
    return InvalidRequest(f"{path}: {_in_words(what)}.", param=path)


def _in_words(what: str) -> str:
    def words(match: re.Match[str]) -> str:
        kinds = [_WORDS.get(kind.strip(), kind.strip()) for kind in match[1].split("|")]
        kinds = [kind for kind in kinds if kind != "null"] or kinds
        return " or ".join(kinds)

    if what.startswith("Expected `array` of length >= 1"):
        return "must not be empty"
    sentence = _TYPE.sub(words, what)
    return sentence[:1].lower() + sentence[1:]
