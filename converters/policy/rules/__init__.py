"""The rules, by what they look at; ``converters.policy.eligibility`` puts them into one table."""
