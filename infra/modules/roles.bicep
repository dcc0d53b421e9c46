metadata description = 'Every grant on the storage account, from one table; each on the queue or table it is about where that is one.'

@description('A role that this product uses.')
type roleType =
  | 'StorageBlobDataOwner'
  | 'StorageQueueDataContributor'
  | 'StorageQueueDataMessageProcessor'
  | 'StorageQueueDataMessageSender'
  | 'StorageQueueDataReader'
  | 'StorageTableDataContributor'

@description('A part of the storage account.')
type scopeType = {
  @description('Required. account, queue or table.')
  kind: 'account' | 'queue' | 'table'

  @description('Conditional. Name of the queue or table. Required if kind is not account.')
  name: string
}

@description('One grant of a role: who gets which role, and on what part of the storage account.')
type grantType = {
  @description('Required. Object id of the principal.')
  principalId: string

  @description('Required. Whether the principal is an identity of a service, a person or a group.')
  principalType: 'ServicePrincipal' | 'User' | 'Group'

  @description('Required. The role.')
  role: roleType

  @description('Required. The queue, the table, or the whole account where both are empty.')
  scope: scopeType
}

@description('Required. Name of the storage account.')
param storageAccountName string

@description('Required. The grants.')
param grants grantType[]

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

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' existing = [
  for grant in grants: {
    parent: account::queueService
    name: grant.scope.kind == 'queue' ? grant.scope.name : 'none'
  }
]

resource tables 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' existing = [
  for grant in grants: {
    parent: account::tableService
    name: grant.scope.kind == 'table' ? grant.scope.name : 'none'
  }
]

resource onAccount 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in grants: if (grant.scope.kind == 'account') {
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
  for (grant, index) in grants: if (grant.scope.kind == 'queue') {
    name: guid(account.id, grant.scope.name, grant.principalId, grant.role)
    scope: queues[index]
    properties: {
      principalId: grant.principalId
      principalType: grant.principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[grant.role])
    }
  }
]

resource onTable 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (grant, index) in grants: if (grant.scope.kind == 'table') {
    name: guid(account.id, grant.scope.name, grant.principalId, grant.role)
    scope: tables[index]
    properties: {
      principalId: grant.principalId
      principalType: grant.principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[grant.role])
    }
  }
]
