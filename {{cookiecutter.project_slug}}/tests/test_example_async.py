import asyncio

from django.test import AsyncClient

from core import example_async

TOGETHER = 20


def test_requests_wait_at_the_same_time(monkeypatch):
    async def ask_together():
        # Opens when all have arrived; were they to wait one after another, none would return.
        barrier = asyncio.Barrier(TOGETHER)
        monkeypatch.setattr(example_async.asyncio, "sleep", lambda delay: barrier.wait())
        requests = [AsyncClient().get("/example-async/") for _ in range(TOGETHER)]
        return await asyncio.wait_for(asyncio.gather(*requests), timeout=30)

    responses = asyncio.run(ask_together())
    assert [response.status_code for response in responses] == [200] * TOGETHER
