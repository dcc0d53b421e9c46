metadata description = 'Optional: lets Microsoft Graph make a partner topic in this resource group. There is one such configuration a group.'

resource configuration 'Microsoft.EventGrid/partnerConfigurations@2025-02-15' = {
  name: 'default'
  location: 'global'
  properties: {
    partnerAuthorization: {
      // When it is over, Graph can neither make nor renew; deploy again before that.
      defaultMaximumExpirationTimeInDays: 365
      authorizedPartnersList: [
        {
          partnerName: 'MicrosoftGraphAPI'
          partnerRegistrationImmutableId: 'c02e0126-707c-436d-b6a1-175d2748fb58'
        }
      ]
    }
  }
}
