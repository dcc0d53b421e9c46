"""What the resources have to be: types, properties and app settings, by their official names."""

from __future__ import annotations

from typing import Any

_STORAGE, _NETWORK = "Microsoft.Storage/storageAccounts", "Microsoft.Network"

# Every type that may be made, and how many of it at most; 0 where that is not of interest.
KINDS = {
    "Microsoft.ManagedIdentity/userAssignedIdentities": 1,
    _STORAGE: 1,
    f"{_STORAGE}/blobServices": 1,
    f"{_STORAGE}/blobServices/containers": 2,
    f"{_STORAGE}/queueServices": 1,
    f"{_STORAGE}/queueServices/queues": 9,
    f"{_STORAGE}/tableServices": 1,
    f"{_STORAGE}/tableServices/tables": 2,
    "Microsoft.Authorization/roleAssignments": 0,
    "Microsoft.OperationalInsights/workspaces": 1,
    "Microsoft.Insights/components": 1,
    "Microsoft.Insights/actionGroups": 1,
    "Microsoft.Insights/scheduledQueryRules": 0,
    "Microsoft.Insights/workbooks": 1,
    "Microsoft.Insights/diagnosticSettings": 5,
    "Microsoft.Web/serverfarms": 1,
    "Microsoft.Web/sites": 1,
    "Microsoft.Web/sites/config": 1,
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": 2,
    f"{_NETWORK}/virtualNetworks": 1,
    f"{_NETWORK}/networkSecurityGroups": 2,
    f"{_NETWORK}/natGateways": 1,
    f"{_NETWORK}/publicIPAddresses": 1,
    f"{_NETWORK}/privateDnsZones": 3,
    f"{_NETWORK}/privateDnsZones/virtualNetworkLinks": 3,
    f"{_NETWORK}/privateEndpoints": 3,
    f"{_NETWORK}/privateEndpoints/privateDnsZoneGroups": 3,
    "Microsoft.EventGrid/partnerConfigurations": 1,
    "Microsoft.EventGrid/partnerTopics/eventSubscriptions": 1,
    "Microsoft.Logic/workflows": 4,
    "Microsoft.Insights/metricAlerts": 4,
}

_DEPLOYED = "properties.functionAppConfig.deployment.storage"
_SCALE = "properties.functionAppConfig.scaleAndConcurrency"
_DEAD = "properties.deadLetterWithResourceIdentity"
# A pair: with public networks, and in a private one.
WANTED: dict[str, dict[str, Any]] = {
    _STORAGE: {
        "properties.allowSharedKeyAccess": False,
        "properties.allowBlobPublicAccess": False,
        "properties.allowCrossTenantReplication": False,
        "properties.defaultToOAuthAuthentication": True,
        "properties.minimumTlsVersion": "TLS1_2",
        "properties.supportsHttpsTrafficOnly": True,
        "properties.publicNetworkAccess": ("Enabled", "Disabled"),
        "properties.networkAcls.defaultAction": ("Allow", "Deny"),
        "properties.networkAcls.bypass": "None",
        "properties.networkAcls.ipRules": None,
        "properties.isSftpEnabled": None,
        "properties.isLocalUserEnabled": None,
        "identity": None,
    },
    f"{_STORAGE}/blobServices": {
        "properties.cors": None,
        "properties.deleteRetentionPolicy.enabled": True,
        "properties.containerDeleteRetentionPolicy.enabled": True,
    },
    f"{_STORAGE}/queueServices": {"properties.cors": None},
    f"{_STORAGE}/tableServices": {"properties.cors": None},
    f"{_STORAGE}/blobServices/containers": {"properties.publicAccess": "None"},
    "Microsoft.Insights/components": {
        "properties.DisableLocalAuth": True,
        "properties.publicNetworkAccessForIngestion": "Enabled",
    },
    "Microsoft.OperationalInsights/workspaces": {"properties.features.disableLocalAuth": True},
    "Microsoft.Insights/scheduledQueryRules": {"properties.skipQueryValidation": True},
    "Microsoft.Web/serverfarms": {
        "sku.name": "FC1",
        "sku.tier": "FlexConsumption",
        "properties.reserved": True,
    },
    "Microsoft.Web/sites": {
        "kind": "functionapp,linux",
        "identity.type": "UserAssigned",
        "properties.httpsOnly": True,
        "properties.siteConfig.minTlsVersion": "1.2",
        "properties.siteConfig.http20Enabled": True,
        "properties.siteConfig.ftpsState": "Disabled",
        "properties.siteConfig.appSettings": None,
        "properties.siteConfig.connectionStrings": None,
        "properties.functionAppConfig.runtime.name": "python",
        "properties.functionAppConfig.runtime.version": "3.13",
        f"{_DEPLOYED}.type": "blobContainer",
        f"{_DEPLOYED}.authentication.type": "UserAssignedIdentity",
    },
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": {"properties.allow": False},
    "Microsoft.EventGrid/partnerTopics/eventSubscriptions": {
        "properties.eventDeliverySchema": "CloudEventSchemaV1_0",
        "properties.deliveryWithResourceIdentity.identity.type": "UserAssigned",
        f"{_DEAD}.identity.type": "UserAssigned",
        f"{_DEAD}.deadLetterDestination.endpointType": "StorageBlob",
        "properties.destination": None,
        "properties.deadLetterDestination": None,
        "properties.filter.includedEventTypes": None,
    },
}
WANTED["Microsoft.Logic/workflows"] = {
    "identity.type": "SystemAssigned",
    # What runs took and gave can hold addresses and redeem URLs.
    "properties.accessControl.contents.allowedCallerIpAddresses": [
        {"addressRange": "0.0.0.0-0.0.0.0"}
    ],
    "properties.state": None,
}
# Beside that, what the least parameters give.
DEFAULTS: dict[str, dict[str, Any]] = {
    "Microsoft.Web/serverfarms": {"properties.zoneRedundant": False},
    "Microsoft.Web/sites": {
        f"{_SCALE}.alwaysReady": [],
        f"{_SCALE}.instanceMemoryMB": 512,
        f"{_SCALE}.maximumInstanceCount": 40,
    },
    _STORAGE: {"sku.name": "Standard_ZRS"},
}

_CLIENT = r"reference\('\S+/userAssignedIdentities/\S+', '\S+'\)\.clientId"
_URI = r"\[reference\('\S+/storageAccounts/\S+', '\S+'\)\.primaryEndpoints\.{}\]"
# The connections, each by identity, as expressions for their values.
SETTINGS = {
    "AzureWebJobsStorage__accountName": r"b2b\w+",
    "AzureWebJobsStorage__credential": "managedidentity",
    "AzureWebJobsStorage__clientId": rf"\[{_CLIENT}\]",
    "AzureWebJobsStorage__blobServiceUri": _URI.format("blob"),
    "AzureWebJobsStorage__queueServiceUri": _URI.format("queue"),
    "AzureWebJobsStorage__tableServiceUri": _URI.format("table"),
    "CONVERSION_STORAGE__credential": "managedidentity",
    "CONVERSION_STORAGE__clientId": rf"\[{_CLIENT}\]",
    "CONVERSION_STORAGE__queueServiceUri": _URI.format("queue"),
    "CONVERSION_STORAGE__tableServiceUri": _URI.format("table"),
    "AZURE_CLIENT_ID": rf"\[{_CLIENT}\]",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": (
        r"\[reference\('\S+/components/\S+', '\S+'\)\.ConnectionString\]"
    ),
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": (
        rf"\[format\('ClientId=\{{0\}};Authorization=AAD', {_CLIENT}\)\]"
    ),
}
# What the template says itself.
FIXED = {
    "ALLOWED_EMAIL_DOMAINS": r"partner\.example",
    "TENANT_ID": r"00000000-0000-4000-8000-00000000000f",
    "RESULTS_ROUTES": r"(\w+:=conversion-results-\w+(,|$))*",
    "GRAPH_BASE_URL": r"https://graph\.microsoft\.com",
    "CONVERSION_STORAGE": "None",
    "AzureWebJobsStorage": "None",
}
