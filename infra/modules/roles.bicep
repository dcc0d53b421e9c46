metadata description = 'Every grant on the storage account, from one table; each on the queue or table it is about where that is one.'

@description('Required. Name of the storage account.')
param storageAccountName string

@description('Required. Object id of the function\'s identity.')
param functionPrincipalId string

@description('Required. Object ids of principals that may put requests into the requests queue, and nothing else.')
param senderPrincipalIds string[]

@description('Required. Object ids of principals that may take outcomes from the results queue, and nothing else.')
param receiverPrincipalIds string[]

@description('Required. Whether senders and receivers are identities of services, people or groups.')
@allowed(['ServicePrincipal', 'User', 'Group'])
param principalType string

@description('Required. Names of the queues, by what they are for, as the storage module has them.')
param queueNames {
  *: string
}

@description('Required. Name of the ledger\'s table.')
param table string

// What the function does with each, and the least role that lets it.
var functionGrants = [
  { role: 'StorageBlobDataOwner', kind: 'account', name: '' } // the host's locks and the package
  { role: 'StorageQueueDataContributor', kind: 'queue', name: queueNames.requests } // takes, sends again with a delay, counts
  { role: 'StorageQueueDataContributor', kind: 'queue', name: '${queueNames.requests}-poison' } // the host adds, the sweep takes
  { role: 'StorageQueueDataMessageSender', kind: 'queue', name: queueNames.results } // tells outcomes
  { role: 'StorageQueueDataReader', kind: 'queue', name: queueNames.results } // asks whether it is there
  { role: 'StorageQueueDataContributor', kind: 'queue', name: queueNames.quota } // adds, counts, takes back
  { role: 'StorageQueueDataMessageSender', kind: 'queue', name: queueNames.deadLetters } // keeps
  { role: 'StorageQueueDataReader', kind: 'queue', name: queueNames.deadLetters } // counts
  { role: 'StorageQueueDataContributor', kind: 'queue', name: queueNames.redemptionChecks } // sends, takes
  { role: 'StorageTableDataContributor', kind: 'table', name: table } // the ledger
]

var grants = concat(
  map(functionGrants, grant => {
    principalId: functionPrincipalId
    principalType: 'ServicePrincipal'
    role: grant.role
    kind: grant.kind
    name: grant.name
  }),
  map(senderPrincipalIds, id => {
    principalId: id
    principalType: principalType
    role: 'StorageQueueDataMessageSender'
    kind: 'queue'
    name: queueNames.requests
  }),
  map(receiverPrincipalIds, id => {
    principalId: id
    principalType: principalType
    role: 'StorageQueueDataMessageProcessor'
    kind: 'queue'
    name: queueNames.results
  })
)

// Ids of the built-in roles.
var roleIds = {
  StorageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  StorageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  StorageQueueDataMessageProcessor: '8a0f0c08-91a1-4084-bc3d-661d67233fed'
  StorageQueueDataMessageSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
  StorageQueueDataReader: '19e7f393-937e-4f77-808e-94535e297925'
  StorageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageAccountName

  resource queueService 'queueServices' existing = {
    name: 'default'
  }

  resource tableService 'tableServices' existing = {
    name: 'default'
  }
}

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' existing = [
  for grant in grants: {
    parent: account::queueService
    name: grant.kind == 'queue' ? grant.name : 'none'
  }
]

resource ledger 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' existing = [
  for grant in grants: {
    parent: account::tableService
    name: grant.kind == 'table' ? grant.name : 'none'
  }
]

resource onAccount 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in grants: if (grant.kind == 'account') {
    name: guid(account.id, grant.principalId, grant.role)
    scope: account
    properties: {
      principalId: grant.principalId
      principalType: grant.principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[grant.role])
    }
  }
]

resource onQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (grant, index) in grants: if (grant.kind == 'queue') {
    name: guid(account.id, grant.name, grant.principalId, grant.role)
    scope: queue[index]
    properties: {
      principalId: grant.principalId
      principalType: grant.principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[grant.role])
    }
  }
]

resource onTable 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (grant, index) in grants: if (grant.kind == 'table') {
    name: guid(account.id, grant.name, grant.principalId, grant.role)
    scope: ledger[index]
    properties: {
      principalId: grant.principalId
      principalType: grant.principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[grant.role])
    }
  }
]
