"""The mutants that are named as equivalent are there, each with its reason."""

from __future__ import annotations

import tomllib

import pytest

from tests.mutation import equivalent, mutants

NAMED = tomllib.loads(equivalent.FILE.read_text())["equivalent"]


def test_equivalent_mutant_that_is_named_is_there() -> None:
    modules = {name.partition(":")[0] for name in NAMED}
    paths = [mutants.ROOT / "converters" / f"{name.replace('.', '/')}.py" for name in modules]
    ids = [mutant.id for path in paths for mutant in mutants.of_file(path)]
    assert equivalent.read(equivalent.FILE, ids) == NAMED
    with pytest.raises(ValueError, match="names no mutant"):
        equivalent.read(equivalent.FILE, [name for name in ids if name not in NAMED])
