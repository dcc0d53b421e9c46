"""The commands that docs/integration.md calls tested are run as they stand there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from azure.storage.queue import QueueServiceClient

from converters.wire.requests import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "integration.md").read_text()
EXAMPLE = ROOT / "docs" / "contract" / "examples" / "outcome-ineligible.json"
AZURE_CLI = ROOT / ".tools" / "azure-cli" / "bin" / "az"
QUEUES = ("conversion-requests", "conversion-results")


def section(title: str) -> str:
    """Return the text of a section whose title begins so."""
    found = re.search(rf"^## {title}.*?(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[0]


def block(title: str, language: str) -> str:
    """Return the first code block of a section."""
    found = re.search(rf"```{language}\n(.*?)```", section(title), re.DOTALL)
    assert found, title
    return found[1]


@pytest.fixture
def queues(azurite: str) -> Iterator[str]:
    """Make the documented queues, an outcome waiting in the second; return the storage."""
    with QueueServiceClient.from_connection_string(azurite) as service:
        for name in QUEUES:
            service.create_queue(name)
        service.get_queue_client(QUEUES[1]).send_message(EXAMPLE.read_text())
        yield azurite
        for name in QUEUES:
            service.delete_queue(name)


def run(command: list[str], storage: str) -> str:
    environment = os.environ | {"CONVERSION_STORAGE": storage, "AZURE_CORE_COLLECT_TELEMETRY": "no"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def enqueued(storage: str) -> str:
    with QueueServiceClient.from_connection_string(storage) as service:
        (message,) = service.get_queue_client(QUEUES[0]).receive_messages()
        return str(message.content)


def test_python_of_the_docs_enqueues_and_reads(queues: str) -> None:
    printed = run([sys.executable, "-c", block("Python", "python")], queues)
    assert "R-1 ineligible" in printed
    assert "Delete the internal account and invite the person anew. (identityAdmin)" in printed
    assert parse(enqueued(queues).encode(), None).request_id == "RITM0010001"


# The CLI's first run on a machine compiles all of it.
@pytest.mark.rehearsal
@pytest.mark.timeout(300)
@pytest.mark.skipif(not AZURE_CLI.exists(), reason="`make rehearsal` installs the Azure CLI")
def test_azure_cli_of_the_docs_enqueues_and_reads(queues: str) -> None:
    put, get = block("Azure CLI", "bash").strip().splitlines()
    run(["bash", "-c", put.replace("az ", f"{AZURE_CLI} ", 1)], queues)
    assert parse(enqueued(queues).encode(), None).request_id == "RITM0010001"
    (message,) = json.loads(run(["bash", "-c", get.replace("az ", f"{AZURE_CLI} ", 1)], queues))
    assert json.loads(message["content"])["data"]["status"] == "ineligible"


def test_every_section_with_a_command_says_whether_it_is_run() -> None:
    titles = re.findall(r"^## (.*)$", TEXT, re.MULTILINE)
    with_commands = [title for title in titles if "```" in section(re.escape(title))]
    assert with_commands
    for title in with_commands:
        assert "(tested" in title or "(not run " in title, title
