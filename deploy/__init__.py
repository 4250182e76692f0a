"""Driving the Pulumi engine over an environment's cells: preview, up, state, teardown.

The engine itself is the vendor's `pulumi` command, found on PATH and driven through Pulumi's Automation
API. Everything here that decides is a pure function of what the engine says; the modules that run it are
thin.
"""
