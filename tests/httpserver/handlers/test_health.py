from tests.serving import serving


async def test_health_is_exactly_this() -> None:
    async with serving() as served:
        answer = await served.client.get("/health")
        assert (answer.status_code, answer.content) == (200, b'{"status":"healthy"}')
        assert answer.headers["content-type"] == "application/json"


CONDITIONS = {"openai": {"configured": True, "endpoints": [{"endpoint": 0, "circuit": "closed"}]}}


async def test_alive_and_ready_until_it_drains() -> None:
    status = {"revision": "abcdefabcdef", "loaded_at": "2024-01-15T10:30:00Z", "last_error": None}
    async with serving(config_status=lambda: status, conditions=lambda: CONDITIONS) as served:
        ready = await served.client.get("/health/ready")
        assert (ready.status_code, ready.json()) == (
            200,
            {"status": "ready", "config": status, "providers": CONDITIONS},
        )
        served.lifecycle.drain()
        status["last_error"] = "gateway.yaml:3:1: no"
        ready = await served.client.get("/health/ready")
        assert (ready.status_code, ready.json()) == (
            503,
            {"status": "draining", "config": status, "providers": CONDITIONS},
        )
        assert (await served.client.get("/health/live")).status_code == 200
        assert (await served.client.get("/health")).content == b'{"status":"healthy"}'


async def test_one_of_several_workers_tells_its_number() -> None:
    async with serving(worker=3) as served:
        assert (await served.client.get("/health/ready")).json()["worker"] == 3
