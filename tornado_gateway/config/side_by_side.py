"""Whether a file can be served by several processes beside each other, however well it is in itself."""

from tornado_gateway.config.build import Loaded
from tornado_gateway.config.model_state import StateSettings


def misfit(loaded: Loaded, workers: int, state: StateSettings | None = None) -> str | None:
    """Why ``workers`` can't serve it, None where they can. ``state`` is the one in force, where that may be another."""
    settings = loaded.settings
    shared = (settings.state if state is None else state).shared
    if workers < 2 or shared or not settings.counts:
        return None
    cure = "state.url needs a restart" if settings.state.shared else "say state.url redis://host:6379/0"
    return f"{loaded.path}: each of {workers} workers would count its limits for itself: {cure}"
