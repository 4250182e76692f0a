"""The half of the offline reader that runs in the program's own interpreter.

Nothing of this project is importable there, so these modules import each other relatively, the
standard library and the Pulumi SDK, and nothing else; they run on Python 3.10. `start.py` is run by
path and loads this folder under a name that no program uses.
"""
