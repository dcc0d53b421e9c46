"""Conversion of internal Entra ID users to B2B collaboration.

Imports run only downward: ``errors``, ``addresses``, ``model``, ``settings``; then ``messages``,
``eligibility``, ``directory``, ``refusals``; then ``graph`` and ``queues``, which do not know one
another; then ``conversion``.
"""
