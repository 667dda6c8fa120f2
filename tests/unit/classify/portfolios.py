"""Small portfolios of our own: products, teams and items in a few words."""

from __future__ import annotations

from typing import Any

from syncer.classify import classify_portfolio
from syncer.domain.verdict import Verdict

PRODUCTS = ("mobile", "payments", "search", "billing")
OFFICE = {"key": "PMO", "name": "Program Office", "product": None, "team": "Office"}


def project(product: str, **more: Any) -> dict[str, Any]:
    """A project of one product, run by a team of its own."""
    key = product.upper()
    return {"key": key, "name": product.title(), "product": product, "team": f"{key} team"} | more


def item(key: str, project_key: str, title: str = "Adopt the address format", **more: Any) -> Any:
    """One item; a title that says nothing either way unless another is given."""
    return {"key": key, "project": project_key, "title": title} | more


def portfolio(*items: Any, **more: Any) -> dict[str, Any]:
    """A portfolio over four products and a program office."""
    return {"projects": [*map(project, PRODUCTS), OFFICE], "items": list(items)} | more


def verdict(raw: dict[str, Any], key: str = "A") -> Verdict:
    """The verdict on one item of a portfolio."""
    return classify_portfolio(raw)[key]


def signals(found: Verdict) -> set[str]:
    """The names of the signals that spoke, without the text's and that nothing else is touched."""
    spoken = {reason.signal for reason in found.reasons if not reason.signal.startswith("text")}
    return spoken - {"inside_one_product"}


def spread(parent: str, *products: str, **more: Any) -> list[Any]:
    """One child of `parent` in each of the products, with titles that differ."""
    return [
        item(f"{parent}-{n}", product.upper(), f"Part {n}", parent=parent, **more)
        for n, product in enumerate(products)
    ]
