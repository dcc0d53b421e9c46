"""The least that each principal needs: what the deployment may grant, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from converters.settings.settings import Settings
from tests.infra.bicep import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.infra.deployment import Resource

ROLES: dict[str, str] = json.loads((ROOT / "tests" / "data" / "azure-roles.json").read_text())[
    "roles"
]
_ANY, _SEND, _READ = "Queue Data Contributor", "Queue Data Message Sender", "Queue Data Reader"
_TAKE = "Queue Data Message Processor"


def least(resources: list[Resource], parameters: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return what is needed: principal, id of the role, and the id of what it is granted on."""
    ids = {resource.kind.rpartition("/")[2]: resource.id for resource in resources}
    account, me = ids["storageAccounts"], f"{ids['userAssignedIdentities']}.properties.principalId"
    names = Settings.from_mapping({"CONVERSION_STORAGE": "UseDevelopmentStorage=true"})
    requests, results = names.requests_queue, names.results_queue
    grants = [
        (me, "Storage Blob Data Owner", account),
        (me, "Monitoring Metrics Publisher", ids["components"]),
        (
            me, "Storage Table Data Contributor",
            f"{account}/tableServices/default/tables/{names.ledger_table}",
        ),
    ]  # fmt: skip
    queues = [
        *((me, _ANY, name) for name in (requests, names.poison_queue, names.quota_queue)),
        *(
            (me, role, name)
            for name in (results, names.dead_letters_queue)
            for role in (_SEND, _READ)
        ),
        (me, _ANY, "redemption-checks"),
        *((one, _SEND, requests) for one in parameters.get("senderPrincipalIds", [])),
        *((one, _TAKE, results) for one in parameters.get("receiverPrincipalIds", [])),
    ]
    grants += [
        (one, f"Storage {role}", f"{account}/queueServices/default/queues/{name}")
        for one, role, name in queues
    ]
    return sorted((one, ROLES[role], scope) for one, role, scope in grants)
