"""Policies: each text is kept from the moment it is first in force, so that an order's stays readable."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.models import products
from storefront.models.db import Database, insert_new
from storefront.models.policies import Policy
from storefront.models.products import Product
from storefront.outside.world import Outside
from storefront.rules import policy
from storefront.rules.policy import About, Terms

WAIVER = "The waiver asked at first access"


def of_store(terms: Terms, now: datetime) -> Policy:
    """The shop's policy as the rules are now; not kept yet."""
    return _made("store", None, "The policy", policy.of_store(terms), now)


def of_product(product: Product, terms: Terms, now: datetime) -> Policy:
    """A product's policy as the rules are now; not kept yet."""
    out = product.launch.launched_at is not None
    about = About(product.title, product.kind, product.creator.name, out, product.upfront)
    title = f"The policy for {product.title}"
    return _made("product", product.id, title, policy.of_product(about, terms), now)


def waiver(now: datetime) -> Policy:
    """The text asked at first access; not kept yet."""
    return _made("waiver", None, WAIVER, policy.waiver(), now)


def _made(kind: str, product_id: int | None, title: str, source: str, now: datetime) -> Policy:
    named = policy.version(kind, source, product_id)
    return Policy(version=named, kind=kind, product_id=product_id, title=title, source=source, since=now)


def keep_due(outside: Outside, db: Database, now: datetime) -> int:
    """Keep the texts that are in force and have not been kept: the shop's, and each product's. Returns how many."""
    with db.write() as session:
        made = [of_store(outside.terms, now)]
        made += [of_product(each, outside.terms, now) for each in products.on_sale(session)]
        return sum(keep(session, each) for each in made)


def keep(session: Session, made: Policy) -> bool:
    """Keep a text, unless it is kept: the first one's `since` stays. Returns whether it was new."""
    if session.scalar(select(Policy.version).where(Policy.version == made.version)):
        return False
    facts = {each.key: getattr(made, each.key) for each in Policy.__table__.columns}
    kept = insert_new(session, Policy).values(facts).returning(Policy.version)
    return session.scalar(kept) is not None
