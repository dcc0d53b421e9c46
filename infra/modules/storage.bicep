metadata description = 'The storage account: queues, the ledger\'s table, and the container that holds the deployed package.'

import { containers, queues, table, triggers } from 'names.bicep'
import { tagsType } from 'types.bicep'

@description('Required. Name of the account.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. Where it lives.')
param location string

@description('Required. Tags.')
param tags tagsType

@description('Required. Whether the account can be reached from public networks (with Entra tokens alone, as always).')
param publicNetwork bool

@description('Required. How the account is replicated; requests and the ledger should outlive a zone.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GZRS'])
param sku string

@description('Required. Names of the queues of the outcomes that connectors take.')
param connectorQueueNames string[]

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: sku
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    // No keys, so nothing but Entra tokens opens a queue: whoever writes requests is known by name.
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: publicNetwork ? 'Enabled' : 'Disabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: publicNetwork ? 'Allow' : 'Deny'
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      // A package that was deleted by mistake is back at once; deploying it anew takes longer.
      deleteRetentionPolicy: {
        enabled: true
        days: 7
      }
      containerDeleteRetentionPolicy: {
        enabled: true
        days: 7
      }
    }

    resource all 'containers' = [
      for container in items(containers): {
        name: container.value
        properties: {
          publicAccess: 'None'
        }
      }
    ]
  }

  resource queueService 'queueServices' = {
    name: 'default'

    resource all 'queues' = [
      for queue in concat(
        map(items(queues), entry => entry.value),
        map(triggers, name => '${name}-poison'),
        connectorQueueNames
      ): {
        name: queue
      }
    ]
  }

  resource tableService 'tableServices' = {
    name: 'default'

    resource ledger 'tables' = {
      name: table
    }
  }
}
