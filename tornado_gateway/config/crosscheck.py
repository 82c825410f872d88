"""What a schema can't say: whether the parts of the file fit each other."""

from collections.abc import Iterator

from tornado_gateway.config.crosscheck_admin import check_admin
from tornado_gateway.config.crosscheck_auth import check_auth
from tornado_gateway.config.crosscheck_cache import check_cache
from tornado_gateway.config.crosscheck_fallbacks import check_fallbacks
from tornado_gateway.config.crosscheck_guardrails import check_guardrails
from tornado_gateway.config.crosscheck_ledger import check_ledger
from tornado_gateway.config.crosscheck_otel import check_otel
from tornado_gateway.config.crosscheck_policies import check_policies
from tornado_gateway.config.crosscheck_prices import check_prices
from tornado_gateway.config.crosscheck_providers import check_providers
from tornado_gateway.config.crosscheck_quotas import check_quotas
from tornado_gateway.config.crosscheck_routes import check_routes
from tornado_gateway.config.crosscheck_server import check_cors
from tornado_gateway.config.crosscheck_state import check_proxies, check_state, check_webhooks
from tornado_gateway.config.crosscheck_tls import check_tls
from tornado_gateway.config.outline import outline
from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Source


def crosscheck(source: Source) -> Iterator[Problem]:
    """Problems and warnings, over whatever parts of the document have the right shape."""
    document = outline(source.value)
    checks = (
        check_tls,
        check_cors,
        check_auth,
        check_admin,
        check_ledger,
        check_otel,
        check_providers,
        check_routes,
        check_fallbacks,
        check_policies,
        check_cache,
        check_prices,
        check_quotas,
        check_state,
        check_webhooks,
        check_proxies,
        check_guardrails,
    )
    for check in checks:
        yield from check(source, document)
