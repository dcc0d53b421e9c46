"""One table of scenarios for the local world's queue host and Microsoft's own: the same traces."""
