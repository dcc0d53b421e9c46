"""What the resources have to be: types, properties and app settings, by their official names."""

from __future__ import annotations

from typing import Any

_STORAGE, _NETWORK = "Microsoft.Storage/storageAccounts", "Microsoft.Network"

# Every type that may be made, and how many of it at most; 0 where that is not of interest.
KINDS = {
    "Microsoft.ManagedIdentity/userAssignedIdentities": 1,
    _STORAGE: 1,
    f"{_STORAGE}/blobServices": 1,
    f"{_STORAGE}/blobServices/containers": 1,
    f"{_STORAGE}/queueServices": 1,
    f"{_STORAGE}/queueServices/queues": 6,
    f"{_STORAGE}/tableServices": 1,
    f"{_STORAGE}/tableServices/tables": 1,
    "Microsoft.Authorization/roleAssignments": 0,
    "Microsoft.OperationalInsights/workspaces": 1,
    "Microsoft.Insights/components": 1,
    "Microsoft.Insights/actionGroups": 1,
    "Microsoft.Insights/scheduledQueryRules": 0,
    "Microsoft.Insights/workbooks": 1,
    "Microsoft.Web/serverfarms": 1,
    "Microsoft.Web/sites": 1,
    "Microsoft.Web/sites/config": 1,
    f"{_NETWORK}/virtualNetworks": 1,
    f"{_NETWORK}/privateDnsZones": 3,
    f"{_NETWORK}/privateDnsZones/virtualNetworkLinks": 3,
    f"{_NETWORK}/privateEndpoints": 3,
    f"{_NETWORK}/privateEndpoints/privateDnsZoneGroups": 3,
    "Microsoft.EventGrid/partnerTopics/eventSubscriptions": 1,
}

_DEPLOYED = "properties.functionAppConfig.deployment.storage"
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
        "properties.networkAcls.ipRules": None,
        "properties.isSftpEnabled": None,
        "properties.isLocalUserEnabled": None,
        "identity": None,
    },
    f"{_STORAGE}/blobServices": {"properties.cors": None},
    f"{_STORAGE}/queueServices": {"properties.cors": None},
    f"{_STORAGE}/tableServices": {"properties.cors": None},
    f"{_STORAGE}/blobServices/containers": {"properties.publicAccess": "None"},
    "Microsoft.Insights/components": {"properties.DisableLocalAuth": True},
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
        "properties.siteConfig.ftpsState": "Disabled",
        "properties.siteConfig.appSettings": None,
        "properties.siteConfig.connectionStrings": None,
        "properties.functionAppConfig.runtime.name": "python",
        "properties.functionAppConfig.runtime.version": "3.13",
        f"{_DEPLOYED}.type": "blobContainer",
        f"{_DEPLOYED}.authentication.type": "UserAssignedIdentity",
        "properties.functionAppConfig.scaleAndConcurrency.alwaysReady": None,
        "properties.functionAppConfig.scaleAndConcurrency.instanceMemoryMB": 512,
        "properties.functionAppConfig.scaleAndConcurrency.maximumInstanceCount": 40,
    },
    "Microsoft.Web/sites/config": {"name": "appsettings"},
    "Microsoft.EventGrid/partnerTopics/eventSubscriptions": {
        "properties.eventDeliverySchema": "CloudEventSchemaV1_0",
        "properties.deliveryWithResourceIdentity.identity.type": "UserAssigned",
        "properties.destination": None,
    },
}

_CLIENT = r"/subscriptions/\S+/userAssignedIdentities/\S+\.properties\.clientId"
_URI = r"/subscriptions/\S+/storageAccounts/\S+\.properties\.primaryEndpoints\.{}"
# The connections, each by identity, as expressions for their values.
SETTINGS = {
    "AzureWebJobsStorage__credential": "managedidentity",
    "AzureWebJobsStorage__clientId": _CLIENT,
    "AzureWebJobsStorage__blobServiceUri": _URI.format("blob"),
    "AzureWebJobsStorage__queueServiceUri": _URI.format("queue"),
    "AzureWebJobsStorage__tableServiceUri": _URI.format("table"),
    "CONVERSION_STORAGE__credential": "managedidentity",
    "CONVERSION_STORAGE__clientId": _CLIENT,
    "CONVERSION_STORAGE__queueServiceUri": _URI.format("queue"),
    "CONVERSION_STORAGE__tableServiceUri": _URI.format("table"),
    "AZURE_CLIENT_ID": _CLIENT,
    "APPLICATIONINSIGHTS_CONNECTION_STRING": r"/\S+/components/\S+\.properties\.ConnectionString",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": f"ClientId={_CLIENT};Authorization=AAD",
}
# What the template says itself.
FIXED = {
    "ALLOWED_EMAIL_DOMAINS": r"partner\.example",
    "TENANT_ID": r"00000000-0000-4000-8000-00000000000f",
    "GRAPH_BASE_URL": r"https://graph\.microsoft\.com",
    "CONVERSION_STORAGE": "None",
    "AzureWebJobsStorage": "None",
}
