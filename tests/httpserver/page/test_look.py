import re

from tornado_gateway.httpserver.page.assets import Assets
from tornado_gateway.httpserver.page.look import TEMPLATES, Look


def test_each_template_compiles_once() -> None:
    look = Look(Assets())
    for path in TEMPLATES.rglob("*.html"):
        name = path.relative_to(TEMPLATES).as_posix()
        assert look._loader.load(name) is look._loader.load(name)


def test_nothing_is_inline_that_the_policy_refuses() -> None:
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", text), path


def test_what_a_value_says_is_text() -> None:
    class Odd:
        status, code, message = 500, "<b>", "\"'<script>"

    page = Look(Assets()).render("error.html", session=None, section="", csrf="", error=Odd).decode()
    assert "<script>" not in page
    assert "&quot;&#x27;&lt;script&gt;" in page or "&quot;&#39;&lt;script&gt;" in page
