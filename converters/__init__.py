"""Conversion of internal Entra ID users to B2B collaboration.

The rooms, from the bottom up; each imports only what stands below it:

- ``model``: what is spoken of.
- ``settings``: what an operator sets.
- ``wire``, ``policy`` and ``mail``, which do not know one another.
- ``graph`` and ``storage``, which do not either.
- ``steps``: what the story is made of.
- ``conversion``: the story.
- ``composition``: every part made once, and all closed together.
"""
