"""What deployments would make: kept, and made anew by ``make snapshots``."""

from __future__ import annotations

import functools
import hashlib
import json
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.infra import compiler
from tests.infra.paths import SNAPSHOTS, sources
from tests.infra.variants import ENVIRONMENT, GRANTS, PILOT, VARIANTS, parameter_file

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = (PILOT, *VARIANTS, *GRANTS)
DIGEST = SNAPSHOTS / "sources.sha256"
_EXTENSION = "/providers/Microsoft.Authorization/roleAssignments/"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource that the compiler foresees.

    Attributes:
        kind: its type.
        id: its resource id; an expression, where a part of it is known only once it is deployed.
        body: everything that is said of it.
    """

    kind: str
    id: str
    body: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The last part of its name."""
        return str(self.body["name"]).rpartition("/")[2]

    @property
    def scope(self) -> str:
        """What a role assignment is granted on."""
        return self.id.partition(_EXTENSION)[0]

    def at(self, path: str) -> Any:  # noqa: ANN401 - any value of Bicep
        """Return the value at a path of names with dots, or None."""
        value: Any = self.body
        for step in path.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        return value


def digest() -> str:
    """Return the digest of everything that a snapshot is made of."""
    made_of = [sources(), ENVIRONMENT, VARIANTS, GRANTS]
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()


@functools.cache
def kept(name: str) -> tuple[Resource, ...]:
    """Return the resources of one deployment, as its snapshot has them."""
    text = (SNAPSHOTS / f"{name}.json").read_text()
    return tuple(resources(json.loads(text)))


def resources(foreseen: Mapping[str, Any]) -> list[Resource]:
    """Return the resources of a snapshot."""
    return [
        Resource(body["type"].partition("@")[0], body.get("id", ""), body)
        for body in foreseen["predictedResources"]
    ]


def made(name: str, infra: Path, bicep: compiler.Compiler) -> dict[str, Any]:
    """Make one snapshot anew.

    Args:
        name: the deployment's.
        infra: a copy of the sources, to write beside.
        bicep: the compiler.

    Raises:
        compiler.RefusedError: the compiler found something.
    """
    if name == PILOT:
        return bicep.snapshot(infra / "main.bicepparam")
    if name in GRANTS:
        return bicep.snapshot(
            parameter_file(infra / "graph", "permissions.bicep", name, GRANTS[name])
        )
    return bicep.snapshot(parameter_file(infra, "main.bicep", name, VARIANTS[name]))


def written(foreseen: Mapping[str, Any]) -> str:
    """Return a snapshot's text: without the outputs, which name the run that they came from."""
    text = json.dumps({"predictedResources": foreseen["predictedResources"]}, indent=1)
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE) + "\n"


def main() -> int:
    """Make all of them anew."""
    command = compiler.found()
    if command is None:
        print("No Bicep CLI: set BICEP, or put it on the PATH.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, compiler.Compiler(command) as bicep:
        infra = compiler.staged(Path(folder))
        for name in NAMES:
            (SNAPSHOTS / f"{name}.json").write_text(written(made(name, infra, bicep)))
            print(name)
    DIGEST.write_text(f"{digest()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
