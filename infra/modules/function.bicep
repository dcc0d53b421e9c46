metadata description = 'The Flex Consumption plan and the function app; every connection is by identity.'

import { containers } from 'names.bicep'
import { operatorSettingsType, tagsType } from 'types.bicep'

@description('Required. Name of the function app.')
param name string

@description('Required. Name of the plan.')
param planName string

@description('Required. Where they live.')
param location string

@description('Required. Tags; azd-service-name tells azd where to deploy to.')
param tags tagsType

@description('Required. Name of the identity that it runs as.')
param identityName string

@description('Required. Name of the storage account.')
param storageAccountName string

@description('Required. Name of Application Insights.')
param componentName string

@description('Required. The operator\'s settings.')
param operatorSettings operatorSettingsType

@description('Required. The settings that the deployment makes itself; they win.')
param settings {
  *: string
}

@description('Required. Memory of an instance, MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int

@description('Required. The most instances that run at once.')
param maximumInstanceCount int

@description('Required. Instances that are kept running for requests; each costs all the time.')
param alwaysReadyInstances int

@description('Required. Whether instances are spread over zones.')
param zoneRedundant bool

@description('Conditional. The subnet that the app reaches storage from. Required if storage is not public.')
param subnetResourceId string?

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageAccountName
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

var endpoints = account.properties.primaryEndpoints
var clientId = identity.properties.clientId

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    // The app answers nobody, it has no HTTP trigger; deployments come in this way, with an Entra token.
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: subnetResourceId
    siteConfig: {
      minTlsVersion: '1.2'
      http20Enabled: true
      ftpsState: 'Disabled'
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${endpoints.blob}${containers.package}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyInstances == 0
          ? []
          : [
              {
                name: 'function:convert'
                instanceCount: alwaysReadyInstances
              }
            ]
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
    }
  }

  // No publishing by user name and password.
  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: {
      allow: false
    }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: {
      allow: false
    }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    // The last one wins: no setting of the operator's turns a connection elsewhere.
    properties: union(operatorSettings, settings, {
      // With the name too: by the URIs alone the host's start can lose a race for its blobs.
      AzureWebJobsStorage__accountName: account.name
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: clientId
      AzureWebJobsStorage__blobServiceUri: endpoints.blob
      AzureWebJobsStorage__queueServiceUri: endpoints.queue
      AzureWebJobsStorage__tableServiceUri: endpoints.table
      CONVERSION_STORAGE__credential: 'managedidentity'
      CONVERSION_STORAGE__clientId: clientId
      CONVERSION_STORAGE__queueServiceUri: endpoints.queue
      CONVERSION_STORAGE__tableServiceUri: endpoints.table
      AZURE_CLIENT_ID: clientId
      APPLICATIONINSIGHTS_CONNECTION_STRING: component.properties.ConnectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${clientId};Authorization=AAD'
    })
  }
}
