"""The least that each principal needs: what the deployment may grant, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from converters.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.infra.deployment import Resource

# Source: "Azure built-in roles".
ROLES = {
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Queue Data Message Processor": "8a0f0c08-91a1-4084-bc3d-661d67233fed",
    "Storage Queue Data Message Sender": "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a",
    "Storage Queue Data Reader": "19e7f393-937e-4f77-808e-94535e297925",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
}
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
