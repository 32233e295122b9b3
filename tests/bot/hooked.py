"""Our webhooks, served for the channels of a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from bot.channels.registry import close_channels
from console.webhooks import Hooks, routes
from storage.database import Database
from tests.bot.world import World
from tests.fakes.serving import serving


@asynccontextmanager
async def hooked(world: World, web: Database) -> AsyncIterator[World]:
    """They stand at `world.public_url`; the channels are closed at the end."""
    app = FastAPI()
    async with serving(app) as base:
        app.router.routes.extend(routes(Hooks(web, world.cipher, world.clock, world.channels, base)))
        world.public_url = base
        yield world
    await close_channels(world.channels)
