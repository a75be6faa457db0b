"""Keywords beside meaning: how much of a question an entry says in the question's own words.

Nothing here knows what a vector is, nor what the number is used for.
"""

from engine.index.keywords.bm25 import Keywords, Question

__all__ = ["Keywords", "Question"]
