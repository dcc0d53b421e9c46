"""The report on a whole tenant."""
