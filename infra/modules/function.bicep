metadata description = 'The Flex Consumption plan and the function app; every connection is by identity.'

@description('Required. Name of the function app.')
param name string

@description('Required. Name of the plan.')
param planName string

@description('Required. Where they live.')
param location string

@description('Required. Tags; azd-service-name tells azd where to deploy to.')
param tags object

@description('Required. Resource id of the identity.')
param identityResourceId string

@description('Required. Client id of the identity.')
param identityClientId string

@description('Required. URI of the container for the package.')
param packageContainerUri string

@description('Required. URIs of the storage account\'s services.')
param storage {
  @description('Required. Blobs: the host\'s own locks.')
  blobServiceUri: string
  @description('Required. Queues.')
  queueServiceUri: string
  @description('Required. Tables.')
  tableServiceUri: string
}

@description('Required. Connection string of Application Insights.')
param applicationInsightsConnectionString string

@description('Required. The operator\'s settings, by name.')
param settings object

@description('Required. Memory of an instance, MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int

@description('Required. The most instances that run at once.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int

@description('Conditional. The subnet that the app reaches storage from. Required if storage is not public.')
param subnetResourceId string?

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
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
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityResourceId}': {}
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
      ftpsState: 'Disabled'
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUri
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityResourceId
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
    }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    // The last one wins: no setting of the operator's turns a connection elsewhere.
    properties: union(
      settings,
      {
        AzureWebJobsStorage__credential: 'managedidentity'
        AzureWebJobsStorage__clientId: identityClientId
        AzureWebJobsStorage__blobServiceUri: storage.blobServiceUri
        AzureWebJobsStorage__queueServiceUri: storage.queueServiceUri
        AzureWebJobsStorage__tableServiceUri: storage.tableServiceUri
        CONVERSION_STORAGE__credential: 'managedidentity'
        CONVERSION_STORAGE__clientId: identityClientId
        CONVERSION_STORAGE__queueServiceUri: storage.queueServiceUri
        CONVERSION_STORAGE__tableServiceUri: storage.tableServiceUri
        AZURE_CLIENT_ID: identityClientId
        APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsightsConnectionString
        APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
      }
    )
  }
}

@description('Name of the function app.')
output name string = app.name

@description('Resource id of the function app.')
output resourceId string = app.id
