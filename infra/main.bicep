metadata description = 'Converts internal Entra ID users to B2B collaboration: everything the function needs, on Flex Consumption.'

targetScope = 'resourceGroup'

@description('Required. Name of the environment; names of resources are made of it.')
@minLength(1)
@maxLength(20)
param environmentName string

@description('Optional. Where everything lives.')
param location string = resourceGroup().location

@description('Optional. Tags on everything.')
param tags object = {}

@description('Required. Domains that people may be invited from, comma-separated; without any, nobody is converted.')
param allowedEmailDomains string

@description('Optional. Settings of the operator, by name, as README lists them (PROTECTED_IDS, DAILY_LIMIT and so on).')
param operatorSettings object = {}

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

@description('Optional. The most instances at once. Three small ones make Graph\'s 30 invitations a second; more share that limit without exceeding it.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Optional. Whether storage is reached through a virtual network alone.')
param privateNetwork bool = false

@description('Conditional. Partner topic of Graph\'s user events. Required if such events are to be requests; set CONVERTIBLE_GROUP_ID first.')
param partnerTopicName string = ''

@description('Optional. Who is told of alerts, by mail.')
param alertEmailAddresses string[] = []

@description('Optional. How old, in seconds, the first visible request may be before an alert.')
@minValue(60)
param oldestRequestSeconds int = 900

var suffix = take(uniqueString(subscription().id, resourceGroup().id, environmentName), 8)
var prefix = 'b2b-${environmentName}'
var allTags = union(tags, { 'azd-env-name': environmentName })
var packageContainer = 'package'
var table = 'conversions'
var queues = {
  requests: 'conversion-requests'
  results: 'conversion-results'
  quota: 'conversion-quota'
  deadLetters: 'conversion-dead-letters'
  redemptionChecks: 'redemption-checks'
}
module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: {
    name: '${prefix}-${suffix}'
    location: location
    tags: allTags
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    name: 'b2b${take(replace(environmentName, '-', ''), 12)}${suffix}'
    location: location
    tags: allTags
    queues: queues
    table: table
    container: packageContainer
    publicNetwork: !privateNetwork
    trustedServices: !empty(partnerTopicName)
  }
}

module roles 'modules/roles.bicep' = {
  name: 'roles'
  params: {
    storageAccountName: storage.outputs.name
    functionPrincipalId: identity.outputs.principalId
    senderPrincipalIds: senderPrincipalIds
    receiverPrincipalIds: receiverPrincipalIds
    principalType: principalType
    queueNames: queues
    table: table
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  name: 'network'
  params: {
    name: '${prefix}-${suffix}'
    location: location
    tags: allTags
    storageAccountName: storage.outputs.name
    storageAccountResourceId: storage.outputs.resourceId
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    workspaceName: '${prefix}-${suffix}-logs'
    componentName: '${prefix}-${suffix}'
    location: location
    tags: allTags
    writerPrincipalId: identity.outputs.principalId
  }
}

module function 'modules/function.bicep' = {
  name: 'function'
  params: {
    name: '${prefix}-${suffix}'
    planName: '${prefix}-${suffix}-plan'
    location: location
    tags: union(allTags, { 'azd-service-name': 'converter' })
    identityResourceId: identity.outputs.resourceId
    identityClientId: identity.outputs.clientId
    packageContainerUri: '${storage.outputs.blobServiceUri}${packageContainer}'
    storage: {
      blobServiceUri: storage.outputs.blobServiceUri
      queueServiceUri: storage.outputs.queueServiceUri
      tableServiceUri: storage.outputs.tableServiceUri
    }
    applicationInsightsConnectionString: monitoring.outputs.connectionString
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    subnetResourceId: privateNetwork ? network!.outputs.appSubnetResourceId : null
    settings: union(operatorSettings, {
      ALLOWED_EMAIL_DOMAINS: allowedEmailDomains
      TENANT_ID: tenant().tenantId
      GRAPH_BASE_URL: graphBaseUrl
      REQUESTS_QUEUE: queues.requests
      RESULTS_QUEUE: queues.results
      QUOTA_QUEUE: queues.quota
      DEAD_LETTERS_QUEUE: queues.deadLetters
      LEDGER_TABLE: table
    })
  }
  // A host that starts before it may read its queues logs errors until it may.
  dependsOn: [roles]
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    prefix: prefix
    location: location
    tags: allTags
    workspaceResourceId: monitoring.outputs.workspaceResourceId
    emailAddresses: alertEmailAddresses
    oldestRequestSeconds: oldestRequestSeconds
  }
}

module events 'modules/events.bicep' = if (!empty(partnerTopicName)) {
  name: 'events'
  params: {
    partnerTopicName: partnerTopicName
    name: '${prefix}-users'
    storageAccountResourceId: storage.outputs.resourceId
    queueName: queues.requests
    identityResourceId: identity.outputs.resourceId
  }
  dependsOn: [roles]
}

@description('Name of the function app, to publish to.')
output functionAppName string = function.outputs.name

@description('Object id of the identity, to grant Graph\'s permissions to.')
output identityPrincipalId string = identity.outputs.principalId

@description('Name of the storage account.')
output storageAccountName string = storage.outputs.name

@description('URI of the queues, for senders and receivers.')
output queueServiceUri string = storage.outputs.queueServiceUri
