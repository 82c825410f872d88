"""A self-hosted AI gateway: Tornado in front, httpx behind, one ``gateway.yaml`` between."""

__version__ = "0.1.0"
