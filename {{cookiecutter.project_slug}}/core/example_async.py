"""An asynchronous view to learn from; delete it, its address and its test when you have."""

import asyncio

from django.http import HttpRequest, JsonResponse
from django.urls import path

WAIT = 0.5  # seconds


async def example_async(request: HttpRequest) -> JsonResponse:
    """Wait as for an answer from another service; meanwhile the worker serves others.

    A hundred of these at once take about as long as one. A synchronous call in here, such
    as time.sleep() or requests.get(), would make them wait for each other.
    """
    await asyncio.sleep(WAIT)
    return JsonResponse({"waited": WAIT})


urlpatterns = [path("", example_async, name="example-async")]
