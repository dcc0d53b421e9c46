"""The script that readies a partner topic, run with the genuine Azure CLI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.infra.arm import GROUP, SUBSCRIPTION, TOPIC
from tests.infra.terminal import AZURE_CLI, signed_in

if TYPE_CHECKING:
    from pathlib import Path

KIND = "Microsoft.ManagedIdentity/userAssignedIdentities"
IDENTITIES = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/{KIND}"
IDENTITY = f"{IDENTITIES}/b2b-pilot"
ACTIVATE = f"infra/scripts/activate-topic.sh {GROUP} {TOPIC} {IDENTITY}"
PATH = f"Microsoft.EventGrid/partnerTopics/{TOPIC}"
pytestmark = [
    pytest.mark.skipif(not AZURE_CLI.exists(), reason="`make rehearsal` installs the Azure CLI"),
    # The CLI's first run on a machine compiles all of it.
    pytest.mark.timeout(600),
]


async def test_topic_gets_the_identity_and_is_activated_once(tmp_path: Path) -> None:
    async with signed_in(tmp_path) as operator:
        code, output, errors = await operator.runs(ACTIVATE)
        assert code == 0, errors
        assert output.splitlines() == [f"assigned   {IDENTITY}", f"activated  {TOPIC}"]
        assert operator.azure.asked == [f"PATCH {PATH}", f"POST {PATH}/activate"]
        assert operator.azure.topic == {
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}},
            "properties": {"activationState": "Activated"},
        }
        code, output, errors = await operator.runs(ACTIVATE)
        assert code == 0, errors
        assert output.splitlines() == [f"held       {IDENTITY}", f"active     {TOPIC}"]
        assert len(operator.azure.asked) == 2


async def test_topic_keeps_the_identities_that_it_has(tmp_path: Path) -> None:
    async with signed_in(tmp_path) as operator:
        others: dict[str, object] = {f"{IDENTITIES}/other": {}}
        kind = "SystemAssigned, UserAssigned"
        operator.azure.topic["identity"] = {"type": kind, "userAssignedIdentities": others}
        code, _, errors = await operator.runs(ACTIVATE)
        assert code == 0, errors
        assert operator.azure.topic["identity"] == {
            "type": kind,
            "userAssignedIdentities": {**others, IDENTITY: {}},
        }


async def test_topic_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    async with signed_in(tmp_path) as operator:
        code, output, _ = await operator.runs(ACTIVATE.replace(f" {TOPIC} ", " nobodys "))
    assert (code != 0, output, operator.azure.asked) == (True, "", [])
