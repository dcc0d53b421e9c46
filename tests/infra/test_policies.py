"""The infrastructure holds its policies, and each policy notices what breaks it."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from tests.infra.paths import sources
from tests.infra.planted import DEPLOYED, TEXTS, Fault
from tests.infra.policies import of_deployment, of_sources
from tests.infra.snapshots import Resource, kept
from tests.infra.variants import LEAST, PILOT, VARIANTS

DEPLOYMENTS = {PILOT: LEAST, **VARIANTS}


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_deployment_holds_every_policy(name: str) -> None:
    assert list(of_deployment(kept(name), DEPLOYMENTS[name])) == []


def test_sources_hold_every_policy() -> None:
    assert list(of_sources(sources())) == []


def planted(fault: Fault) -> list[Resource]:
    """Return the resources of the fault's deployment, with it in the first that it fits."""
    resources = list(kept(fault.deployment))
    (place, *_) = [
        place
        for place, it in enumerate(resources)
        if it.kind == fault.kind and fault.id in it.id and fault.body in str(it.body)
    ]
    found = resources[place]
    if fault.change is None:
        return resources[:place] + resources[place + 1 :]
    body: dict[str, Any] = copy.deepcopy(dict(found.body))
    changed = Resource(found.kind, fault.change(body) or found.id, body)
    kind = str(body.get("type", found.kind))
    changed = Resource(kind, changed.id, body)
    return [*resources, changed] if fault.more else [*resources[:place], changed, *resources[place + 1 :]]  # fmt: skip  # noqa: E501


@pytest.mark.parametrize("fault", DEPLOYED, ids=lambda fault: fault.complaint)
def test_planted_fault_is_found(fault: Fault) -> None:
    found = list(of_deployment(planted(fault), DEPLOYMENTS[fault.deployment]))
    assert any(fault.complaint in problem for problem in found), found


@pytest.mark.parametrize(("file", "sound", "fault", "complaint"), TEXTS)
def test_planted_text_is_found(file: str, sound: str, fault: str, complaint: str) -> None:
    texts = sources()
    texts[file], changes = re.subn(sound, fault, texts[file], count=1)
    assert changes == 1
    found = list(of_sources(texts))
    assert any(complaint in problem for problem in found), found
