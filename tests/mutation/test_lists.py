"""What is listed for mutation testing is the whole package, and what is named in it is there."""

from __future__ import annotations

import tomllib

import pytest

from tests.mutation import areas, equivalent, mutants

PACKAGE = mutants.ROOT / "converters"
NAMED = tomllib.loads(equivalent.FILE.read_text())["equivalent"]


def test_every_module_stands_in_one_area_or_is_said_to_decide_nothing() -> None:
    placed = [path for paths in areas.by_area(PACKAGE).values() for path in paths]
    assert len(placed) == len(set(placed))
    assert PACKAGE / "composition.py" in placed


def test_module_in_no_area_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(areas.AREAS, "pacing", ("graph/rate_limit.py",))
    with pytest.raises(ValueError, match=r"not in exactly one area: graph/client\.py"):
        areas.by_area(PACKAGE)


def test_equivalent_mutant_that_is_named_is_there() -> None:
    modules = {name.partition(":")[0] for name in NAMED}
    paths = [PACKAGE / f"{name.replace('.', '/')}.py" for name in modules]
    ids = [mutant.id for path in paths for mutant in mutants.of_file(path)]
    assert equivalent.read(equivalent.FILE, ids) == NAMED
    with pytest.raises(ValueError, match="names no mutant"):
        equivalent.read(equivalent.FILE, [name for name in ids if name not in NAMED])
