"""Nobody's tool for taking accounts over: the threats of docs/security.md, by their numbers.

On the whole path: the message as an attacker would write it, Graph as it stands, the outcome.
"""
