"""Commands: a folder for each family, `registry` for the list of them, `parser` for reading a text."""
