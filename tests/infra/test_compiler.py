"""What the Bicep compiler says of the infrastructure; and that the kept snapshots are its own."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.infra import snapshots
from tests.infra.compiler import RefusedError, staged
from tests.infra.paths import INFRA, SNAPSHOTS, sources
from tests.infra.policies import of_deployment
from tests.infra.variants import LEAST, REFUSED, VARIANTS, parameter_file

if TYPE_CHECKING:
    from pathlib import Path

    from tests.infra.compiler import Compiler

TEMPLATES = [name for name in sources() if name.endswith((".bicep", ".bicepparam"))]


def test_snapshots_belong_to_these_sources() -> None:
    """Holds without a compiler: ``make snapshots`` makes them, and writes the digest."""
    assert snapshots.DIGEST.read_text().strip() == snapshots.digest(), "run: make snapshots"


@pytest.mark.parametrize("name", snapshots.NAMES)
def test_snapshot_is_what_the_compiler_foresees(name: str, tmp_path: Path, bicep: Compiler) -> None:
    foreseen = snapshots.written(snapshots.made(name, staged(tmp_path), bicep))
    assert foreseen == (SNAPSHOTS / f"{name}.json").read_text()


@pytest.mark.parametrize("name", ["main.bicep", "graph/permissions.bicep"])
def test_linter_finds_nothing(name: str, tmp_path: Path, bicep: Compiler) -> None:
    assert bicep.found(staged(tmp_path) / name) == []


def test_files_are_formatted(tmp_path: Path, bicep: Compiler) -> None:
    infra = staged(tmp_path)
    for name in TEMPLATES:
        assert bicep.formatted(infra / name) == (INFRA / name).read_text(), name


@pytest.mark.parametrize(("values", "complaint"), REFUSED)
def test_what_cannot_work_is_refused_before_it_is_deployed(
    values: dict[str, Any], complaint: str, tmp_path: Path, bicep: Compiler
) -> None:
    file = parameter_file(staged(tmp_path), "main.bicep", "it", {**LEAST, **values})
    with pytest.raises(RefusedError, match=re.escape(complaint)):
        bicep.snapshot(file)


# Written another way, so that no word of the text gives it away: only what comes out does.
IN_SOURCES = [
    (
        "modules/storage.bicep", "allowSharedKeyAccess: false",
        "allowSharedKeyAccess: length(items(queues)) > 1", "allowSharedKeyAccess is True",
    ),
    (
        "main.bicep", "LEDGER_TABLE: table", "'ENABLE_${'ORYX_BUILD'}': table",
        "ENABLE_ORYX_BUILD is refused",
    ),
    (
        "modules/roles.bicep", "'StorageQueueDataMessageSender', kind: 'queue', name: queues.res",
        "'StorageQueueDataContributor', kind: 'queue', name: queues.res", "granted, and not needed",
    ),
]  # fmt: skip


@pytest.mark.parametrize("planted", IN_SOURCES)
def test_fault_in_the_sources_comes_out(
    planted: tuple[str, str, str, str], tmp_path: Path, bicep: Compiler
) -> None:
    infra, (file, sound, fault, complaint) = staged(tmp_path), planted
    text, changes = re.subn(sound, fault, (infra / file).read_text(), count=1)
    assert changes == 1
    (infra / file).write_text(text)
    values = VARIANTS["full"]
    foreseen = bicep.snapshot(parameter_file(infra, "main.bicep", "it", values))
    found = list(of_deployment(snapshots.resources(foreseen), values))
    assert any(complaint in problem for problem in found), found


def test_both_compiler_configurations_hold_every_rule_as_an_error() -> None:
    texts = sources()
    whole, graph = (json.loads(texts[f"{at}bicepconfig.json"]) for at in ("", "graph/"))
    assert graph["analyzers"] == whole["analyzers"]
    assert {rule["level"] for rule in whole["analyzers"]["core"]["rules"].values()} == {"error"}
    # What needs a registry is asked for where it is used, and nowhere else.
    assert "extensions" in graph
    assert "extensions" not in whole
