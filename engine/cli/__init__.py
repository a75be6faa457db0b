"""The command line: one module for each kind of verb of `python -m engine`."""
