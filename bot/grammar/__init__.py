"""The building blocks of the command grammar: folded text, arguments, command types, a manual page."""
