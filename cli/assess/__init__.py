"""The readiness of a whole tenant, by the service's own rules, from reads in bulk."""
