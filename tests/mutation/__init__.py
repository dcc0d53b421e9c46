"""Mutation testing: changes what decides, one place at a time, and sees whether a test fails."""
