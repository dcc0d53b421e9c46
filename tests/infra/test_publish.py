"""The script that publishes, run with the genuine Azure CLI on a Resource Manager of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.package import write
from tests.infra.arm import ALWAYS, APP, GROUP
from tests.infra.terminal import AZURE_CLI, signed_in

if TYPE_CHECKING:
    from pathlib import Path

DEPLOYMENT = "b2b-pilot-7"
pytestmark = [
    pytest.mark.skipif(not AZURE_CLI.exists(), reason="`make rehearsal` installs the Azure CLI"),
    # The CLI's first run on a machine compiles all of it.
    pytest.mark.timeout(600),
]


def publish(package: Path) -> str:
    return f"infra/scripts/publish.sh {GROUP} {DEPLOYMENT} {package}"


async def test_package_is_published_its_empty_setting_deleted_its_functions_listed(
    tmp_path: Path,
) -> None:
    async with signed_in(tmp_path) as operator:
        operator.azure.deployed(DEPLOYMENT, "functionAppName")
        code, output, errors = await operator.runs(publish(write(tmp_path / "package.zip")))
        assert code == 0, errors
    assert output.splitlines() == [
        "deleted  the empty setting AzureWebJobsStorage",
        *(f"listed   {name}" for name in ALWAYS),
    ]
    assert operator.azure.settings == {"ALLOWED_EMAIL_DOMAINS": "partner.example"}


async def test_setting_with_a_value_stays(tmp_path: Path) -> None:
    async with signed_in(tmp_path) as operator:
        operator.azure.deployed(DEPLOYMENT, "functionAppName")
        operator.azure.settings["AzureWebJobsStorage"] = "somebody's own"
        code, output, errors = await operator.runs(publish(write(tmp_path / "package.zip")))
        assert code == 0, errors
    assert output.splitlines() == [f"listed   {name}" for name in ALWAYS]
    assert operator.azure.settings["AzureWebJobsStorage"] == "somebody's own"


async def test_package_without_its_libraries_is_an_error(tmp_path: Path) -> None:
    async with signed_in(tmp_path) as operator:
        operator.azure.deployed(DEPLOYMENT, "functionAppName")
        operator.azure.builds = False
        code, _, errors = await operator.runs(publish(write(tmp_path / "package.zip")))
    assert code == 1
    assert f"Azure does not list {' '.join(ALWAYS)} of {APP}: was it built remotely?" in errors


async def test_package_that_is_not_taken_is_an_error(tmp_path: Path) -> None:
    async with signed_in(tmp_path) as operator:
        operator.azure.deployed(DEPLOYMENT, "functionAppName")
        operator.azure.listed = list(ALWAYS)
        operator.azure.takes = False
        code, output, errors = await operator.runs(publish(write(tmp_path / "package.zip")))
    assert (code, output) == (1, "")
    assert "Status Code: 500, Details: no room" in errors
    assert f"{APP} did not take the package" in errors


async def test_deployment_of_another_name_is_an_error(tmp_path: Path) -> None:
    async with signed_in(tmp_path) as operator:
        operator.azure.deployed("main", "functionAppName")
        code, output, errors = await operator.runs(publish(write(tmp_path / "package.zip")))
    assert (code != 0, output) == (True, "")
    assert "DeploymentNotFound" in errors
    assert not operator.azure.asked
