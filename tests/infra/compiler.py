"""The Bicep compiler, where one is found: ``BICEP``, the PATH, or beside the repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Self

from tests.infra.paths import BESIDE, INFRA
from tests.infra.variants import ENVIRONMENT

if TYPE_CHECKING:
    from pathlib import Path

# Published by Microsoft; the compiler would fetch it from its registry.
GRAPH_TYPES = "msgraph-v1.0.tgz"
PLACE = {
    "tenantId": "00000000-0000-4000-8000-00000000000f",
    "subscriptionId": "00000000-0000-4000-8000-000000000001",
    "resourceGroup": "pilot",
    "location": "westeurope",
    "deploymentName": "main",
}


def found() -> str | None:
    """Return the Bicep CLI, where there is one."""
    beside = shutil.which("bicep", path=BESIDE)
    return os.environ.get("BICEP") or shutil.which("bicep") or beside


class RefusedError(Exception):
    """The compiler found something; its words."""


class Compiler:
    """One compiler process, asked by JSON-RPC: what it has loaded once serves every question."""

    def __init__(self, command: str) -> None:
        self._process = subprocess.Popen(
            [command, "jsonrpc", "--stdio"],
            env={**os.environ, **ENVIRONMENT},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._asked = 0

    def __enter__(self) -> Self:
        # Once it answers, it is seen to run.
        self._ask("bicep/version")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def found(self, file: Path) -> list[dict[str, Any]]:
        """Compile and lint a template; return the errors and warnings."""
        return list(self._ask("bicep/compile", path=str(file))["diagnostics"])

    def formatted(self, file: Path) -> str:
        """Return a file as the compiler writes it."""
        return str(self._ask("bicep/format", path=str(file))["contents"])

    def snapshot(self, file: Path) -> dict[str, Any]:
        """Return what it foresees that a parameter file deploys.

        Raises:
            RefusedError: it found an error.
        """
        try:
            answer = self._ask("bicep/getSnapshot", path=str(file), metadata=PLACE)
        except RefusedError as error:
            # That does not tell what did not compile.
            said = self._ask("bicep/compileParams", path=str(file), parameterOverrides={})
            raise RefusedError(f"{error} {said['diagnostics']}") from error
        foreseen: dict[str, Any] = json.loads(answer["snapshot"])
        return foreseen

    def _ask(self, method: str, **params: object) -> dict[str, Any]:
        asks, answers = self._process.stdin, self._process.stdout
        assert asks
        assert answers
        self._asked += 1
        body = {"jsonrpc": "2.0", "id": self._asked, "method": method, "params": params}
        text = json.dumps(body).encode()
        asks.write(b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
        asks.flush()
        length = 0
        while line := answers.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        answer = json.loads(answers.read(length))
        if "error" in answer:
            raise RefusedError(json.dumps(answer["error"]))
        result: dict[str, Any] = answer["result"]
        return result


def staged(folder: Path) -> Path:
    """Copy the infrastructure, with Graph's types by a path where they are at hand."""
    copy = folder / "infra"
    shutil.copytree(INFRA, copy)
    if (BESIDE / GRAPH_TYPES).exists():
        shutil.copy(BESIDE / GRAPH_TYPES, copy / "graph")
        config = copy / "graph" / "bicepconfig.json"
        rules = json.loads(config.read_text())
        rules["extensions"] = {"microsoftGraphV1": f"./{GRAPH_TYPES}"}
        config.write_text(json.dumps(rules))
    return copy
