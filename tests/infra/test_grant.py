"""The script that grants permissions, run with the genuine Azure CLI on a Graph of its own."""

from __future__ import annotations

import asyncio
import json
import os
import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.infra.paths import INFRA, ROOT, sources
from tests.infra.terminal import AZURE_CLI, ENDPOINTS

if TYPE_CHECKING:
    from pathlib import Path

NEEDED = json.loads((ROOT / "docs" / "permissions.json").read_text())["needed"]
IDS = dict(re.findall(r"'([A-Z][\w.-]+)': '([0-9a-f-]{36})'", sources()["graph/permissions.bicep"]))
GRAPH, IDENTITY = (str(uuid.UUID(int=number)) for number in (1, 2))
BY_APP_ID = "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')"
pytestmark = [
    pytest.mark.skipif(not AZURE_CLI.exists(), reason="`make rehearsal` installs the Azure CLI"),
    # The CLI's first run on a machine compiles all of it.
    pytest.mark.timeout(300),
]


class Directory:
    """Graph's own service principal, and what an identity is granted at it.

    Attributes:
        granted: ids of app roles.
    """

    def __init__(self) -> None:
        self.granted: list[str] = []
        self.app = web.Application()
        self.app.router.add_get(BY_APP_ID, self._principal)
        assignments = f"/v1.0/servicePrincipals/{IDENTITY}/appRoleAssignments"
        self.app.router.add_get(assignments, self._held)
        self.app.router.add_post(f"/v1.0/servicePrincipals/{GRAPH}/appRoleAssignedTo", self._grant)

    async def _principal(self, asking: web.Request) -> web.Response:
        roles = [
            {"id": role, "value": name, "allowedMemberTypes": ["Application"]}
            for name, role in IDS.items()
        ]
        # Delegated permissions have the same names, and other ids.
        others = [{**role, "id": GRAPH, "allowedMemberTypes": ["User"]} for role in roles]
        whole: dict[str, Any] = {"id": GRAPH, "appRoles": [*others, *roles]}
        (name,) = asking.query["$select"].split(",")
        return web.json_response({name: whole[name]})

    async def _held(self, _: web.Request) -> web.Response:
        return web.json_response({"value": [{"appRoleId": role} for role in self.granted]})

    async def _grant(self, asking: web.Request) -> web.Response:
        body = await asking.json()
        assert (body["principalId"], body["resourceId"]) == (IDENTITY, GRAPH)
        self.granted.append(body["appRoleId"])
        return web.json_response({}, status=201)

    async def told(self, folder: Path, *permissions: str) -> tuple[int | None, list[str]]:
        """Run the script in a cloud whose Graph this is; return exit code and output."""
        server = TestServer(self.app)
        await server.start_server()
        url = server.make_url("/")
        endpoints = "\n".join(f"endpoint_{name} = {url}" for name in ENDPOINTS)
        (folder / "clouds.config").write_text(f"[Local]\n{endpoints}\n")
        (folder / "config").write_text("[cloud]\nname = Local\n[core]\ncollect_telemetry = no\n")
        path = f"{AZURE_CLI}{os.pathsep}{os.environ['PATH']}"
        try:
            process = await asyncio.create_subprocess_exec(
                *("bash", str(INFRA / "scripts" / "grant.sh"), IDENTITY, *permissions),
                env={**os.environ, "PATH": path, "AZURE_CONFIG_DIR": str(folder)},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            output, _ = await process.communicate()
        finally:
            await server.close()
        return process.returncode, output.decode().splitlines()


async def test_what_is_needed_is_granted_and_what_is_held_is_left(tmp_path: Path) -> None:
    directory = Directory()
    directory.granted = [IDS[name] for name in NEEDED[2:]]
    code, lines = await directory.told(tmp_path, "User.ReadWrite.All")
    assert code == 0, lines
    assert lines == [
        *(f"granted  {name}" for name in NEEDED[:2]),
        *(f"held     {name}" for name in NEEDED[2:]),
        "granted  User.ReadWrite.All",
    ]
    assert set(directory.granted) == {IDS[name] for name in [*NEEDED, "User.ReadWrite.All"]}


async def test_name_that_is_mistyped_grants_nothing(tmp_path: Path) -> None:
    directory = Directory()
    code, lines = await directory.told(tmp_path, "User.ReadWrite.Al")
    assert (code, directory.granted) == (1, [])
    assert lines == ["Graph knows no application permission User.ReadWrite.Al"]


async def test_each_completion_step_brings_its_permission_alone_and_each_once(
    tmp_path: Path,
) -> None:
    directory = Directory()
    directory.granted = [IDS[name] for name in NEEDED]
    asked = ("--completion-steps", "userType,sponsor,revokeSessions")
    code, lines = await directory.told(tmp_path, *asked, "Policy.Read.B2BManagementPolicy")
    assert code == 0, lines
    assert [line for line in lines if line.startswith("granted")] == [
        "granted  Policy.Read.B2BManagementPolicy",
        "granted  User.ReadWrite.All",
        "granted  User.RevokeSessions.All",
    ]


async def test_step_that_is_mistyped_grants_nothing(tmp_path: Path) -> None:
    directory = Directory()
    code, lines = await directory.told(tmp_path, "--completion-steps", "sponsors")
    assert (code, directory.granted) == (1, [])
    assert lines == ["There is no completion step sponsors"]
