"""What the infrastructure must be, read with a real parser of Bicep."""
