"""Deployments whose snapshots are kept: every switch, on and off."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT = {"AZURE_ENV_NAME": "pilot", "ALLOWED_EMAIL_DOMAINS": "partner.example"}
LEAST: dict[str, Any] = {"environmentName": "pilot", "allowedEmailDomains": "partner.example"}
_ZONES = "/subscriptions/hub/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones"
HTTP = {
    "audience": "api://b2b-conversion",
    "callerAppIds": [
        "55555555-aaaa-4aaa-8aaa-555555555555",
        "66666666-aaaa-4aaa-8aaa-666666666666",
    ],
    "callbackPrefixes": ["https://contoso.service-now.com/api/", "https://flows.example/"],
}
# As ``main.bicepparam`` deploys it, with what azd fills in.
PILOT = "pilot"
# Of the main file, by name.
VARIANTS: dict[str, dict[str, Any]] = {
    "full": {
        **LEAST,
        "tags": {"costCentre": "42"},
        "operatorSettings": {
            "DAILY_LIMIT": "200",
            "PROTECTED_IDS": "a,b",
            "EVENTS_PARTNER_TOPIC": "/subscriptions/it/partnerTopics/topic",
        },
        "senderPrincipalIds": ["sender-1", "sender-2"],
        "receiverPrincipalIds": ["receiver-1"],
        "alertEmailAddresses": ["on-call@contoso.example"],
        "alwaysReadyInstances": 2,
        "zoneRedundant": True,
        "maximumInstanceCount": 3,
        "instanceMemoryMB": 2048,
        "authorizeGraphEvents": True,
        "lifecycleConnector": True,
        "httpConnector": HTTP,
        "partnerTopicName": "topic",
    },
    "private": {**LEAST, "privateNetwork": True, "diagnosticSettings": False},
    "hub": {
        **LEAST,
        "privateNetwork": True,
        "queryLogsFromPublicNetworks": False,
        "storageSku": "Standard_LRS",
        "networkOptions": {
            "addressPrefix": "10.9.0.0/25",
            "natGateway": True,
            "privateDns": {
                "kind": "given",
                "zones": {it: f"{_ZONES}/{it}" for it in ("blob", "queue", "table")},
            },
        },
    },
    "policy": {
        **LEAST,
        "privateNetwork": True,
        "networkOptions": {"privateDns": {"kind": "policy"}},
    },
}
# Of the permissions at Graph.
GRANTS: dict[str, dict[str, Any]] = {
    "grants": {"principalId": "identity"},
    "grants-all": {
        "principalId": "identity",
        "allowReadWriteAll": True,
        "allowInvitationDomains": True,
        "completionSteps": [
            "revokeSessions",
            "randomisePassword",
            "userType",
            "sponsor",
            "manager",
        ],
    },
    "grants-completion": {"principalId": "identity", "completionSteps": ["sponsor"]},
}
# What the template itself refuses, and a word of why.
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"location": "northeurope", "maximumInstanceCount": 10}, "at least 40 in northeurope"),
    ({"alwaysReadyInstances": 41}, "must not be more than maximumInstanceCount"),
    ({"zoneRedundant": True, "alwaysReadyInstances": 1}, "at least 2 with zoneRedundant"),
    ({"privateNetwork": True, "partnerTopicName": "topic"}, "exclude one another"),
    ({"privateNetwork": True, "lifecycleConnector": True}, "cannot reach a closed network"),
    ({"privateNetwork": True, "httpConnector": HTTP}, "cannot reach a closed network"),
    *(
        ({"httpConnector": HTTP | {"callbackPrefixes": [prefix]}}, "must each be https://host/")
        for prefix in ("http://a.example/", "https://a.example", "https://", "https://a@b.example/")
    ),
    ({"httpConnector": HTTP | {"callerAppIds": []}}, "too short"),
    ({"httpConnector": HTTP | {"callerAppIds": ["a"] * 6}}, "too long"),
    ({"httpConnector": HTTP | {"audience": None}}, "string"),
    ({"operatorSettings": {"DAYLY_LIMIT": "200"}}, "DAILY_LIMIT"),
    ({"operatorSettings": {"RULES_EDITION": "2021"}}, "2020"),
    ({"networkOptions": {"privateDns": {"kind": "given"}}}, "zones"),
    ({"tags": {"costCentre": 42}}, "string"),
]


def parameter_file(folder: Path, main: str, name: str, values: dict[str, Any]) -> Path:
    """Write a parameter file beside its template; return its path."""
    lines = [f"using '{main}'", *(f"param {key} = {_literal(it)}" for key, it in values.items())]
    path = folder / f"{name}.bicepparam"
    path.write_text("\n".join(lines) + "\n")
    return path


def _literal(value: Any) -> str:  # noqa: ANN401 - any value of Bicep
    """Write a value in Bicep's own form."""
    match value:
        case str():
            return f"'{value}'"
        case dict():
            return "{" + ", ".join(f"{key}: {_literal(it)}" for key, it in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_literal, value)) + "]"
        case _:
            return json.dumps(value)
