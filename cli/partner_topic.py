"""The partner topic of the directory's events, as Azure Resource Manager shows it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from converters.settings.events import PartnerTopic

_VERSION = "2025-02-15"
_OK, _NOT_FOUND = 200, 404
_SECONDS = 30
# Of each cloud, by Graph's host.
_MANAGERS = {
    "graph.microsoft.com": "https://management.azure.com",
    "graph.microsoft.us": "https://management.usgovcloudapi.net",
    "dod-graph.microsoft.us": "https://management.usgovcloudapi.net",
    "microsoftgraph.chinacloudapi.cn": "https://management.chinacloudapi.cn",
}


@dataclass(frozen=True, slots=True)
class Topic:
    """What is seen of one.

    Attributes:
        status: of the answer; 0 where none came.
        state: its ``activationState``.
        deleted_at: when Azure deletes it unless it is activated.
        has_identity: whether it has one to deliver with.
        listens: whether an event subscription of it delivers somewhere; ``None`` if not seen.
    """

    status: int
    state: str = ""
    deleted_at: str = ""
    has_identity: bool = False
    listens: bool | None = None

    @property
    def is_missing(self) -> bool:
        """Whether there is none."""
        return self.status == _NOT_FOUND

    @property
    def is_seen(self) -> bool:
        """Whether it could be read."""
        return self.status == _OK


def manager_of(graph_base_url: str) -> str | None:
    """Return the root of Azure Resource Manager beside a Graph; ``None`` beside an emulator."""
    return _MANAGERS.get(urlsplit(graph_base_url).hostname or "")


async def read(topic: PartnerTopic, root: str, held: AsyncTokenCredential) -> Topic:
    """Read it as whoever runs this; what cannot be read is part of the answer.

    Args:
        topic: which.
        root: of Azure Resource Manager.
        held: the credential.
    """
    token = await held.get_token(f"{root}/.default")
    headers = {"Authorization": f"Bearer {token.token}"}
    limit = aiohttp.ClientTimeout(total=_SECONDS)
    async with aiohttp.ClientSession(headers=headers, timeout=limit) as session:
        try:
            status, body = await _get(session, f"{root}{topic.path}")
            if status != _OK:
                return Topic(status)
            below, listed = await _get(session, f"{root}{topic.path}/eventSubscriptions")
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return Topic(0)
    properties = body.get("properties") or {}
    kind = str((body.get("identity") or {}).get("type") or "None")
    return Topic(
        status,
        str(properties.get("activationState") or ""),
        str(properties.get("expirationTimeIfNotActivatedUtc") or ""),
        kind.lower() != "none",
        bool(listed.get("value")) if below == _OK else None,
    )


async def _get(session: aiohttp.ClientSession, url: str) -> tuple[int, dict[str, Any]]:
    async with session.get(url, params={"api-version": _VERSION}) as answer:
        text = await answer.text()
        found = json.loads(text) if answer.status == _OK else {}
        return answer.status, found if isinstance(found, dict) else {}
