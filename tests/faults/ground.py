"""The ground on which hosts are killed: Azurite, an emulated Graph whose reads lag, a nursery."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from local.graph import GraphEmulator
from tests.directory import tenant
from tests.events import GROUP
from tests.faults.killing import Field
from tests.faults.nursery import Nursery
from tests.faults.scenarios import MAILBOXES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@asynccontextmanager
async def ground(azurite: str, logs: Path) -> AsyncIterator[Field]:
    """Prepare it; what the hosts print goes into the folder ``logs``."""
    of_tenant = tenant(groups=[GROUP | {"members": []}], mailboxes=MAILBOXES)
    async with GraphEmulator(of_tenant) as graph, Nursery(logs) as nursery:
        yield Field(azurite, graph, nursery)
