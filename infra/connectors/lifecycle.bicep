metadata description = 'Optional: Lifecycle Workflows of Entra ID Governance, by a custom task extension: one Logic App takes its requests, another tells it how they ended.'

import { queues } from '../modules/names.bicep'
import { tagsType } from '../modules/types.bicep'
import { closedContents, failedStatuses, goodStatuses, mostTries } from 'shared.bicep'

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

@description('Required. Root of Microsoft Graph.')
param graphBaseUrl string

@description('Required. Name of the action group that is told of runs that fail.')
param actionGroupName string

var requestsName = '${name}-lifecycle-requests'
var resourceManager = split(environment().resourceManager, '/')[2]
var proofOfPossession = [
  { name: 'iss', value: 'https://sts.windows.net/${tenant().tenantId}/' }
  { name: 'aud', value: 'https://${resourceManager}' }
  // Microsoft's own application for Lifecycle Workflows, in every tenant.
  { name: 'appid', value: 'ce79fdc4-cd1d-4ea5-8139-e74d7dbe0bb7' }
  { name: 'm', value: 'POST' }
  { name: 'u', value: resourceManager }
  { name: 'p', value: resourceId('Microsoft.Logic/workflows', requestsName) }
]

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageAccountName
}

var queueUri = account.properties.primaryEndpoints.queue

resource requests 'Microsoft.Logic/workflows@2019-05-01' = {
  name: requestsName
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    definition: loadJsonContent('lifecycle-requests.json')
    parameters: {
      requests: {
        value: '${queueUri}${queues.requests}'
      }
    }
    accessControl: {
      contents: closedContents
      triggers: {
        openAuthenticationPolicies: {
          policies: {
            // The name that the portal gives it, by which it knows the Logic App for one of these.
            AzureADLifecycleWorkflowsAuthPOPAuthPolicy: {
              type: 'AADPOP'
              claims: proofOfPossession
            }
          }
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
  name: '${name}-lifecycle-results'
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    definition: loadJsonContent('lifecycle-results.json')
    parameters: {
      outcomes: {
        value: '${queueUri}${outcomesQueueName}'
      }
      results: {
        value: '${queueUri}${queues.results}'
      }
      graph: {
        value: graphBaseUrl
      }
      completed: {
        value: goodStatuses
      }
      failed: {
        value: failedStatuses
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
