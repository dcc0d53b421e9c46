metadata description = 'What storage, the function and the partner topic log themselves, into the workspace.'

@description('Required. Name of the Log Analytics workspace.')
param workspaceName string

@description('Required. Name of the storage account.')
param storageAccountName string

@description('Required. Name of the function app.')
param functionAppName string

@description('Conditional. Name of the partner topic. Required if there is one.')
param partnerTopicName string?

var name = 'b2b-conversion'

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageAccountName

  resource blobs 'blobServices' existing = {
    name: 'default'
  }

  resource queues 'queueServices' existing = {
    name: 'default'
  }

  resource tables 'tableServices' existing = {
    name: 'default'
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: functionAppName
}

resource topic 'Microsoft.EventGrid/partnerTopics@2025-02-15' existing = if (partnerTopicName != null) {
  name: partnerTopicName!
}

// Who wrote and deleted what. Reads are left out: the host looks into its queue every few seconds.
var written = [
  {
    category: 'StorageWrite'
    enabled: true
  }
  {
    category: 'StorageDelete'
    enabled: true
  }
]

#disable-next-line use-recent-api-versions // the only version that knows workspaces and categories as today's services have them
resource ofBlobs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: name
  scope: account::blobs
  properties: {
    workspaceId: workspace.id
    logs: written
  }
}

#disable-next-line use-recent-api-versions // the only version that knows workspaces and categories as today's services have them
resource ofQueues 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: name
  scope: account::queues
  properties: {
    workspaceId: workspace.id
    logs: written
  }
}

#disable-next-line use-recent-api-versions // the only version that knows workspaces and categories as today's services have them
resource ofTables 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: name
  scope: account::tables
  properties: {
    workspaceId: workspace.id
    logs: written
  }
}

// The host's lines, too, when Application Insights cannot be reached.
#disable-next-line use-recent-api-versions // the only version that knows workspaces and categories as today's services have them
resource ofFunction 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: name
  scope: app
  properties: {
    workspaceId: workspace.id
    logs: [
      {
        category: 'FunctionAppLogs'
        enabled: true
      }
    ]
  }
}

#disable-next-line use-recent-api-versions // the only version that knows workspaces and categories as today's services have them
resource ofTopic 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (partnerTopicName != null) {
  name: name
  scope: topic
  properties: {
    workspaceId: workspace.id
    logs: [
      {
        category: 'DeliveryFailures'
        enabled: true
      }
    ]
  }
}
