metadata description = 'Optional: Graph\'s events about users, from a partner topic into the requests queue.'

@description('Required. Name of the partner topic, as the Graph subscription made it; it must exist and be activated.')
param partnerTopicName string

@description('Required. Name of the subscription to make.')
param name string

@description('Required. Resource id of the storage account.')
param storageAccountResourceId string

@description('Required. Name of the requests queue.')
param queueName string

@description('Required. Resource id of the identity that delivers; it needs to send to the queue, and the topic must have it.')
param identityResourceId string

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
        userAssignedIdentity: identityResourceId
      }
      destination: {
        endpointType: 'StorageQueue'
        properties: {
          resourceId: storageAccountResourceId
          queueName: queueName
          // For ever: a request that waits must not expire.
          queueMessageTimeToLiveInSeconds: -1
        }
      }
    }
    filter: {
      includedEventTypes: ['Microsoft.Graph.UserCreated', 'Microsoft.Graph.UserUpdated']
    }
    retryPolicy: {
      eventTimeToLiveInMinutes: 1440
      maxDeliveryAttempts: 30
    }
  }
}
