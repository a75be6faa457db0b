"""One module a page: its routes, and what it reads."""
