"""The infrastructure holds its policies, and each policy notices what breaks it."""

from __future__ import annotations

import re

import pytest

from tests.infra.bicep import load
from tests.infra.planted import PLANTED
from tests.infra.policies import problems


def test_infrastructure_holds_every_policy() -> None:
    assert problems(load()) == []


@pytest.mark.parametrize(("file", "sound", "planted", "complaint"), PLANTED)
def test_planted_fault_is_found(file: str, sound: str, planted: str, complaint: str) -> None:
    texts = load()
    texts[file], changes = re.subn(sound, planted, texts[file], count=1)
    assert changes == 1
    assert any(complaint in problem for problem in problems(texts)), problems(texts)
