"""What the parts are given when they are put together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from converters.composition import composed, mail_writer
from converters.settings.settings import Settings
from tests.directory import request
from tests.service import service
from tests.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("at_once")


async def test_no_token_is_asked_for_where_graph_is_on_loopback(
    azurite: str, queue_names: Iterator[str]
) -> None:
    witness = Witness()
    async with service(azurite, queue_names) as running:
        settings = Settings.from_mapping(running.keys)
        converter = composed(settings, witness, mail_writer(settings))  # type: ignore[arg-type]
        try:
            await converter.handle(json.dumps(request()).encode(), "message-1")
        finally:
            await converter.close()
        assert len(running.invited()) == 1
    assert witness.asked == ()


async def test_token_is_asked_for_where_graph_is_microsofts(
    azurite: str, queue_names: Iterator[str]
) -> None:
    witness = Witness()
    async with service(azurite, queue_names) as running:
        graph = {"GRAPH_BASE_URL": "https://graph.microsoft.com"}
        settings = Settings.from_mapping(running.keys | graph)
        converter = composed(settings, witness, mail_writer(settings))  # type: ignore[arg-type]
        try:
            await converter.handle(json.dumps(request()).encode(), "message-1")
        finally:
            await converter.close()
    assert set(witness.asked) == {"https://graph.microsoft.com/.default"}
