from tests.serving import serving


async def test_text_and_type_are_the_renderers() -> None:
    async with serving() as served:
        answer = await served.client.get("/metrics")
        assert (answer.status_code, answer.text) == (200, "a_metric 1\n")
        assert answer.headers["content-type"] == "text/plain; version=0.0.4"
