from __future__ import annotations

from engine.config import KnowledgeBase
from engine.search import scale_of


def test_whatever_moves_scores_makes_another_scale() -> None:
    """A threshold is carried over when the scale changes, and only then."""
    plain = KnowledgeBase(name="kb", scoring="cosine")
    others = [
        KnowledgeBase(name="kb", scoring="either"),
        KnowledgeBase(name="kb"),
        KnowledgeBase(name="kb", scoring="cosine", instruction="find the answer"),
        KnowledgeBase(name="kb", scoring="cosine", search=("text", "answer")),
        KnowledgeBase(name="kb", scoring="either", search=("text", "answer")),
    ]

    scales = {scale_of("model", each) for each in (plain, *others)}

    assert len(scales) == 6
    assert scale_of("model", plain) == "model"
