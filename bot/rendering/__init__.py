"""Message templates: the catalogue, the law it may quote, SMS parts, and the lint."""

from bot.rendering.catalogue import Catalogue, CatalogueError, RenderingError, load_once
from bot.rendering.documents import DocumentBook, Letter
from bot.rendering.documents_lint import lint_documents
from bot.rendering.findings import Finding
from bot.rendering.lint import lint, to_be_compared
from bot.rendering.parts import parts

__all__ = [
    "Catalogue", "CatalogueError", "DocumentBook", "Finding", "Letter", "RenderingError", "lint", "lint_documents", "load_once",
    "parts", "to_be_compared",
]  # fmt: skip
