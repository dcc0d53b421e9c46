"""Tests of ``converters.policy``."""
