"""Guard: the rules of a call's route, applied to what is asked and to what is answered, and their verdicts told."""

from tornado_gateway.domain.call import Answer, ModelCall
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.errors import GatewayError, GuardrailDenied, GuardrailUnavailable
from tornado_gateway.domain.guardrails import answers, requests
from tornado_gateway.domain.guardrails.hooks import HookClient, HookQuestion, PlacedText, heard, placed
from tornado_gateway.domain.guardrails.members import Kind
from tornado_gateway.domain.guardrails.rules import Checks, Direction
from tornado_gateway.domain.guardrails.streams import StreamGuard
from tornado_gateway.domain.guardrails.verdicts import Tally
from tornado_gateway.domain.paths import key_path
from tornado_gateway.domain.ports import Publisher
from tornado_gateway.domain.stream import StreamBatch, StreamEvent

SIGNING = frozenset({"anthropic", "gemini"})
"""Kinds of provider that prove their thoughts by signatures."""


class Guard:
    """Used where a route has rules, and nowhere else."""

    def __init__(self, *, hooks: HookClient, publisher: Publisher) -> None:
        self._hooks = hooks
        self._publisher = publisher

    async def request(self, call: ModelCall, checks: Checks, context: RequestContext) -> ModelCall:
        """The call as it may go on. Raises ``GuardrailDenied`` or ``GuardrailUnavailable``."""
        tally = Tally("request")
        try:
            call = requests.guard_request(call, checks, tally)
            for rule in checks.hooks:
                found = [text for _, _, listed in requests.request_texts(call.wire.fields) for text in listed]
                said = placed((key_path(text.path), text.said) for text in found if text.said)
                words = await heard(self._hooks, rule, _question("request", call, context, said), tally)
                sealed = {key_path(text.path) for text in found if text.kind is Kind.SEALED}
                call = requests.replace_texts(call, {path: word for path, word in words.items() if path not in sealed})
            return call
        finally:
            self.tell(tally, context)

    async def answer(self, answer: Answer, call: ModelCall, checks: Checks, context: RequestContext) -> Answer:
        """The answer as it may go on. Raises ``GuardrailDenied`` or ``GuardrailUnavailable``."""
        tally = Tally("response")
        try:
            answer = answers.guard_answer(answer, checks, tally)
            for rule in checks.hooks:
                said = placed(answers.answer_texts(answer))
                if not said:
                    continue  # vectors, or a count
                words = await heard(self._hooks, rule, _question("response", call, context, said), tally)
                answer = answers.replace_texts(answer, words)
            return answer
        finally:
            self.tell(tally, context)

    def stream(self, call: ModelCall, checks: Checks, context: RequestContext, *, kind: str) -> "GuardedStream":
        """``kind`` is that of the provider that answers."""
        return GuardedStream(self, call, checks, context, signed=kind in SIGNING)

    async def hear(self, stream: "GuardedStream", said: list[PlacedText]) -> None:
        """Has the hooks hear a stream that has come to its end."""
        for rule in stream.checks.hooks:
            question = _question("response", stream.call, stream.context, said, stream=True)
            await heard(self._hooks, rule, question, stream.tally)

    def tell(self, tally: Tally, context: RequestContext) -> None:
        """Publishes the verdicts so far."""
        for verdict in tally.told(request_id=context.request_id, route=context.trail.route):
            self._publisher.publish(verdict)


class GuardedStream:
    """One stream: ``pass_on`` what came, ``end`` with the last of it, and ``close`` on every way out."""

    def __init__(self, guard: Guard, call: ModelCall, checks: Checks, context: RequestContext, *, signed: bool) -> None:
        self._guard = guard
        self.call = call
        self.checks = checks
        self.context = context
        self.tally = Tally("response")
        self._events = StreamGuard(checks, self.tally, protocol=call.wire.protocol, signed=signed)

    def pass_on(self, batch: StreamBatch) -> StreamBatch:
        """What may go out; behind an error nothing comes that could be waited for. Raises ``GuardrailDenied``."""
        return self._captured(self._events.push(batch.events, last=batch.error is not None), batch)

    async def end(self, batch: StreamBatch) -> StreamBatch:
        """The rest. Raises ``GuardrailDenied`` or ``GuardrailUnavailable``."""
        rest = self._events.push(batch.events, last=True)
        if self.checks.hooks:
            await self._guard.hear(self, placed(self._events.said))
        self.close()
        return self._captured(rest, batch)

    def _captured(self, events: tuple[StreamEvent, ...], batch: StreamBatch) -> StreamBatch:
        """Whoever wants prompts on traces has them as callers do."""
        trace = self.context.trail.trace
        if trace is not None and trace.captured is not None:
            trace.captured.hear(events)
        return StreamBatch(events, batch.last, batch.error)

    def close(self) -> None:
        """Tells the verdicts that have not been told yet."""
        self._guard.tell(self.tally, self.context)


def is_refusal(error: GatewayError) -> bool:
    """Whether it is a rule that ends the call, and no provider."""
    return isinstance(error, GuardrailDenied | GuardrailUnavailable)


def _question(
    direction: Direction, call: ModelCall, context: RequestContext, said: list[PlacedText], *, stream: bool = False
) -> HookQuestion:
    return HookQuestion(
        request_id=context.request_id,
        direction=direction,
        route=context.trail.route,
        model=call.model,
        stream=stream,
        texts=said,
    )
