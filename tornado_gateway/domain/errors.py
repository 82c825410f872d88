"""Every way a call can fail, told by class and never by text.

::

    GatewayError
      RequestError                  the caller's own doing, never retried
        InvalidRequest                400 invalid_request
        GuardrailDenied               400 guardrail_denied
        InvalidApiKey                 401 invalid_api_key
        BudgetExceeded                402 budget_exceeded
        ModelNotAllowed               403 model_not_allowed
        NotFound                      404 not_found
        ModelNotFound                 404 model_not_found
        ModelNotPriced                404 model_not_priced
        MethodNotAllowed              405 method_not_allowed
        RequestTimeout                408 request_timeout
        BodyTooLarge                  413 body_too_large
        UnsupportedMediaType          415 unsupported_media_type
        RateLimitExceeded             429 rate_limit_exceeded
          CallTooLarge                  429 rate_limit_exceeded
        HeadersTooLarge               431 headers_too_large
      ClientClosed                  499 client_closed (logged, never seen by anyone)
      InternalError                 500 internal_error
      ShuttingDown                  503 shutting_down
      ProviderNotConfigured         503 provider_not_configured
      CircuitOpen                   503 circuit_open
      ProviderBusy                  503 provider_busy
      StateUnavailable              503 state_unavailable
      GuardrailUnavailable          503 guardrail_unavailable
      UpstreamError                 the provider's side
        UpstreamRejected              400, 404, 413, 422: the provider's own code and message
        UpstreamRateLimited           429 upstream_rate_limited
        UpstreamAuthFailed            502 upstream_auth_failed
        UpstreamFailed                502 upstream_failed
        UpstreamUnreachable           502 upstream_unreachable
        UpstreamTimeout               504 upstream_timeout
          DeadlinePassed                504 upstream_timeout

``retryable`` says that the same target may be asked again, ``fallback`` that another target may
do better. Dialects turn an error into their own JSON; none of them ever shows a cause or a key.
"""

from typing import ClassVar


class GatewayError(Exception):
    """Base of all errors that reach a caller; ``message`` is safe to show to one."""

    status: ClassVar[int] = 500
    default_code: ClassVar[str] = "internal_error"
    default_type: ClassVar[str] = "api_error"
    retryable: ClassVar[bool] = False
    fallback: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        type: str | None = None,  # noqa: A002 - the wire's own name
        param: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code if code is not None else self.default_code
        self.type = type if type is not None else self.default_type
        self.param = param
        self.retry_after = retry_after
        """Seconds after which a new try makes sense, sent as ``Retry-After``."""


def let_go(error: BaseException) -> None:
    """Forgets where ``error`` came from, and where what led to it did.

    A traceback holds each function that it names, with all its variables: the call, its body, and often the error
    itself, which makes a circle. Until the collector finds that, much later, a refused call takes as much memory as one
    under way.
    """
    following: BaseException | None = error
    seen: set[int] = set()
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        following.__traceback__ = None
        following = following.__cause__ or following.__context__


class RequestError(GatewayError):
    status = 400
    default_code = "invalid_request"
    default_type = "invalid_request_error"


class InvalidRequest(RequestError):
    pass


class GuardrailDenied(RequestError):
    """A rule of gateway.yaml's refuses what was asked, or what was answered."""

    default_code = "guardrail_denied"


class InvalidApiKey(RequestError):
    status = 401
    default_code = "invalid_api_key"
    default_type = "authentication_error"


class BudgetExceeded(RequestError):
    status = 402
    default_code = "budget_exceeded"
    default_type = "billing_error"


class ModelNotAllowed(RequestError):
    status = 403
    default_code = "model_not_allowed"
    default_type = "permission_error"


class NotFound(RequestError):
    status = 404
    default_code = "not_found"


class ModelNotFound(NotFound):
    default_code = "model_not_found"


class ModelNotPriced(NotFound):
    default_code = "model_not_priced"


class MethodNotAllowed(RequestError):
    status = 405
    default_code = "method_not_allowed"


class RequestTimeout(RequestError):
    status = 408
    default_code = "request_timeout"


class BodyTooLarge(RequestError):
    status = 413
    default_code = "body_too_large"


class UnsupportedMediaType(RequestError):
    status = 415
    default_code = "unsupported_media_type"


class RateLimitExceeded(RequestError):
    status = 429
    default_code = "rate_limit_exceeded"
    default_type = "rate_limit_error"


class CallTooLarge(RateLimitExceeded):
    """The call alone is more than a limit allows: no waiting helps."""


class HeadersTooLarge(RequestError):
    status = 431
    default_code = "headers_too_large"


class ClientClosed(GatewayError):
    status = 499
    default_code = "client_closed"


class InternalError(GatewayError):
    pass


class ShuttingDown(GatewayError):
    status = 503
    default_code = "shutting_down"


class ProviderNotConfigured(GatewayError):
    status = 503
    default_code = "provider_not_configured"
    fallback = True


class CircuitOpen(GatewayError):
    status = 503
    default_code = "circuit_open"
    fallback = True


class ProviderBusy(GatewayError):
    """As many calls are under way at the provider as gateway.yaml allows, and as many wait."""

    status = 503
    default_code = "provider_busy"
    fallback = True


class StateUnavailable(GatewayError):
    """Nobody can say what is left of a limit, and gateway.yaml wants no call to pass uncounted."""

    status = 503
    default_code = "state_unavailable"


class GuardrailUnavailable(GatewayError):
    """A guardrail's hook gives no answer, and gateway.yaml wants no call to pass unheard."""

    status = 503
    default_code = "guardrail_unavailable"


class UpstreamError(GatewayError):
    """What a provider did. ``upstream_status`` is its HTTP status, None where there was none."""

    status = 502
    default_code = "upstream_failed"
    default_type = "upstream_error"
    fallback = True

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        type: str | None = None,  # noqa: A002 - the wire's own name
        param: str | None = None,
        retry_after: float | None = None,
        upstream_status: int | None = None,
    ) -> None:
        super().__init__(message, code=code, type=type, param=param, retry_after=retry_after)
        self.upstream_status = upstream_status


class UpstreamRejected(UpstreamError):
    """The provider refused this request as it stands: its status, code and message are the caller's to see."""

    default_code = "upstream_rejected"
    default_type = "invalid_request_error"
    fallback = False

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        type: str | None = None,  # noqa: A002 - the wire's own name
        param: str | None = None,
    ) -> None:
        super().__init__(message, code=code, type=type, param=param, upstream_status=status)
        self.status = status  # type: ignore[misc] # the one error whose status is the provider's


class UpstreamRateLimited(UpstreamError):
    status = 429
    default_code = "upstream_rate_limited"
    default_type = "rate_limit_error"
    retryable = True


class UpstreamAuthFailed(UpstreamError):
    default_code = "upstream_auth_failed"


class UpstreamFailed(UpstreamError):
    retryable = True


class UpstreamUnreachable(UpstreamError):
    default_code = "upstream_unreachable"
    retryable = True


class UpstreamTimeout(UpstreamError):
    status = 504
    default_code = "upstream_timeout"
    default_type = "timeout_error"


class DeadlinePassed(UpstreamTimeout):
    """The whole call's time is over, which says nothing about whoever happened to be asked just then."""
