"""A fake Open-Meteo: both of its APIs, as a real HTTP server on loopback that records what it is asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

__all__ = ["PARIS", "OpenMeteo", "forecast", "open_meteo"]

PARIS: dict[str, Any] = {
    "id": 2988507,
    "name": "Paris",
    "latitude": 48.85341,
    "longitude": 2.3488,
    "country_code": "FR",
    "country": "France",
    "admin1": "Île-de-France",
    "timezone": "Europe/Paris",
}

FREEZING: dict[str, float] = {
    "temperature_2m": 0,
    "precipitation": 25.4,
    "snowfall": 2.54,
    "weather_code": 73,
    "wind_speed_10m": 10,
    "wind_direction_10m": 270,
    "wind_gusts_10m": 20,
    "cloud_cover": 100,
}


def forecast(
    now: str = "2024-02-28T22:15",
    *,
    first: str = "2024-02-28T00:00",
    hours: int = 72,
    timezone: str = "Europe/Paris",
    **values: float | None,
) -> dict[str, Any]:
    """An answer of the forecast API in which every hour, and now, has the same values."""
    measured = {**FREEZING, **values}
    start = datetime.fromisoformat(first)
    times = [f"{start + timedelta(hours=hour):%Y-%m-%dT%H:%M}" for hour in range(hours)]
    return {
        "latitude": 48.86,
        "longitude": 2.36,
        "utc_offset_seconds": 3600,
        "timezone": timezone,
        "current": {"time": now, "interval": 900, **measured},
        "hourly": {"time": times, **{name: [value] * hours for name, value in measured.items()}},
    }


class OpenMeteo:
    """What the two APIs answer, and what they were asked.

    Attributes:
        url: The server's root.
        places: What the geocoder finds for a name, in lower case; other names find nothing.
        forecast: The body of a forecast: a JSON value, or text that is sent as it is.
        status: Status of a forecast.
        delay: Seconds before each answer.
        searches: The queries of the geocoder.
        forecasts: The queries of the forecast API.
    """

    def __init__(self) -> None:
        self.url = ""
        self.reset()

    def reset(self) -> None:
        """Answer as at first, and forget what was asked."""
        self.places: dict[str, Any] = {"paris": [PARIS]}
        self.forecast: Any = forecast()
        self.status = 200
        self.delay = 0.0
        self.searches: list[dict[str, str]] = []
        self.forecasts: list[dict[str, str]] = []

    @property
    def settings(self) -> dict[str, str]:
        """The settings that send the weather plugin here."""
        return {"forecast_url": f"{self.url}/v1/forecast", "geocoding_url": f"{self.url}/v1/search"}

    async def search(self, request: web.Request) -> web.Response:
        """Answer as the geocoder does: no ``results`` at all when nothing is found."""
        self.searches.append(dict(request.query))
        await asyncio.sleep(self.delay)
        found = self.places.get(request.query["name"].casefold())
        return web.json_response({"generationtime_ms": 0.5} | ({} if found is None else {"results": found}))

    async def answer(self, request: web.Request) -> web.Response:
        """Answer as the forecast API does."""
        self.forecasts.append(dict(request.query))
        await asyncio.sleep(self.delay)
        if isinstance(self.forecast, str):
            return web.Response(text=self.forecast, status=self.status, content_type="application/json")
        return web.json_response(self.forecast, status=self.status)


@contextmanager
def open_meteo() -> Iterator[OpenMeteo]:
    """Serve a fake Open-Meteo, in a thread of its own."""
    fake, started = OpenMeteo(), Future[Callable[[], object]]()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(fake, started)), name="fake-open-meteo", daemon=True)
    thread.start()
    stop = started.result(10)
    try:
        yield fake
    finally:
        stop()
        thread.join(10)


async def _serve(fake: OpenMeteo, started: Future[Callable[[], object]]) -> None:
    """Serve until the function is called that is given as soon as it has started."""
    app = web.Application()
    app.router.add_get("/v1/search", fake.search)
    app.router.add_get("/v1/forecast", fake.answer)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    started.set_result(lambda: loop.call_soon_threadsafe(over.set))
    await over.wait()
    await runner.cleanup()
