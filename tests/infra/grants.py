"""The least that each principal needs: what the deployment may grant, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from converters.settings.settings import Settings
from tests.infra.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.infra.snapshots import Resource

Grant = tuple[str, str, str]
ROLES: dict[str, str] = json.loads((ROOT / "tests" / "data" / "azure-roles.json").read_text())[
    "roles"
]
_ANY, _SEND, _READ = "Queue Data Contributor", "Queue Data Message Sender", "Queue Data Reader"
_TAKE = "Queue Data Message Processor"
_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"


def least(resources: Iterable[Resource], parameters: Mapping[str, Any]) -> list[Grant]:
    """Return what is needed: principal, id of the role, and the id of what it is granted on."""
    ids = {resource.kind.rpartition("/")[2]: resource.id for resource in resources}
    account = ids["storageAccounts"]
    me = f"[reference('{ids['userAssignedIdentities']}', '2024-11-30').principalId]"
    names = Settings.from_mapping({"CONVERSION_STORAGE": "UseDevelopmentStorage=true"})
    requests, results = names.requests_queue, names.results_queue
    grants = [
        (me, "Storage Blob Data Owner", account),
        (me, "Monitoring Metrics Publisher", ids["components"]),
        # The ledger's table; and the host makes tables of its own for its diagnostic events.
        (me, "Storage Table Data Contributor", account),
    ]
    queues = [
        *((me, _ANY, name) for name in (requests, names.poison_queue, names.quota_queue)),
        *(
            (me, role, name)
            for name in (results, names.dead_letters_queue)
            for role in (_SEND, _READ)
        ),
        *((me, _ANY, name) for name in (names.follow_up.queue, names.follow_up.poison_queue)),
        *((one, _SEND, requests) for one in parameters.get("senderPrincipalIds", [])),
        *((one, _TAKE, results) for one in parameters.get("receiverPrincipalIds", [])),
    ]
    grants += [
        (one, f"Storage {role}", f"{account}/queueServices/default/queues/{name}")
        for one, role, name in queues
    ]
    return sorted((one, ROLES[role], scope) for one, role, scope in grants)


def held(resources: Iterable[Resource]) -> list[Grant]:
    """Return what is granted, in the same form."""
    return sorted(
        (
            str(it.at("properties.principalId")),
            str(it.at("properties.roleDefinitionId")).rpartition("/")[2],
            it.scope,
        )
        for it in resources
        if it.kind == "Microsoft.Authorization/roleAssignments"
    )
