"""The least that each principal needs: what the deployment may grant, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from converters.settings.settings import Settings
from tests.infra.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tests.infra.snapshots import Resource

Grant = tuple[str, str, str]
ROLES: dict[str, str] = json.loads((ROOT / "tests" / "data" / "azure-roles.json").read_text())[
    "roles"
]
_ANY, _SEND, _READ = "Queue Data Contributor", "Queue Data Message Sender", "Queue Data Reader"
_TAKE = "Queue Data Message Processor"
_LOGIC = "Microsoft.Logic/workflows"
_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"


def least(resources: Sequence[Resource], parameters: Mapping[str, Any]) -> list[Grant]:
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
    grants += [*_of_connectors(resources, parameters, me, account)]
    grants += [
        (one, f"Storage {role}", f"{account}/queueServices/default/queues/{name}")
        for one, role, name in queues
    ]
    return sorted((one, ROLES[role], scope) for one, role, scope in grants)


def _of_connectors(
    resources: Sequence[Resource], parameters: Mapping[str, Any], function: str, account: str
) -> Iterator[tuple[str, str, str]]:
    """Return what the connectors need, and the function for them."""
    ids = {it.name.partition("-pilot-")[2]: it.id for it in resources if it.kind == _LOGIC}
    queues = f"{account}/queueServices/default/queues/conversion"
    table = f"{account}/tableServices/default/tables/connectorcallbacks"
    for kind, switch in (("lifecycle", "lifecycleConnector"), ("http", "httpConnector")):
        if not parameters.get(switch):
            continue
        asks, tells = (
            f"[reference('{ids[f'{kind}-{what}']}', '2019-05-01', 'full').identity.principalId]"
            for what in ("requests", "results")
        )
        mine = f"{queues}-results-{kind}"
        yield from ((function, f"Storage {role}", mine) for role in (_SEND, _READ))
        yield asks, f"Storage {_SEND}", f"{queues}-requests"
        yield tells, f"Storage {_TAKE}", mine
        yield tells, f"Storage {_SEND}", f"{queues}-results"
        if kind == "http":
            yield from ((one, "Storage Table Data Contributor", table) for one in (asks, tells))


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
