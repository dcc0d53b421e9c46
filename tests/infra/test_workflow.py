"""The workflow's steps and the README's commands, as they stand, with the genuine Azure CLI."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.infra.arm import ALWAYS, APP, GROUP
from tests.infra.compiler import found
from tests.infra.paths import INFRA, ROOT, sources
from tests.infra.terminal import AZURE_CLI, signed_in
from tests.infra.variants import ENVIRONMENT

if TYPE_CHECKING:
    from pathlib import Path

WORKFLOW = ROOT / ".github" / "workflows" / "deploy.yml"
README = (INFRA / "README.md").read_text()
# The CLI reads YAML; nothing else here has to.
READ = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))"
VARS = {**ENVIRONMENT, "AZURE_RESOURCE_GROUP": GROUP}
OUTPUTS = re.findall(r"^output (\w+) ", sources()["main.bicep"], re.MULTILINE)
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
# `make` sets nothing up here: the tests run in what it would make.
PREPARED = {"PYTHON": "true"}
needs_cli = pytest.mark.skipif(
    not AZURE_CLI.exists(), reason="`make rehearsal` installs the Azure CLI"
)
# The CLI's first run on a machine compiles all of it.
pytestmark = pytest.mark.timeout(600)


def jobs() -> dict[str, Any]:
    read = subprocess.run(
        [AZURE_CLI / "python", "-c", READ],
        input=WORKFLOW.read_bytes(),
        capture_output=True,
        check=True,
    )
    workflow: dict[str, Any] = json.loads(read.stdout)
    return workflow["jobs"]  # type: ignore[no-any-return]


def filled(values: dict[str, str]) -> dict[str, str]:
    """Fill in what GitHub knows."""
    named = re.compile(r"\$\{\{ vars\.(\w+) \}\}")
    return {name: named.sub(lambda match: VARS[match[1]], text) for name, text in values.items()}


def compiler_into(commands: Path) -> None:
    """Put a compiler on the PATH: the genuine one, or what it says of parameters and outputs."""
    if genuine := found():
        (commands / "bicep").symlink_to(genuine)
        return
    outputs = {name: {"type": "string"} for name in OUTPUTS}
    template: dict[str, Any] = {"$schema": SCHEMA, "resources": [], "outputs": outputs}
    given = {
        name: {"value": ENVIRONMENT[key]}
        for name, key in (
            ("environmentName", "AZURE_ENV_NAME"),
            ("allowedEmailDomains", "ALLOWED_EMAIL_DOMAINS"),
        )
    }
    template["parameters"] = {name: {"type": "string"} for name in given}
    texts = {"parametersJson": {"parameters": given}, "templateJson": template}
    said = json.dumps({name: json.dumps(text) for name, text in texts.items()})
    stub = commands / "bicep"
    stub.write_text(
        f"#!/bin/sh\nif [ $1 = --version ]; then echo Bicep CLI version 0.49.2\n"
        f"else cat <<'EOT'\n{said}\nEOT\nfi\n"
    )
    stub.chmod(0o755)


@needs_cli
async def test_steps_of_the_workflow_preview_deploy_and_publish(tmp_path: Path) -> None:
    async with signed_in(tmp_path) as operator:
        compiler_into(tmp_path / "commands")
        said = []
        for name in ("preview", "deploy"):
            job = jobs()[name]
            for step in job["steps"]:
                assert not {"env", "shell", "working-directory"} & set(step), "read it here, too"
                environment = {**filled(job["env"]), **PREPARED}
                code, output, errors = await operator.runs(step.get("run", ""), **environment)
                assert code == 0, errors
                said.append(output)
                assert operator.azure.parameters or "run" not in step
            assert (list(operator.azure.deployments) == ["main"]) is (name == "deploy")
    assert operator.azure.parameters == {
        "environmentName": {"value": "pilot"},
        "allowedEmailDomains": {"value": "partner.example"},
    }
    assert said[-1].splitlines()[-3:] == [f"listed   {name}" for name in ALWAYS]


@needs_cli
async def test_commands_of_the_readme_deploy_and_publish(tmp_path: Path) -> None:
    blocks = re.findall(r"```\n(.*?)```", README, re.DOTALL)
    (block,) = [block for block in blocks if "publish.sh" in block]
    async with signed_in(tmp_path) as operator:
        compiler_into(tmp_path / "commands")
        code, output, errors = await operator.runs(block, **PREPARED)
        assert code == 0, errors
        assert set(operator.azure.deployments["b2b-pilot"]) == set(OUTPUTS)
    assert output.splitlines()[-3:] == [f"listed   {name}" for name in ALWAYS]
    assert any(APP in path for path in operator.azure.asked)


def test_outputs_that_commands_ask_for_exist() -> None:
    scripts = (path.read_text() for path in (INFRA / "scripts").glob("*.sh"))
    whole = "\n".join([README, WORKFLOW.read_text(), *scripts])
    asked = set(re.findall(r"properties\.outputs\.(\w+)", whole))
    assert {"functionAppName", "identityPrincipalId"} <= asked <= set(OUTPUTS)
    # Of azd, which names deployments itself.
    assert set(re.findall(r"azd env get-value (\w+)", whole)) == {"identityPrincipalId"}


def test_commands_name_one_deployment() -> None:
    names = set(re.findall(r"deployment group \w+ --name (\S+)", README))
    names |= set(re.findall(r"publish\.sh \S+ (\S+)", README))
    assert names == {"b2b-pilot"}
