"""An entry of ``model_list``: who serves a name, where, with which key and at what price. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from tornado_gateway.cli.litellm.cards import Card, card_of
from tornado_gateway.cli.litellm.document import Part, is_reference, is_whole, positive, said, variable
from tornado_gateway.cli.litellm.vendors import Vendor, vendor_of

_ENDS = ("/chat/completions", "/v1/messages", "/messages")
"""What some people leave at the end of an address."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """``provider`` is its entry under ``providers``, but for a key that stands in LiteLLM's file: ``secret``."""

    group: str
    part: Part
    label: str
    provider: Mapping[str, Any]
    model: str
    card: Card | None
    priced_as: str
    """The model's name in price lists."""
    weight: Decimal | None
    order: int | None
    secret: str | None = field(repr=False)


def deployments(entries: list[Part], defaults: Mapping[str, Any]) -> Iterator[Deployment]:
    """Those that have a counterpart; ``defaults`` are what every provider has that says nothing else."""
    for entry in entries:
        found = _deployment(entry, defaults)
        if found is not None:
            yield found


def _deployment(entry: Part, defaults: Mapping[str, Any]) -> Deployment | None:
    group = entry.take("model_name")
    params, info = entry.part("litellm_params"), entry.part("model_info")
    model = params.take("model")
    if not isinstance(group, str) or not isinstance(model, str):
        entry.note("has no model_name or no litellm_params.model: left out")
        return None
    if not group or len(group.split()) != 1 or "*" in group[:-1]:
        entry.note("a route's name has no blanks, and one * at its end at most: left out", "model_name")
        return None
    custom = params.take("custom_llm_provider")
    vendor, name, called = vendor_of(model, custom if isinstance(custom, str) else None)
    if vendor is None:
        unknown = "no kind of provider here is" if "/" in model or custom is not None else "no prefix says who serves"
        params.note(f"{unknown} {called!r}: left out", "model")
        return None
    if not name:
        params.note("names no model: left out", "model")
        return None
    if "*" in name and (not group.endswith("*") or name.count("*") > 1):
        params.note("a * here is for a model_name that ends in one: left out", "model")
        return None
    base = info.take("base_model")
    provider, secret = _provider(params, vendor, defaults)
    label = vendor.label if provider["kind"] == vendor.kind else provider["kind"].replace("_", "-")
    card = card_of(params, info)
    weight, order = _weight(params), params.take("order")
    for ignored in ("id", "mode", "db_model"):
        info.take(ignored)
    for part in (entry, params, info):
        part.leave()
    return Deployment(
        group=group,
        part=entry,
        label=label,
        provider=provider,
        model=name,
        card=card,
        priced_as=base.rpartition("/")[2] if isinstance(base, str) else name,
        weight=weight,
        order=order if is_whole(order) else None,
        secret=secret,
    )


def _provider(params: Part, vendor: Vendor, defaults: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    address = params.take("api_base") or params.take("base_url")
    params.take("base_url")
    kind, name = vendor.kind, vendor.vendor
    if kind == "openai" and isinstance(address, str) and not is_reference(address) and not _openai(address):
        kind = "openai_compatible"
    entry: dict[str, Any] = {"kind": kind}
    if name is not None:
        entry["vendor"] = name
    if isinstance(address, str) and address:
        entry["base_url"] = _address(address, vendor, kind)
    elif vendor.address is not None:
        entry["base_url"] = f"${{{vendor.address}}}"
    secret = _key(params, vendor, entry)
    version = params.take("api_version")
    if kind == "azure_openai" and isinstance(version, str):
        entry["api_version"] = said(version)
    elif version is not None:
        params.note("has no counterpart", "api_version")
    return {**entry, **defaults, **_patience(params)}, secret


def _key(params: Part, vendor: Vendor, entry: dict[str, Any]) -> str | None:
    key = params.take("api_key")
    if isinstance(key, str) and not is_reference(key):
        entry["api_key"] = ""
        return key
    name = variable(key) if isinstance(key, str) else vendor.key
    if name is not None:
        entry["api_key"] = f"${{{name}:-}}"
    return None


def _openai(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    return host == "openai.com" or host.endswith(".openai.com")


def _address(address: str, vendor: Vendor, kind: str) -> str:
    text = said(address.rstrip("/"))
    for end in _ENDS:
        text = text.removesuffix(end)
    if kind in ("anthropic", "gemini"):
        text = text.removesuffix("/v1").removesuffix("/v1beta")
    return text if text.endswith(vendor.suffix) else text + vendor.suffix


def _patience(params: Part) -> dict[str, Any]:
    found: dict[str, Any] = {}
    timeout, stream = params.take("timeout"), params.take("stream_timeout")
    if positive(timeout):
        found["timeout"] = timeout
    if positive(stream):
        found["timeouts"] = {"first_token": stream, "idle": stream}
    for name in ("num_retries", "max_retries"):
        tries = params.take(name)
        if is_whole(tries):
            found["max_retries"] = max(0, min(tries, 20))
    places = params.take("max_parallel_requests")
    if is_whole(places) and places > 0:
        found["max_concurrency"] = places
    return found


def _weight(params: Part) -> Decimal | None:
    """LiteLLM's simple-shuffle goes by ``weight``, else ``rpm``, else ``tpm``."""
    given = [params.take(name) for name in ("weight", "rpm", "tpm")]
    return next((Decimal(value) for value in given if positive(value)), None)
