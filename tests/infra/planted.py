# ruff: noqa: E501 - a fault is a line, whatever it plants
"""Faults planted into the infrastructure: file, what is sound there, what is planted, the complaint.

What is sound is a regular expression, so that one row can move or turn what it finds.
"""

from __future__ import annotations

from tests.infra.bicep import MAIN

STORAGE, ROLES, FUNCTION = "modules/storage.bicep", "modules/roles.bicep", "modules/function.bicep"
MONITORING, NETWORK, EVENTS = (f"modules/{it}.bicep" for it in ("monitoring", "network", "events"))
ALERTS = "modules/alerts.bicep"
END = "$(?![\\s\\S])"
SECOND_ACCOUNT = """
resource other 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: 'other'
  location: location
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {}
}
"""
OWNER = """
resource owner 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, 'owner')
  scope: account
  properties: {
    principalId: functionPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '8e3af657-a8ff-443c-a75c-2fe8c4bcb635')
  }
}
"""
PLANTED = [
    # Storage: a key, a public door, an old protocol, however it is written.
    (STORAGE, "allowSharedKeyAccess: false", "allowSharedKeyAccess: true", "allowSharedKeyAccess"),
    (STORAGE, "    allowSharedKeyAccess: false\n", "", "allowSharedKeyAccess is None"),
    (STORAGE, "allowSharedKeyAccess: false", "allowSharedKeyAccess: length(table) > 1", "SharedKey"),
    (STORAGE, "allowSharedKeyAccess: false", "allowSharedKeyAccess: publicNetwork", "SharedKey"),
    (STORAGE, "allowBlobPublicAccess: false", "allowBlobPublicAccess: true", "allowBlobPublic"),
    (STORAGE, "publicAccess: 'None'", "publicAccess: 'Blob'", "publicAccess is Blob"),
    (STORAGE, "'TLS1_2'", "'TLS1_0'", "minimumTlsVersion is TLS1_0"),
    (STORAGE, "publicNetwork \\? 'Enabled' : 'Disabled'", "'Enabled'", "publicNetworkAccess"),
    (STORAGE, "publicNetwork \\? 'Allow' : 'Deny'", "'Allow'", "defaultAction is Allow"),
    (STORAGE, "supportsHttpsTrafficOnly: true", "supportsHttpsTrafficOnly: false", "HttpsTraffic"),
    (STORAGE, END, SECOND_ACCOUNT, "2 of Microsoft.Storage/storageAccounts"),
    (MAIN, "publicNetwork: !privateNetwork", "publicNetwork: true", "publicNetworkAccess is Enab"),
    # Secrets.
    (STORAGE, "= account.name", "= account.listKeys().keys[0].value", "secret (listKeys)"),
    (MONITORING, "properties.ConnectionString", "properties.InstrumentationKey", "holds a secret"),
    (FUNCTION, "AZURE_CLIENT_ID: ", "CONVERSION_STORAGE: 'AccountName=a;AccountKey=b'\n A: ", "Key="),
    (MAIN, "@minLength\\(1\\)\n", "@secure()\n", "declared as a secret: main.bicep: environment"),
    (FUNCTION, "'managedidentity'", "'connectionstring'", "AzureWebJobsStorage__credential"),
    # Telemetry and the app.
    (MONITORING, "DisableLocalAuth: true", "DisableLocalAuth: false", "DisableLocalAuth is False"),
    (MONITORING, "disableLocalAuth: true", "disableLocalAuth: false", "disableLocalAuth is False"),
    (ALERTS, "      skipQueryValidation: true\n", "", "skipQueryValidation is None"),
    (FUNCTION, ";Authorization=AAD", "", "setting APPLICATIONINSIGHTS_AUTHENTICATION_STRING is"),
    (FUNCTION, "httpsOnly: true", "httpsOnly: 1 == 2", "httpsOnly is False"),
    (FUNCTION, "version: '3.13'", "version: '3.9'", "runtime.version is 3.9"),
    (FUNCTION, "type: 'UserAssigned'", "type: 'SystemAssigned, UserAssigned'", "identity.type is"),
    (FUNCTION, "'UserAssignedIdentity'\n", "'StorageAccountConnectionString'\n", "authentication"),
    (FUNCTION, "name: 'FC1'", "name: 'EP1'", "sku.name is EP1"),
    (FUNCTION, "minTlsVersion: '1.2'", "minTlsVersion: '1.0'", "minTlsVersion is 1.0"),
    (FUNCTION, "AZURE_CLIENT_ID: ", "FUNCTIONS_WORKER_RUNTIME: 'python'\n A: ", "uses FUNCTIONS_WO"),
    (MAIN, "LEDGER_TABLE: table", "'ENABLE_${'ORYX_BUILD'}': table", "ENABLE_ORYX_BUILD is refused"),
    # An operator's settings must not win over a connection.
    (FUNCTION, "settings,\n(\\s+\\{[\\s\\S]*?\\n      \\})\n", "\\1,\nsettings\n", "is elsewhere"),
    (MAIN, "union\\(operatorSettings, (\\{[\\s\\S]*?\\n    \\})\\)", "union(\\1, { GRAPH_BASE_URL: 'https://x' })", "BASE_URL is"),
    # Roles: another one, a wider scope, another's, a further one.
    (ROLES, "'StorageQueueDataMessageSender', kind: 'queue', name: queueNames.res", "'StorageQueueDataContributor', kind: 'queue', name: queueNames.res", "not needed"),
    (ROLES, "kind: 'table', name: table", "kind: 'account', name: ''", "granted, and not needed"),
    (ROLES, "role: 'StorageQueueDataMessageProcessor'", "role: 'StorageQueueDataContributor'", "not needed: ('receiver"),
    (ROLES, "role: 'StorageQueueDataMessageSender'\n    kind: 'queue'", "role: 'StorageQueueDataMessageSender'\n    kind: 'account'", "not needed: ('sender"),
    (ROLES, "map\\(senderPrincipalIds", "map(concat(senderPrincipalIds, receiverPrincipalIds)", "not needed: ('receiver"),
    (ROLES, "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a", "974c5e8b-45b9-4653-ba55-5f855dd0fb88", "not granted"),
    (ROLES, "scope: queue\\[index\\]", "scope: account", "granted, and not needed"),
    (ROLES, "scope: ledger\\[index\\]", "scope: resourceGroup()", "granted, and not needed"),
    (ROLES, END, OWNER, "granted, and not needed"),
    (ROLES, "  \\{ role: 'StorageTableDataContributor'.*\n", "", "needed, and not granted"),
    (MONITORING, "  scope: component\n", "", "granted, and not needed"),
    (MAIN, "writerPrincipalId: .*", "writerPrincipalId: 'somebody'", "not needed: ('somebody"),
    # Anything else.
    (STORAGE, "Required. Name of the account.", "Optional. Name of the account.", "name is not described"),
    (STORAGE, "@description\\('Name of the account.'\\)\n", "", "name is not described"),
    (STORAGE, "sku: \\{", "sku: [", "does not parse"),
    (NETWORK, "\\['blob', 'queue', 'table'\\]", "['blob', 'queue', 'table', 'file']", "4 of Microsoft"),
    (EVENTS, "type: 'UserAssigned'", "type: 'SystemAssigned'", "identity.type is SystemAssigned"),
    (MAIN, "targetScope", "extension microsoftGraphV1\n\ntargetScope", "main.bicep: needs a registry"),
    (MAIN, END, "\nvar wild = toObject([], it => it)\n", "cannot be evaluated"),
]  # fmt: skip
