"""The local world: everything the function needs, on one machine, with no tenant.

Never deployed. `python -m local` lists the commands.
"""
