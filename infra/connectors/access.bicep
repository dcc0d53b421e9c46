metadata description = 'What the Logic Apps of a connector may do: each on the queue or table it is about.'

import { grantType } from 'shared.bicep'

@description('Required. Name of the storage account.')
param storageAccountName string

@description('Required. The grants.')
param grants grantType[]

var roleIds = {
  StorageQueueDataMessageProcessor: '8a0f0c08-91a1-4084-bc3d-661d67233fed'
  StorageQueueDataMessageSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
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

resource table 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' existing = [
  for grant in grants: {
    parent: account::tableService
    name: grant.kind == 'table' ? grant.name : 'none'
  }
]

resource onQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (grant, index) in grants: if (grant.kind == 'queue') {
    name: guid(account.id, grant.name, grant.workflowId, grant.role)
    scope: queue[index]
    properties: {
      principalId: grant.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[grant.role])
    }
  }
]

resource onTable 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (grant, index) in grants: if (grant.kind == 'table') {
    name: guid(account.id, grant.name, grant.workflowId, grant.role)
    scope: table[index]
    properties: {
      principalId: grant.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[grant.role])
    }
  }
]
