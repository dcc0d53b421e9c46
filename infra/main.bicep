metadata description = 'Converts internal Entra ID users to B2B collaboration: everything the function needs, on Flex Consumption.'

targetScope = 'resourceGroup'

import { checkedInstances, checkedPrivate, checkedReady } from 'modules/checks.bicep'
import { httpConnectorType } from 'connectors/shared.bicep'
import { connectorQueues, queues, table } from 'modules/names.bicep'
import { networkOptionsType, operatorSettingsType, tagsType } from 'modules/types.bicep'

@description('Required. Name of the environment; names of resources are made of it.')
@minLength(1)
@maxLength(20)
param environmentName string

@description('Optional. Where everything lives.')
param location string = resourceGroup().location

@description('Optional. Tags on everything.')
param tags tagsType = {}

@description('Required. Domains that people may be invited from, comma-separated; without any, nobody is converted.')
param allowedEmailDomains string

@description('Optional. The other settings of the function, by name, as docs/reference/settings.md lists them.')
param operatorSettings operatorSettingsType = {}

@description('Optional. Root of Microsoft Graph; another one in a national cloud.')
@allowed([
  'https://graph.microsoft.com'
  'https://graph.microsoft.us'
  'https://dod-graph.microsoft.us'
  'https://microsoftgraph.chinacloudapi.cn'
])
#disable-next-line no-hardcoded-env-urls // environment() does not know Graph's root
param graphBaseUrl string = 'https://graph.microsoft.com'

@description('Optional. Object ids of principals that may put requests into the requests queue, and nothing else.')
param senderPrincipalIds string[] = []

@description('Optional. Object ids of principals that may take outcomes from the results queue, and nothing else.')
param receiverPrincipalIds string[] = []

@description('Optional. What those principals are.')
@allowed(['ServicePrincipal', 'User', 'Group'])
param principalType string = 'ServicePrincipal'

@description('Optional. Memory of an instance, MB. A worker needs 80; 512 MB come with a quarter of a core, for some ten conversions a second.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 512

@description('Optional. The most instances at once of each function. Three small ones make Graph\'s 30 invitations a second; more share that limit without exceeding it.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Optional. Instances that are kept running for requests; each costs all the time. With none, the first request after an idle spell can wait two minutes.')
@minValue(0)
@maxValue(1000)
param alwaysReadyInstances int = 0

@description('Optional. Whether instances are spread over zones. Storage is, unless storageSku says otherwise.')
param zoneRedundant bool = false

@description('Optional. How storage is replicated; a region without zones needs Standard_LRS.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GZRS'])
param storageSku string = 'Standard_ZRS'

@description('Optional. Whether storage is reached through a virtual network alone.')
param privateNetwork bool = false

@description('Optional. What that network is like.')
param networkOptions networkOptionsType = {}

@description('Optional. Whether Microsoft Graph may make a partner topic in this resource group. Leave it off where the group has a partner configuration already: it would be replaced.')
param authorizeGraphEvents bool = false

@description('Conditional. Partner topic of Graph\'s user events. Required if such events are to be requests; set CONVERTIBLE_GROUP_ID first.')
param partnerTopicName string = ''

@description('Optional. Whether Lifecycle Workflows of Entra ID Governance may ask for conversions, by a custom task extension.')
param lifecycleConnector bool = false

@description('Optional. Who may ask for conversions by HTTP, and which URLs may be called back; nobody where it is left out.')
param httpConnector httpConnectorType?

@description('Optional. Whether storage and the function send their own logs to the workspace.')
param diagnosticSettings bool = true

@description('Optional. Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90

@description('Optional. Whether logs may be read from public networks; if not, you bring an Azure Monitor Private Link Scope.')
param queryLogsFromPublicNetworks bool = true

@description('Optional. Who is told of alerts, by mail.')
param alertEmailAddresses string[] = []

@description('Optional. How old, in seconds, the first visible request may be before an alert.')
@minValue(60)
param oldestRequestSeconds int = 900

var suffix = take(uniqueString(subscription().id, resourceGroup().id, environmentName), 8)
var prefix = 'b2b-${environmentName}'
var name = '${prefix}-${suffix}'
var workspaceName = '${name}-logs'
var storageName = 'b2b${take(replace(environmentName, '-', ''), 12)}${suffix}'
var allTags = union(tags, { 'azd-env-name': environmentName })
var withEvents = !empty(partnerTopicName)

// Which outcomes go to which queue of a connector's, by how their requests' ids begin.
var routes = filter(
  items(connectorQueues),
  route => route.key == 'lifecycle' ? lifecycleConnector : httpConnector != null
)
var connectorQueueNames = map(routes, route => route.value)

// What Azure would refuse, or worse, would not: said before anything is made.
var instances = checkedInstances(maximumInstanceCount, location)
var ready = checkedReady(alwaysReadyInstances, maximumInstanceCount, zoneRedundant)
var publicNetwork = !checkedPrivate(privateNetwork, withEvents, !empty(routes))

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: allTags
}

module storage 'modules/storage.bicep' = {
  params: {
    name: storageName
    location: location
    tags: allTags
    publicNetwork: publicNetwork
    sku: storageSku
    connectorQueueNames: connectorQueueNames
  }
}

module roles 'modules/roles.bicep' = {
  params: {
    storageAccountName: storageName
    functionIdentityName: identity.name
    functionPrincipalId: identity.properties.principalId
    senderPrincipalIds: senderPrincipalIds
    receiverPrincipalIds: receiverPrincipalIds
    principalType: principalType
    connectorQueueNames: connectorQueueNames
  }
  dependsOn: [storage]
}

module network 'modules/network.bicep' = if (privateNetwork) {
  params: {
    name: name
    location: location
    tags: allTags
    storageAccountName: storageName
    options: networkOptions
  }
  dependsOn: [storage]
}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    workspaceName: workspaceName
    componentName: name
    location: location
    tags: allTags
    writerIdentityName: identity.name
    queryFromPublicNetworks: queryLogsFromPublicNetworks
    retentionDays: logRetentionDays
  }
}

module function 'modules/function.bicep' = {
  params: {
    name: name
    planName: '${name}-plan'
    location: location
    tags: union(allTags, { 'azd-service-name': 'converter' })
    identityName: identity.name
    storageAccountName: storageName
    componentName: name
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: instances
    alwaysReadyInstances: ready
    zoneRedundant: zoneRedundant
    subnetResourceId: privateNetwork ? resourceId('Microsoft.Network/virtualNetworks/subnets', name, 'app') : null
    operatorSettings: operatorSettings
    settings: {
      ALLOWED_EMAIL_DOMAINS: allowedEmailDomains
      TENANT_ID: tenant().tenantId
      GRAPH_BASE_URL: graphBaseUrl
      REQUESTS_QUEUE: queues.requests
      RESULTS_QUEUE: queues.results
      RESULTS_ROUTES: join(map(routes, route => '${route.key}:=${route.value}'), ',')
      QUOTA_QUEUE: queues.quota
      DEAD_LETTERS_QUEUE: queues.deadLetters
      REDEMPTION_CHECKS_QUEUE: queues.redemptionChecks
      LEDGER_TABLE: table
    }
  }
  // A host that starts before it may read its queues logs errors until it may.
  dependsOn: [monitoring, network, roles]
}

module diagnostics 'modules/diagnostics.bicep' = if (diagnosticSettings) {
  params: {
    workspaceName: workspaceName
    storageAccountName: storageName
    functionAppName: name
    partnerTopicName: withEvents ? partnerTopicName : null
  }
  dependsOn: [function, monitoring]
}

module alerts 'modules/alerts.bicep' = {
  params: {
    prefix: prefix
    location: location
    tags: allTags
    workspaceName: workspaceName
    emailAddresses: alertEmailAddresses
    oldestRequestSeconds: oldestRequestSeconds
    watchEvents: !empty(operatorSettings.?EVENTS_PARTNER_TOPIC)
  }
  dependsOn: [monitoring]
}

module partner 'modules/partner.bicep' = if (authorizeGraphEvents) {}

module events 'modules/events.bicep' = if (withEvents) {
  params: {
    partnerTopicName: partnerTopicName
    name: '${prefix}-users'
    storageAccountName: storageName
    identityName: identity.name
  }
  // Roles first: an event that comes while they are missing is not tried again.
  dependsOn: [partner, roles]
}

module lifecycle 'connectors/lifecycle.bicep' = if (lifecycleConnector) {
  params: {
    name: prefix
    location: location
    tags: allTags
    storageAccountName: storageName
    outcomesQueueName: connectorQueues.lifecycle
    graphBaseUrl: graphBaseUrl
    actionGroupName: '${prefix}-alerts'
  }
  dependsOn: [alerts, storage]
}

module http 'connectors/http.bicep' = if (httpConnector != null) {
  params: {
    name: prefix
    location: location
    tags: allTags
    storageAccountName: storageName
    outcomesQueueName: connectorQueues.http
    options: httpConnector!
    actionGroupName: '${prefix}-alerts'
  }
  dependsOn: [alerts, storage]
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
  dependsOn: [storage]
}

@description('Name of the function app, to publish to.')
output functionAppName string = name

@description('Object id of the identity, to grant Graph\'s permissions to.')
output identityPrincipalId string = identity.properties.principalId

@description('Resource id of the identity, to give a partner topic.')
output identityResourceId string = identity.id

@description('Name of the storage account.')
output storageAccountName string = storageName

@description('URI of the queues, for senders and receivers.')
output queueServiceUri string = account.properties.primaryEndpoints.queue

@description('URI of the tables, for the operator\'s commands.')
output tableServiceUri string = account.properties.primaryEndpoints.table
