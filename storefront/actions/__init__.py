"""Verbs: what the shop does, each read top-down as a story.

A function that takes `session` touches only the database and never commits; one that takes `outside` also takes
the database and `now`, talks to the world and owns its short transactions.
"""
