"""The index of one knowledge base: rows, their vectors, exact search over them."""
