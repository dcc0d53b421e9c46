using 'main.bicep'

// azd fills these in; by hand: export AZURE_ENV_NAME=… ALLOWED_EMAIL_DOMAINS=…
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME')
param allowedEmailDomains = readEnvironmentVariable('ALLOWED_EMAIL_DOMAINS', '')
