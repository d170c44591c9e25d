"""Pages that tell how a product came about: all facts stand in the product's own tables."""

from .page import page

__all__ = ["page"]
