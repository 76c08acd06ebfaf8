"""A dispute: what the bank says, what speaks for the sale, and one answer, sent once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.actions import disputing
from storefront.actions.writing import TO_CREATOR
from storefront.actions.writing_tickets import message_id
from storefront.models import money
from storefront.models.accounts import Account
from storefront.models.grants import Access, Grant
from storefront.models.letters import Letter
from storefront.models.money import Dispute
from storefront.models.orders import Order
from storefront.models.policies import Policy
from storefront.models.products import File, Lesson
from storefront.rules import evidence, standing_words, words
from storefront.rules.evidence import FIELDS, Case
from storefront.rules.launch_words import counted
from storefront.rules.money import exact
from storefront.rules.standing_words import LETTERS
from storefront.web.context import now, shop
from storefront.web.studio.ledger import claim_of, exactly, names
from storefront.web.studio.room import OWNER, me, pages, signature

CONFLICT, UNREADABLE = 409, 422


@dataclass(frozen=True)
class Answer:
    """The form: Stripe's fields as they were typed, `fresh` where the facts have filled them in."""

    values: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    preview: bool = False
    refusal: str = ""


@pages.route("/disputes/<int:dispute_id>", methods=["GET", "POST"])
def dispute(dispute_id: int) -> Response:
    """Everything about a dispute on one page; then what goes to the bank, as it will read it; then the deed."""
    with shop().db.read() as session:
        row = _find(session, dispute_id)
        if request.method != "POST":
            return _page(session, row, Answer(row.evidence or evidence.draft(case_of(session, row.order))))
        answer, step = _typed(), request.form.get("step")
        if step == "edit":
            return _page(session, row, answer)
        if not claim_of(row, row.order.promise.zone).answerable:
            refused = Answer(answer.values, refusal="This dispute has been answered or decided.")
            return _page(session, row, refused, CONFLICT)
        if answer.errors:
            return _page(session, row, answer, UNREADABLE)
        if step != "do":
            return _page(session, row, Answer(answer.values, preview=True))
    return _send(dispute_id, answer)


def _find(session: Session, dispute_id: int) -> Dispute:
    """The dispute, or 404: one about somebody else's sale is not there."""
    row = session.get(Dispute, dispute_id)
    if row is None or (me().role != OWNER and row.order.product.creator_id != me().id):
        abort(404)
    return row


def _typed() -> Answer:
    values = {each.name: request.form.get(each.name, "").replace("\r\n", "\n").strip() for each in FIELDS}
    return Answer(values, evidence.faults(values))


def _send(dispute_id: int, answer: Answer) -> Response:
    """Once: whoever presses it second is told so."""
    here = shop()
    kept = {name: value for name, value in answer.values.items() if value}
    refused = disputing.answer(here.outside, here.db, dispute_id, kept, signature(), now())
    with here.db.read() as session:
        row = _find(session, dispute_id)
        if refused is not None:
            return _page(session, row, Answer(answer.values, refusal=refused), CONFLICT)
        sent = row.submitted_at is not None
    if sent:
        flash("The bank has your answer. It decides within two to three months; you get a letter.", "done")
    else:
        flash(
            "Stripe has not said yet that it has your answer. It is asked again by itself; do not send it twice.",
            "news",
        )
    return redirect(url_for("studio.dispute", dispute_id=dispute_id), code=303)


def _page(session: Session, row: Dispute, answer: Answer, status: int = 200) -> Response:
    order, zone = row.order, row.order.promise.zone
    claim, case = claim_of(row, zone), case_of(session, order)
    html = render_template(
        "studio/dispute.html",
        dispute=row,
        order=order,
        product=order.product,
        claim=claim,
        tag=standing_words.claim_tag(claim),
        sentence=standing_words.claim_sentence(claim),
        second=standing_words.due_words(row.due_by, zone, now()) if claim.answerable else "",
        countdown=words.countdown(row.due_by, now()) if row.due_by and claim.answerable else None,
        now_iso=now().isoformat(),
        facts=_facts(session, row, case),
        case=case,
        promises=[{"at": exactly(p.at, zone), "told": p} for p in case.promises],
        letters=[{"at": exactly(each.at, zone), "told": each} for each in case.letters],
        seen=[{"at": exactly(each.at, zone), "what": each.what} for each in case.seen],
        fields=FIELDS,
        answer=answer,
    )
    return make_response(html, status)


def _facts(session: Session, row: Dispute, case: Case) -> list[tuple[str, str]]:
    zone = row.order.promise.zone
    rows = [
        ("Amount", exact(row.amount, row.currency)),
        ("The bank says", standing_words.reason(row.reason)),
        ("Opened", words.full(row.opened_at, zone)),
        ("Answer by", words.full(row.due_by, zone) if row.due_by else ""),
        ("Answered", _answered(session, row)),
        ("Decided", words.full(row.closed_at, zone) if row.closed_at else ""),
        ("Buyer", case.email),
    ]
    return [each for each in rows if each[1]]


def _answered(session: Session, row: Dispute) -> str:
    if row.submitted_at is None:
        return ""
    who = standing_words.who(row.submitted_by, names(session, [row.submitted_by]))
    return f"{words.full(row.submitted_at, row.order.promise.zone)}, by {who}"


def case_of(session: Session, order: Order) -> Case:
    """The facts of a sale, as a bank may ask for them."""
    product, currency = order.product, order.currency
    grant = session.scalar(select(Grant).where(Grant.order_id == order.id))
    moved = money.moved(session, order.id)
    return Case(
        number=order.number,
        title=product.title,
        kind=product.kind,
        lead=product.lead,
        creator=product.creator.name,
        price=exact(order.price, currency),
        email=order.email,
        name=_name(session, order),
        card=order.card,
        placed_at=order.placed_at,
        promises=[_promise(each) for each in order.promises],
        inside=_inside(session, order),
        launched_at=order.released_at,
        granted_at=grant.granted_at if grant else None,
        letters=_letters(session, order),
        seen=_seen(session, grant),
        cancel_wished_at=order.cancel_wished_at,
        cancel_who=order.cancel_who,
        days=order.promise.withdraw_days,
        refunded=exact(moved.refunded, currency) if moved.refunded else "",
        waived=_waived(session, grant),
    )


def _waived(session: Session, grant: Grant | None) -> evidence.Waived | None:
    if grant is None or grant.waived_at is None:
        return None
    text = session.get(Policy, grant.waiver)
    return evidence.Waived(grant.waived_at, text.source if text else "", grant.waiver)


def _name(session: Session, order: Order) -> str:
    """The reader's name, where their account has one."""
    return session.scalar(select(Account.name).where(Account.id == order.account_id)) or ""


def _promise(each: Any) -> evidence.Told:  # noqa: ANN401 (a row of the promises)
    price = exact(each.price, each.currency)
    return evidence.Told(each.version, each.made_at, each.by, each.zone, price, each.cause, each.policy)


def _inside(session: Session, order: Order) -> str:
    lessons = session.scalar(select(func.count(Lesson.id)).where(Lesson.product_id == order.product_id)) or 0
    files = select(func.count(File.id)).where(File.product_id == order.product_id, File.role == "download")
    kinds = [(lessons, "lesson", "lessons"), (session.scalar(files) or 0, "file to download", "files to download")]
    return " and ".join(counted(count, one, many) for count, one, many in kinds if count)


def _letters(session: Session, order: Order) -> list[evidence.Sent]:
    """What the buyer's mail server took."""
    mine = (
        Letter.order_id == order.id,
        Letter.sent_at.is_not(None),
        Letter.kind.not_in(TO_CREATOR),
        Letter.failed_at.is_(None),
    )
    rows = session.scalars(select(Letter).where(*mine).order_by(Letter.sent_at, Letter.id))
    outside = shop().outside
    return [
        evidence.Sent(LETTERS.get(each.kind, each.kind), each.recipient, each.sent_at, message_id(outside, each))
        for each in rows
        if each.sent_at
    ]


def _seen(session: Session, grant: Grant | None) -> list[evidence.Seen]:
    if grant is None:
        return []
    rows = session.scalars(select(Access).where(Access.grant_id == grant.id).order_by(Access.at, Access.id))
    return [evidence.Seen(each.at, each.what) for each in rows]
