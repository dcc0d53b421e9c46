metadata description = 'Every grant on the storage account, from one table; each on the queue or table it is about where that is one.'

import { queues } from 'names.bicep'

@description('Required. Name of the storage account.')
param storageAccountName string

@description('Required. Name of the function\'s identity.')
param functionIdentityName string

@description('Required. Object id of that identity.')
param functionPrincipalId string

@description('Required. Object ids of principals that may put requests into the requests queue, and nothing else.')
param senderPrincipalIds string[]

@description('Required. Object ids of principals that may take outcomes from the results queue, and nothing else.')
param receiverPrincipalIds string[]

@description('Required. Whether senders and receivers are identities of services, people or groups.')
@allowed(['ServicePrincipal', 'User', 'Group'])
param principalType string

@description('Required. Names of the queues of the outcomes that connectors take.')
param connectorQueueNames string[]

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: functionIdentityName
}

// What the function does with each, and the least role that lets it.
var functionGrants = [
  { role: 'StorageBlobDataOwner', kind: 'account', name: '' } // the host's locks and the package
  { role: 'StorageQueueDataContributor', kind: 'queue', name: queues.requests } // takes, sends again with a delay, counts
  { role: 'StorageQueueDataContributor', kind: 'queue', name: '${queues.requests}-poison' } // the host adds, the sweep takes
  { role: 'StorageQueueDataMessageSender', kind: 'queue', name: queues.results } // tells outcomes
  { role: 'StorageQueueDataReader', kind: 'queue', name: queues.results } // asks whether it is there
  { role: 'StorageQueueDataContributor', kind: 'queue', name: queues.quota } // adds, counts, takes back
  { role: 'StorageQueueDataMessageSender', kind: 'queue', name: queues.deadLetters } // keeps
  { role: 'StorageQueueDataReader', kind: 'queue', name: queues.deadLetters } // counts
  { role: 'StorageQueueDataContributor', kind: 'queue', name: queues.redemptionChecks } // sends, takes
  { role: 'StorageQueueDataContributor', kind: 'queue', name: '${queues.redemptionChecks}-poison' } // as above
  { role: 'StorageTableDataContributor', kind: 'account', name: '' } // the ledger; the host's own tables of diagnostic events
]

var grants = concat(
  map(
    concat(
      functionGrants,
      flatten(map(connectorQueueNames, queue => [
        { role: 'StorageQueueDataMessageSender', kind: 'queue', name: queue } // tells outcomes
        { role: 'StorageQueueDataReader', kind: 'queue', name: queue } // asks whether it is there
      ]))
    ),
    grant => {
      owner: identity.id // known before the identity exists, so that what-if can show the grant
      principalId: functionPrincipalId
      principalType: 'ServicePrincipal'
      role: grant.role
      kind: grant.kind
      name: grant.name
    }
  ),
  map(senderPrincipalIds, id => {
    owner: id
    principalId: id
    principalType: principalType
    role: 'StorageQueueDataMessageSender'
    kind: 'queue'
    name: queues.requests
  }),
  map(receiverPrincipalIds, id => {
    owner: id
    principalId: id
    principalType: principalType
    role: 'StorageQueueDataMessageProcessor'
    kind: 'queue'
    name: queues.results
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
}

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' existing = [
  for grant in grants: {
    parent: account::queueService
    name: grant.kind == 'queue' ? grant.name : 'none'
  }
]

resource onAccount 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in grants: if (grant.kind == 'account') {
    name: guid(account.id, grant.owner, grant.role)
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
    name: guid(account.id, grant.name, grant.owner, grant.role)
    scope: queue[index]
    properties: {
      principalId: grant.principalId
      principalType: grant.principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[grant.role])
    }
  }
]
