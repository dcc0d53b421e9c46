"""Tests of ``converters.mail``."""
