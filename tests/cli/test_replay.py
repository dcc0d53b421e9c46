"""Dead letters go back as they were, and none is lost."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from azure.storage.queue.aio import QueueClient, QueueServiceClient

from local.world import ROOT
from tests.cli.test_doctor import patient
from tests.directory import request, tenant
from tests.service import may_make_nothing, taken

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


async def told(environment: dict[str, str], *arguments: str) -> tuple[int | None, list[str]]:
    """Run the command; return its exit code and what it printed, line by line."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "replay", *arguments),
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode().splitlines()


@asynccontextmanager
async def dead(
    azurite: str, queue_names: Iterator[str], *texts: str
) -> AsyncIterator[tuple[dict[str, str], QueueClient, QueueClient]]:
    """Give the settings, the dead letters with these texts in it, and the requests queue."""
    async with (
        patient(azurite, queue_names, tenant()) as (_, environment),
        QueueServiceClient.from_connection_string(azurite) as storage,
    ):
        letters = storage.get_queue_client(environment["DEAD_LETTERS_QUEUE"])
        for text in texts:
            await letters.send_message(text)
        yield environment, letters, storage.get_queue_client(environment["REQUESTS_QUEUE"])


async def test_every_dead_letter_goes_back_as_it_was(
    azurite: str, queue_names: Iterator[str]
) -> None:
    texts = [json.dumps(request(requestId=f"R-{number}"), indent=1) for number in range(40)]
    texts.append("<no & request>")
    async with dead(azurite, queue_names, *texts) as (environment, letters, requests):
        code, lines = await told(environment)
        assert sorted(await taken(requests)) == sorted(texts)
        assert (await letters.get_queue_properties()).approximate_message_count == 0
    assert (code, lines[-1]) == (0, "41 put back")
    assert {f"R-{number}" for number in range(40)} < set(lines)
    assert sum("(no valid request)" in line for line in lines) == 1


async def test_looking_leaves_them_where_they_are(azurite: str, queue_names: Iterator[str]) -> None:
    async with dead(azurite, queue_names, json.dumps(request())) as (
        environment,
        letters,
        requests,
    ):
        code, lines = await told(environment, "--look")
        assert (await taken(requests), len(await taken(letters))) == ([], 1)
    assert (code, lines) == (0, ["R-1", "1 of 1 dead letters, left where they are"])


async def test_what_cannot_be_put_back_stays(azurite: str, queue_names: Iterator[str]) -> None:
    async with dead(azurite, queue_names, json.dumps(request())) as (
        environment,
        letters,
        requests,
    ):
        await requests.delete_queue()
        limited = {"CONVERSION_STORAGE": may_make_nothing(azurite)}
        code, lines = await told(environment | limited)
        assert (await letters.get_queue_properties()).approximate_message_count == 1
    assert code == 1
    assert "QueueNotFound" in lines[-1]


async def test_settings_that_are_missing_are_named() -> None:
    code, lines = await told({"CONVERSION_STORAGE": "", "TENANT_ID": "x"})
    assert code == 1
    assert "TENANT_ID" in lines[-1]
