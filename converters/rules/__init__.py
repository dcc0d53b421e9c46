"""The rules, by what they look at; ``converters.eligibility`` puts them into one table."""
