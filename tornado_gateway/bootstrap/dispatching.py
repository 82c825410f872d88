"""Who is asked, and which answers are kept, put together: a part of the composition root.

A module with one line replaces where answers are kept (``AnswerCache``) in a test.
"""

from typing import cast

from injector import Binder, Module, provider, singleton

from tornado_gateway.config.build import Loaded
from tornado_gateway.domain.attempts import Attempts
from tornado_gateway.domain.breakers import Breakers
from tornado_gateway.domain.caching import AnswerCache
from tornado_gateway.domain.dispatch import Dispatch
from tornado_gateway.domain.endpoints import EndpointKey
from tornado_gateway.domain.events import CircuitChanged
from tornado_gateway.domain.places import Places
from tornado_gateway.domain.ports import Clock, Publisher, Randomness
from tornado_gateway.domain.shared_answers import SharedAnswers
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.domain.strategies import Strategies
from tornado_gateway.storage.opening_answers import answers_at


class DispatchModule(Module):
    """The way from a plan to an answer."""

    def configure(self, binder: Binder) -> None:
        binder.bind(Places, scope=singleton)

    @singleton
    @provider
    def strategies(self, clock: Clock, randomness: Randomness) -> Strategies:
        return Strategies(clock, randomness)

    @singleton
    @provider
    def breakers(self, clock: Clock, publisher: Publisher) -> Breakers:
        def changed(key: object, before: str, after: str) -> None:
            name, index = cast(EndpointKey, key)
            publisher.publish(CircuitChanged(name, index, after, before))

        return Breakers(clock, changed)

    @singleton
    @provider
    def answers(self, loaded: Loaded, snapshots: SnapshotHolder, clock: Clock) -> AnswerCache:
        return answers_at(loaded.settings.state, clock, room=lambda: snapshots.current.cache_bytes)

    @singleton
    @provider
    def dispatch(
        self,
        strategies: Strategies,
        publisher: Publisher,
        clock: Clock,
        randomness: Randomness,
        breakers: Breakers,
        places: Places,
        answers: AnswerCache,
    ) -> Dispatch:
        attempts = Attempts(
            clock=clock,
            randomness=randomness,
            publisher=publisher,
            strategies=strategies,
            breakers=breakers,
            places=places,
        )
        return Dispatch(
            attempts=attempts,
            latencies=strategies.latencies,
            publisher=publisher,
            clock=clock,
            answers=SharedAnswers(store=answers, clock=clock),
        )
