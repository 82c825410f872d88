"""Ways in which an operator's request can fail, beside those of everybody's.

::

    RequestError
      AdminWriteOff        403 admin_write_off
      MethodNotAllowed
        OtherMethod        405 method_not_allowed
      AdminConflict        409 conflict
      RevisionMismatch     412 revision_mismatch
      RevisionUnknown      428 revision_required
    GatewayError
      LedgerAway           503 ledger_unavailable
      LedgerSlow           504 ledger_timeout
"""

from collections.abc import Iterable

from tornado_gateway.domain.errors import GatewayError, MethodNotAllowed, RequestError


class AdminWriteOff(RequestError):
    status = 403
    default_code = "admin_write_off"
    default_type = "permission_error"


class OtherMethod(MethodNotAllowed):
    """``allowed`` are those that there are, sent as ``Allow``."""

    def __init__(self, method: str, allowed: Iterable[str]) -> None:
        self.allowed = ", ".join(sorted(allowed))
        super().__init__(f"{method} is not allowed here: {self.allowed}.")


class AdminConflict(RequestError):
    status = 409
    default_code = "conflict"


class RevisionMismatch(RequestError):
    """What was to be changed is another by now."""

    status = 412
    default_code = "revision_mismatch"


class RevisionUnknown(RequestError):
    """Nobody said what was to be changed: a blind write may undo somebody's."""

    status = 428
    default_code = "revision_required"


class LedgerAway(GatewayError):
    status = 503
    default_code = "ledger_unavailable"


class LedgerSlow(GatewayError):
    status = 504
    default_code = "ledger_timeout"
