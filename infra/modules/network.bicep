metadata description = 'Optional: a virtual network from which alone storage can be reached, through private endpoints.'

@description('Required. Name of the network.')
param name string

@description('Required. Where it lives.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Resource id of the storage account.')
param storageAccountResourceId string

@description('Required. Name of the storage account.')
param storageAccountName string

@description('Optional. Address space of the network; the app\'s subnet is its first quarter, the endpoints\' its second.')
param addressPrefix string = '10.61.0.0/24'

// The services that the host, the function and the ledger use.
var services = ['blob', 'queue', 'table']

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [addressPrefix]
    }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 0)
          delegations: [
            {
              name: 'flex-consumption'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 1)
          privateEndpointNetworkPolicies: 'Disabled'
        }
      }
    ]
  }

  resource app 'subnets' existing = {
    name: 'app'
  }

  resource endpoints 'subnets' existing = {
    name: 'endpoints'
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for service in services: {
    name: 'privatelink.${service}.${environment().suffixes.storage}'
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (service, index) in services: {
    parent: zones[index]
    name: name
    location: 'global'
    properties: {
      registrationEnabled: false
      virtualNetwork: {
        id: network.id
      }
    }
  }
]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2024-05-01' = [
  for service in services: {
    name: '${storageAccountName}-${service}'
    location: location
    tags: tags
    properties: {
      subnet: {
        id: network::endpoints.id
      }
      privateLinkServiceConnections: [
        {
          name: service
          properties: {
            groupIds: [service]
            privateLinkServiceId: storageAccountResourceId
          }
        }
      ]
    }
  }
]

resource zoneGroups 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [
  for (service, index) in services: {
    parent: privateEndpoints[index]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: service
          properties: {
            privateDnsZoneId: zones[index].id
          }
        }
      ]
    }
  }
]

@description('Resource id of the subnet for the function app.')
output appSubnetResourceId string = network::app.id
