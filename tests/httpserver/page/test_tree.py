from tornado_gateway.httpserver.page.base import PageBase
from tornado_gateway.httpserver.page.tree import page_tree


def test_all_pages_share_one_look() -> None:
    specs = page_tree()
    assert len({id(spec.kwargs["look"]) for spec in specs}) == 1
    assert all(issubclass(spec.handler_class, PageBase) for spec in specs)
    assert all(spec.regex.pattern.startswith("/admin") for spec in specs)
