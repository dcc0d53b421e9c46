metadata description = 'The storage account: queues, the ledger\'s table, and the container that holds the deployed package.'

@description('Names of the queues, as the function reads them from its settings.')
type queueNamesType = {
  @description('Required. Where requests come in; the host adds -poison to it for the poison queue.')
  requests: string

  @description('Required. Where outcomes go.')
  results: string

  @description('Required. Counts the invitations of a day.')
  quota: string

  @description('Required. Keeps messages that every try failed on.')
  deadLetters: string

  @description('Required. Looks again later whether an invitation was redeemed.')
  redemptionChecks: string
}

@description('Required. Name of the account.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. Where it lives.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Names of the queues.')
param queues queueNamesType

@description('Required. Name of the ledger\'s table.')
param table string

@description('Required. Name of the container for the package.')
param container string

@description('Required. Whether the account can be reached from public networks (with Entra tokens alone, as always).')
param publicNetwork bool

@description('Required. Whether Azure\'s own services may pass a closed network, as Event Grid must to deliver (with its identity, as always).')
param trustedServices bool

@description('Optional. How the account is replicated; requests and the ledger should outlive a zone.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GZRS'])
param sku string = 'Standard_ZRS'

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
      bypass: trustedServices ? 'AzureServices' : 'None'
      defaultAction: publicNetwork ? 'Allow' : 'Deny'
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'

    resource package 'containers' = {
      name: container
      properties: {
        publicAccess: 'None'
      }
    }
  }

  resource queueService 'queueServices' = {
    name: 'default'

    resource all 'queues' = [
      for queue in concat(map(items(queues), entry => string(entry.value)), ['${queues.requests}-poison']): {
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

@description('Name of the account.')
output name string = account.name

@description('Resource id of the account.')
output resourceId string = account.id

@description('URI of its blob service.')
output blobServiceUri string = account.properties.primaryEndpoints.blob

@description('URI of its queue service.')
output queueServiceUri string = account.properties.primaryEndpoints.queue

@description('URI of its table service.')
output tableServiceUri string = account.properties.primaryEndpoints.table
