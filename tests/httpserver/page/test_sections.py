from tornado_gateway.httpserver.page.sections import SECTIONS


def test_each_page_has_a_name_of_its_own() -> None:
    for names in ([each.name for each in SECTIONS], [each.path for each in SECTIONS]):
        assert len(set(names)) == len(names)
    assert all(each.path.startswith("/admin/") for each in SECTIONS)
