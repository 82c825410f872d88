"""The pages that the navigation leads to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    title: str
    path: str


SECTIONS = (
    Section("overview", "Overview", "/admin/"),
    Section("spend", "Spend", "/admin/spend"),
    Section("live", "Live", "/admin/live"),
    Section("requests", "Requests", "/admin/requests"),
    Section("routes", "Routes", "/admin/routes"),
    Section("prices", "Prices", "/admin/prices"),
    Section("configuration", "Configuration", "/admin/configuration"),
    Section("keys", "Keys", "/admin/keys"),
)
