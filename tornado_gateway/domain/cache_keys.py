"""Which calls have the same answer: a key over all that may make a difference to it.

Left out are whitespace, the order of an object's members, the spelling of ``stream: false``, and the headers that only
tell one try from another. Everything else counts, numbers and texts as they are written: who says ``user`` or
``metadata`` has answers of their own.
"""

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from tornado_gateway.domain.caching import CachePolicy
from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.guardrails.rules import RouteGuards
from tornado_gateway.domain.routes import RoutePlan, Stage, Target

_FORM = 1
"""Of the keys and of what is kept under them: what another form has kept is not found."""

_LIVE = ("background", "conversation", "container")
"""Members that are about something at the provider which goes on after the answer: the same words mean something else
the next time."""

_NOTHING = (b"null", b"false")
_NO_DIFFERENCE = frozenset({"idempotency-key"})

_decode = msgspec.json.Decoder(float_hook=lambda text: msgspec.Raw(text.encode())).decode
_encode = msgspec.json.Encoder(order="sorted").encode
_seal = msgspec.msgpack.Encoder().encode


def fingerprint(stages: Iterable[Stage], guards: RouteGuards | None = None) -> bytes:
    """Tells one way of being served from another: who answers, asked in which order, at which prices, and under which
    rules: what is kept is what they let pass.

    Keys, timeouts and retries are not in it: with others the answers are the same.
    """
    served = [
        (stage.route, stage.strategy, sorted(stage.on or ()), [_served(target) for target in stage.targets])
        for stage in stages
    ]
    said = msgspec.json.encode(served, order="deterministic")
    return hashlib.sha256(said if guards is None else said + guards.fingerprint).digest()


def _served(target: Target) -> tuple[object, ...]:
    # A row that only moved to another line is the same price.
    card = None if target.card is None else msgspec.structs.replace(target.card, line=None)
    return target.provider.name, target.provider.fingerprint, target.model, target.weight, card


def key_of(plan: RoutePlan, call: ModelCall, context: RequestContext) -> bytes | None:
    """The key under which the answer is kept, None where the call is not one to be kept."""
    cache = plan.cache
    assert cache is not None, "only a route with a cache has keys"
    owner = _owner(cache.policy, context)
    fields = call.wire.fields
    if owner is None or any(bytes(fields.get(name, _NOTHING[0])) not in _NOTHING for name in _LIVE):
        return None
    try:
        document = [(name, _canonical(fields[name])) for name in sorted(fields) if name != "stream"]
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None  # it will be refused, and by name
    whole = (_FORM, plan.route, cache.fingerprint, owner, call.wire.protocol, call.stream, _headers(context.forward))
    return hashlib.sha256(_seal((*whole, document))).digest()


def _owner(policy: CachePolicy, context: RequestContext) -> str | None:
    if policy.scope == "shared":
        return ""
    return None if context.principal is None else f"key:{context.principal.id}"


def _headers(forward: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in forward.items() if name not in _NO_DIFFERENCE)


def _canonical(raw: msgspec.Raw) -> tuple[bytes, bytes]:
    """The value with sorted members; and as it was written, where more is odd about it than order and whitespace.

    Read and written again, a member that stands there twice is there once, and an escape is a letter: the provider may
    take them for something else.
    """
    sorted_ = _encode(_decode(raw))
    written = msgspec.json.format(raw, indent=-1)
    return sorted_, b"" if len(written) == len(sorted_) else written
