"""What the service may do, and does: S9."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from converters.model.completion import PERMISSIONS
from tests.directory import (
    GROUP_ID,
    request,
    tenant,
)
from tests.security.attempts import group
from tests.service import service

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


async def test_s9_nothing_is_written_to_the_directory_but_the_invitation(
    azurite: str, queue_names: Iterator[str]
) -> None:
    of_tenant = tenant(groups=[group()])
    keys = {"CONVERTIBLE_GROUP_ID": GROUP_ID, "READ_INVITATION_DOMAINS": "true"}
    async with service(azurite, queue_names, of_tenant, **keys) as running:
        assert (await running.outcome(request(mode="check")))["status"] == "eligible"
        assert (await running.outcome(request(requestId="R-2")))["status"] == "invited"
        calls = [(record.method, record.path) for record in running.graph.requests]
        batches = [json.loads(r.raw) for r in running.graph.requests if r.path.endswith("/$batch")]
    writes = [call for call in calls if call[0] != "GET" and not call[1].endswith("/$batch")]
    assert writes == [("POST", "/v1.0/invitations")]
    asked = {(item["method"], item["url"]) for batch in batches for item in batch["requests"]}
    assert len(asked) > 5
    assert {method for method, _ in asked} == {"GET"}


def test_documented_permissions_are_known_and_none_is_a_directory_write() -> None:
    known = json.loads((ROOT / "docs" / "permissions.json").read_text())
    text = (ROOT / "docs" / "reference" / "permissions.md").read_text()
    needed, extra = text.split("| what an extra one buys")
    granted = set(re.findall(r"^\| `([\w.-]+)` \|", needed, re.MULTILINE))
    assert granted == set(known["needed"])
    extra, steps = extra.split("## Completion")
    assert set(re.findall(r"^\| `([\w.-]+)` \|", extra, re.MULTILINE)) == set(known["optional"])
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| `([\w.-]+)` \|$", steps, re.MULTILINE)
    told = {step.strip("`"): name for row, name in rows for step in row.split(", ")}
    assert told == known["completion"] == {str(step): name for step, name in PERMISSIONS.items()}
    assert set(told.values()) <= set(known["optional"])
    for name in granted:
        assert "ReadWrite" not in name
        assert name != "User.ManageIdentities.All"


def test_every_documented_permission_exists_at_graph() -> None:
    official = json.loads((ROOT / "tests" / "data" / "graph-permissions.json").read_text())
    known = json.loads((ROOT / "docs" / "permissions.json").read_text())
    assert {*known["needed"], *known["optional"]} <= set(official["applicationPermissions"])
