metadata description = 'Optional: requests by HTTP, and outcomes to a URL that each request names; for ServiceNow, Power Automate and whatever else speaks HTTP.'

import { queues } from '../modules/names.bicep'
import { tagsType } from '../modules/types.bicep'
import { checkedPrefixes, closedContents, httpConnectorType, mostTries, notTheLastStatuses } from 'shared.bicep'

@description('Required. Begins the names of all that is made here.')
param name string

@description('Required. Where it lives.')
param location string

@description('Required. Tags.')
param tags tagsType

@description('Required. Name of the storage account.')
param storageAccountName string

@description('Required. Name of the queue of the outcomes that come here.')
param outcomesQueueName string

@description('Required. Who may call, and whom it calls back.')
param options httpConnectorType

@description('Required. Name of the action group that is told of runs that fail.')
param actionGroupName string

// Where each request's callback URL is kept: such a URL can hold a secret, so it goes into no message.
var callbacksTable = 'connectorcallbacks'

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageAccountName

  resource tableService 'tableServices' existing = {
    name: 'default'
  }
}

resource callbacks 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = {
  parent: account::tableService
  name: callbacksTable
}

var queueUri = account.properties.primaryEndpoints.queue
var callbacksUri = '${account.properties.primaryEndpoints.table}${callbacksTable}'

resource requests 'Microsoft.Logic/workflows@2019-05-01' = {
  name: '${name}-http-requests'
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    definition: loadJsonContent('http-requests.json')
    parameters: {
      requests: {
        value: '${queueUri}${queues.requests}'
      }
      callbacks: {
        value: callbacksUri
      }
      callbackPrefixes: {
        value: checkedPrefixes(options.callbackPrefixes)
      }
    }
    accessControl: {
      contents: closedContents
      triggers: {
        openAuthenticationPolicies: {
          policies: toObject(options.callerAppIds, id => 'caller-${id}', id => {
            type: 'AAD'
            claims: [
              { name: 'iss', value: 'https://sts.windows.net/${tenant().tenantId}/' }
              { name: 'aud', value: options.audience }
              { name: 'appid', value: id }
            ]
          })
        }
        // Else whoever knows the URL may call, without any token.
        #disable-next-line BCP037 // the published type lacks it; "Secure access and data for workflows" has it
        sasAuthenticationPolicy: {
          state: 'Disabled'
        }
      }
    }
  }
}

resource results 'Microsoft.Logic/workflows@2019-05-01' = {
  name: '${name}-http-results'
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    definition: loadJsonContent('http-results.json')
    parameters: {
      outcomes: {
        value: '${queueUri}${outcomesQueueName}'
      }
      results: {
        value: '${queueUri}${queues.results}'
      }
      callbacks: {
        value: callbacksUri
      }
      notTheLast: {
        value: notTheLastStatuses
      }
      mostTries: {
        value: mostTries
      }
    }
    accessControl: {
      contents: closedContents
    }
  }
}

module access 'access.bicep' = {
  params: {
    storageAccountName: storageAccountName
    grants: [
      {
        workflowId: requests.id
        principalId: requests.identity.principalId
        role: 'StorageQueueDataMessageSender'
        kind: 'queue'
        name: queues.requests
      }
      {
        workflowId: requests.id
        principalId: requests.identity.principalId
        role: 'StorageTableDataContributor'
        kind: 'table'
        name: callbacks.name
      }
      {
        workflowId: results.id
        principalId: results.identity.principalId
        role: 'StorageQueueDataMessageProcessor'
        kind: 'queue'
        name: outcomesQueueName
      }
      {
        workflowId: results.id
        principalId: results.identity.principalId
        role: 'StorageQueueDataMessageSender'
        kind: 'queue'
        name: queues.results
      }
      {
        workflowId: results.id
        principalId: results.identity.principalId
        role: 'StorageTableDataContributor'
        kind: 'table'
        name: callbacks.name
      }
    ]
  }
}

module alerts 'alerts.bicep' = {
  params: {
    requestsName: requests.name
    resultsName: results.name
    tags: tags
    actionGroupName: actionGroupName
  }
}
