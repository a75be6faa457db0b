"""Refreshes: read, compare, encode, build, publish; and their schedule."""
