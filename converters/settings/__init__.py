"""What an operator sets, from a mapping and validated; the identity, the storage account."""
