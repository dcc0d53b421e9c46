"""The readiness report: one page that needs nothing but itself."""
