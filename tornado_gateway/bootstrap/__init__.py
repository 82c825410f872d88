"""The composition root: who gets what. The only room that imports injector.

``make_injector(loaded, replacement)`` with a module of one line replaces any port in a test: what is bound last counts.
"""

from tornado_gateway.bootstrap.house import make_injector, make_providers, make_runtime, open_ledger
from tornado_gateway.bootstrap.observing import start_log
from tornado_gateway.bootstrap.runtime import Runtime
from tornado_gateway.httpserver.dialects.recognition import DIALECTS, decode_call

__all__ = [
    "DIALECTS",
    "Runtime",
    "decode_call",
    "make_injector",
    "make_providers",
    "make_runtime",
    "open_ledger",
    "start_log",
]
