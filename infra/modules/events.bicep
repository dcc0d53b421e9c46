metadata description = 'Optional: Graph\'s events about users, from a partner topic into the requests queue.'

import { containers, queues } from 'names.bicep'

@description('Required. Name of the partner topic, as the Graph subscription made it; it must exist and be activated.')
param partnerTopicName string

@description('Required. Name of the subscription to make.')
param name string

@description('Required. Name of the storage account.')
param storageAccountName string

@description('Required. Name of the identity that delivers; it needs to send to the queue, and the topic must have it.')
param identityName string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageAccountName
}

resource topic 'Microsoft.EventGrid/partnerTopics@2025-02-15' existing = {
  name: partnerTopicName
}

resource subscription 'Microsoft.EventGrid/partnerTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: name
  properties: {
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    deliveryWithResourceIdentity: {
      identity: {
        type: 'UserAssigned'
        userAssignedIdentity: identity.id
      }
      destination: {
        endpointType: 'StorageQueue'
        properties: {
          resourceId: account.id
          queueName: queues.requests
          // For ever: a request that waits must not expire.
          queueMessageTimeToLiveInSeconds: -1
        }
      }
    }
    // Event Grid does not try again after a 403, such as while a new role takes effect.
    deadLetterWithResourceIdentity: {
      identity: {
        type: 'UserAssigned'
        userAssignedIdentity: identity.id
      }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: {
          resourceId: account.id
          blobContainerName: containers.eventDeadLetters
        }
      }
    }
    // No filter of types: those that the service does not know end as a log line, and lifecycle events
    // have to come through.
    retryPolicy: {
      eventTimeToLiveInMinutes: 1440
      maxDeliveryAttempts: 30
    }
  }
}
