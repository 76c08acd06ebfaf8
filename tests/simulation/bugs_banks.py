"""Bugs that somebody could write about disputes, refunds that fail, and papers."""

from storefront.actions import disputing, refunding, taxing
from tests.simulation.planting import Bug, Edit


def bug(name: str, breaks: str, *edits: Edit) -> Bug:
    return Bug(name, breaks, edits)


BUGS = [
    bug("disputed and still open", "A8", Edit(disputing._follow, "suspend(session, order, now)", "pass")),
    bug("won and still shut", "Q4", Edit(disputing._follow, "restore(session, order, now)", "pass")),
    bug("lost and not revoked", "A8", Edit(disputing._lost, "revoke(session, order, now)", "pass")),
    bug(
        "a refund that came back is not owed again",
        "Q1",
        Edit(refunding.note_refund, "told.status not in LATER[row.status]", 'row.status == "succeeded"'),
    ),
    bug(
        "a refund in the dashboard not noticed",
        "Q1",
        Edit(
            refunding.note_refund,
            "    if row is None:",
            "    if row is None and attempt is None: return False\n    if row is None:",
        ),
    ),
    bug(
        "sent once more, never there, and nobody asked",
        "Q1",
        Edit(refunding._begun_anew, "return leaving or", "return True or"),
    ),
    bug(
        "not sent once more, and nobody asked any more",
        "Q1",
        Edit(
            refunding.refund_again,
            "    with db.write() as session:",
            "    with db.write() as session:\n        close_tasks(session, 'refund', session.get_one(Order, order_id).number, who, now)",
        ),
        Edit(refunding.refund_again, "return DISPUTED", "pass"),
    ),
    bug(
        "a receipt written twice",
        "one receipt for each payment",
        Edit(
            taxing.note_payment, '"payment", intent.id, intent.received', '"payment", f"{intent.id}.", intent.received'
        ),
    ),
    bug(
        "a refund without its credit note",
        "one credit note for each refund",
        Edit(refunding.note_refund, "note_credit(session, order, row, now)", "pass"),
        Edit(taxing.paper_due, "taxes.without_credit()", "taxes.without_credit().where(False)"),
    ),
]
