"""Servers of others that several rooms speak to, one folder for each protocol.

What does not belong here: storages (`places`), and what is asked of a server (the engine that asks).
"""
