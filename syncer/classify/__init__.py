"""Program-level or product-level; the one name that other programs import."""

from syncer.classify.classifier import classify_portfolio

__all__ = ["classify_portfolio"]
