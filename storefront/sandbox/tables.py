"""Which parameters each endpoint takes: those that the storefront uses, checked strictly.

Names, types and words are Stripe's (API 2026-10-28.endive).
"""

from __future__ import annotations

from .disputes import EVIDENCE_LINES, EVIDENCE_TEXTS
from .params import (
    Currency,
    Either,
    Flag,
    Gone,
    Hash,
    Many,
    Metadata,
    OneOf,
    Rule,
    Text,
    Unset,
    Url,
    Whole,
)
from .words import EVENT_TYPES, LOCALES, METHOD_TYPES, PORTAL_LOCALES, VERSIONS

Fields = dict[str, Rule]

AMOUNT = Whole(1)
EXPAND: Fields = {"expand": Many(Text())}
META: Fields = {"metadata": Metadata()}
TYPES_GONE = Gone(
    "payment_method_types_no_longer_supported",
    "`payment_method_types` is no longer supported in this API version. Use dynamic payment"
    " methods, `excluded_payment_method_types` or `allowed_payment_method_types`.",
)
CREATED: Rule = Either(Whole(), Hash(dict.fromkeys(("gt", "gte", "lt", "lte"), Whole())))
PAGE: Fields = {
    **EXPAND,
    "limit": Whole(1, 100),
    "starting_after": Text(),
    "ending_before": Text(),
}
USAGE = OneOf(("off_session", "on_session"))
CAPTURE = OneOf(("automatic", "automatic_async", "manual"))
IF_AVAILABLE = OneOf(("if_available", "never"))
THREE_D_SECURE = OneOf(("any", "automatic", "challenge"))
TYPE_LISTS: Fields = {
    "allowed_payment_method_types": Many(OneOf(("card",))),
    "excluded_payment_method_types": Many(OneOf(METHOD_TYPES)),
    "payment_method_types": TYPES_GONE,
}
ALLOWED_ALONE = tuple(
    ("allowed_payment_method_types", other) for other in ("automatic_payment_methods", "excluded_payment_method_types")
)
AUTOMATIC = Hash({"enabled": Flag(), "allow_redirects": OneOf(("always", "never"))}, needs=("enabled",))
STATEMENT: Fields = {
    "statement_descriptor": Text(22),
    "statement_descriptor_suffix": Text(22),
}

RETRIEVE = Hash(EXPAND)
ADDRESS_LINES: Fields = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), Text())
ADDRESS = Unset(Hash(ADDRESS_LINES))
CUSTOMER: Fields = {
    **EXPAND,
    **META,
    "address": ADDRESS,
    "description": Unset(Text()),
    "email": Unset(Text(512)),
    "invoice_settings": Hash({"default_payment_method": Unset(Text())}),
    "name": Unset(Text(256)),
    "phone": Unset(Text(20)),
    "preferred_locales": Many(Text()),
}
CUSTOMER_CREATE = Hash({**CUSTOMER, "payment_method": Text()})
CUSTOMER_UPDATE = Hash(CUSTOMER)
CUSTOMER_DELETE = Hash()
CUSTOMER_LIST = Hash({**PAGE, "created": CREATED, "email": Text(512)})

METHOD_LIST = Hash({**PAGE, "customer": Text(), "type": OneOf(("card",))})
CUSTOMERS_METHOD_LIST = Hash({**PAGE, "type": OneOf(("card",))})
METHOD_ATTACH = Hash({**EXPAND, "customer": Text()}, needs=("customer",))
METHOD_DETACH = RETRIEVE
METHOD_UPDATE = Hash(
    {
        **EXPAND,
        **META,
        "allow_redisplay": OneOf(("always", "limited", "unspecified")),
        "billing_details": Hash(
            {"address": ADDRESS, "email": Unset(Text()), "name": Unset(Text()), "phone": Unset(Text())}
        ),
        "card": Hash({"exp_month": Whole(1, 12), "exp_year": Whole(2000, 2099)}),
    }
)

TAX_LINK = Hash({"calculation": Unset(Text())}, needs=("calculation",))
HOOKS = Hash({"inputs": Hash({"tax": TAX_LINK}, needs=("tax",))}, needs=("inputs",))
CARD_OPTIONS = Hash(
    {
        "card": Hash(
            {
                "capture_method": OneOf(("manual",)),
                "request_extended_authorization": IF_AVAILABLE,
                "request_three_d_secure": THREE_D_SECURE,
                "setup_future_usage": OneOf(("none", "off_session", "on_session")),
            }
        )
    }
)
INTENT_PLAIN: Fields = {
    **EXPAND,
    **META,
    **TYPE_LISTS,
    **STATEMENT,
    "capture_method": CAPTURE,
    "customer": Text(),
    "description": Text(1000),
    "hooks": HOOKS,
    "payment_method": Text(),
    "payment_method_options": CARD_OPTIONS,
    "receipt_email": Unset(Text(512)),
    "transfer_group": Text(),
}
INTENT_CREATE = Hash(
    {
        **INTENT_PLAIN,
        "amount": AMOUNT,
        "automatic_payment_methods": AUTOMATIC,
        "confirm": Flag(),
        "confirmation_method": OneOf(("automatic", "manual")),
        "currency": Currency(),
        "error_on_requires_action": Flag(),
        "off_session": Flag(),
        "return_url": Url(),
        "setup_future_usage": USAGE,
        "use_stripe_sdk": Flag(),
    },
    needs=("amount", "currency"),
    apart=ALLOWED_ALONE,
)
INTENT_UPDATE = Hash(
    {
        **INTENT_PLAIN,
        "amount": AMOUNT,
        "currency": Currency(),
        "setup_future_usage": Unset(USAGE),
    },
    apart=ALLOWED_ALONE,
)
INTENT_CONFIRM = Hash(
    {
        **EXPAND,
        **TYPE_LISTS,
        "capture_method": CAPTURE,
        "error_on_requires_action": Flag(),
        "hooks": HOOKS,
        "off_session": Flag(),
        "payment_method": Text(),
        "payment_method_options": CARD_OPTIONS,
        "receipt_email": Unset(Text(512)),
        "return_url": Url(),
        "setup_future_usage": Unset(USAGE),
        "use_stripe_sdk": Flag(),
    },
    apart=ALLOWED_ALONE,
)
INTENT_CAPTURE = Hash(
    {
        **EXPAND,
        **META,
        **STATEMENT,
        "amount_to_capture": AMOUNT,
        "final_capture": Flag(),
        "hooks": HOOKS,
    }
)
INTENT_CANCEL = Hash(
    {
        **EXPAND,
        "cancellation_reason": OneOf(("abandoned", "duplicate", "fraudulent", "requested_by_customer")),
    }
)
INTENT_LIST = Hash({**PAGE, "created": CREATED, "customer": Text()})

SETUP_OPTIONS = Hash({"card": Hash({"request_three_d_secure": THREE_D_SECURE})})
SETUP_CREATE = Hash(
    {
        **EXPAND,
        **META,
        **TYPE_LISTS,
        "automatic_payment_methods": AUTOMATIC,
        "confirm": Flag(),
        "customer": Text(),
        "description": Text(1000),
        "payment_method": Text(),
        "payment_method_options": SETUP_OPTIONS,
        "return_url": Url(),
        "usage": USAGE,
        "use_stripe_sdk": Flag(),
    },
    apart=ALLOWED_ALONE,
)
SETUP_UPDATE = Hash(
    {
        **EXPAND,
        **META,
        **TYPE_LISTS,
        "customer": Text(),
        "description": Text(1000),
        "payment_method": Text(),
        "payment_method_options": SETUP_OPTIONS,
    },
    apart=ALLOWED_ALONE,
)
SETUP_CONFIRM = Hash(
    {
        **EXPAND,
        "allowed_payment_method_types": TYPE_LISTS["allowed_payment_method_types"],
        "payment_method": Text(),
        "payment_method_options": SETUP_OPTIONS,
        "return_url": Url(),
        "use_stripe_sdk": Flag(),
    }
)
SETUP_CANCEL = Hash(
    {
        **EXPAND,
        "cancellation_reason": OneOf(("abandoned", "duplicate", "requested_by_customer")),
    }
)
SETUP_LIST = Hash({**PAGE, "created": CREATED, "customer": Text(), "payment_method": Text()})

CHARGE_LIST = Hash({**PAGE, "created": CREATED, "customer": Text(), "payment_intent": Text(), "transfer_group": Text()})
REFUND_CREATE = Hash(
    {
        **EXPAND,
        **META,
        "amount": AMOUNT,
        "charge": Text(),
        "payment_intent": Text(),
        "reason": OneOf(("duplicate", "fraudulent", "requested_by_customer")),
    }
)
REFUND_UPDATE = Hash({**EXPAND, **META})
REFUND_LIST = Hash({**PAGE, "created": CREATED, "charge": Text(), "payment_intent": Text()})
REFUND_CANCEL = RETRIEVE
BALANCE_TYPES = ("adjustment", "charge", "refund", "refund_failure")
BALANCE_LIST = Hash(
    {**PAGE, "created": CREATED, "currency": Currency(), "source": Text(), "type": OneOf(BALANCE_TYPES)}
)
EVIDENCE = Hash({**dict.fromkeys(EVIDENCE_LINES, Unset(Text())), **dict.fromkeys(EVIDENCE_TEXTS, Unset(Text(20_000)))})
DISPUTE_UPDATE = Hash({**EXPAND, **META, "evidence": EVIDENCE, "submit": Flag()})
DISPUTE_CLOSE = RETRIEVE
DISPUTE_LIST = REFUND_LIST

PRODUCT_DATA = Hash(
    {
        "description": Text(40000),
        "images": Many(Url(), 8),
        "metadata": Metadata(),
        "name": Text(),
        "tax_code": Text(),
    },
    needs=("name",),
)
PRICE_DATA = Hash(
    {
        "currency": Currency(),
        "product_data": PRODUCT_DATA,
        "tax_behavior": OneOf(("exclusive", "inclusive", "unspecified")),
        "unit_amount": Whole(0),
    },
    needs=("currency", "product_data", "unit_amount"),
)
LINE_ITEM = Hash(
    {"metadata": Metadata(), "price_data": PRICE_DATA, "quantity": Whole(1, 999_999)},
    needs=("price_data",),
)
CUSTOM_TEXT = Unset(Hash({"message": Text(1200)}, needs=("message",)))
CONSENT_COLLECTION = Hash(
    {
        "payment_method_reuse_agreement": Hash({"position": OneOf(("auto", "hidden"))}, needs=("position",)),
    }
)
SESSION_CREATE = Hash(
    {
        **EXPAND,
        **META,
        **TYPE_LISTS,
        "automatic_tax": Hash({"enabled": Flag()}, needs=("enabled",)),
        "billing_address_collection": OneOf(("auto", "required")),
        "cancel_url": Url(),
        "client_reference_id": Text(200),
        "consent_collection": CONSENT_COLLECTION,
        "currency": Currency(),
        "custom_text": Hash(dict.fromkeys(("after_submit", "submit"), CUSTOM_TEXT)),
        "customer": Text(),
        "customer_creation": OneOf(("always", "if_required")),
        "customer_email": Text(512),
        "customer_update": Hash(dict.fromkeys(("address", "name"), OneOf(("auto", "never")))),
        "expires_at": Whole(1),
        "line_items": Many(LINE_ITEM, 100),
        "locale": OneOf(LOCALES),
        "mode": OneOf(("payment", "setup")),
        "payment_intent_data": Hash(
            {
                **META,
                **STATEMENT,
                "capture_method": CAPTURE,
                "description": Text(1000),
                "receipt_email": Text(512),
                "setup_future_usage": USAGE,
                "transfer_group": Text(),
            }
        ),
        "payment_method_options": Hash(
            {
                "card": Hash(
                    {
                        "capture_method": OneOf(("manual",)),
                        "request_extended_authorization": IF_AVAILABLE,
                        "request_three_d_secure": THREE_D_SECURE,
                        "setup_future_usage": USAGE,
                    }
                )
            }
        ),
        "setup_intent_data": Hash({**META, "description": Text(1000)}),
        "submit_type": OneOf(("auto", "book", "donate", "pay")),
        "success_url": Url(),
        "ui_mode": OneOf(("hosted_page",)),
    },
    needs=("mode", "success_url"),
    apart=ALLOWED_ALONE,
)
SESSION_LIST = Hash(
    {
        **PAGE,
        "created": CREATED,
        "customer": Text(),
        "customer_details": Hash({"email": Text()}, needs=("email",)),
        "payment_intent": Text(),
        "status": OneOf(("complete", "expired", "open")),
    }
)
LINE_ITEM_LIST = Hash(PAGE)
SESSION_EXPIRE = RETRIEVE

AFTER_COMPLETION = Hash(
    {
        "hosted_confirmation": Hash({"custom_message": Text(500)}),
        "redirect": Hash({"return_url": Url()}, needs=("return_url",)),
        "type": OneOf(("hosted_confirmation", "portal_homepage", "redirect")),
    },
    needs=("type",),
)
FLOW = Hash({"after_completion": AFTER_COMPLETION, "type": OneOf(("payment_method_update",))}, needs=("type",))
PORTAL_CREATE = Hash(
    {**EXPAND, "customer": Text(), "flow_data": FLOW, "locale": OneOf(PORTAL_LOCALES), "return_url": Url()},
    needs=("customer",),
)

TAX_ADDRESS = Hash({**{name: Unset(Text()) for name in ADDRESS_LINES}, "country": Text()}, needs=("country",))
TAX_CUSTOMER = Hash(
    {
        "address": TAX_ADDRESS,
        "address_source": OneOf(("billing", "shipping")),
        "ip_address": Text(),
        "taxability_override": OneOf(("customer_exempt", "none", "reverse_charge")),
    }
)
TAX_ITEM = Hash(
    {
        **META,
        "amount": Whole(0),
        "quantity": Whole(1),
        "reference": Text(500),
        "tax_behavior": OneOf(("exclusive", "inclusive")),
        "tax_code": Text(),
    },
    needs=("amount",),
)
TAX_CALCULATE = Hash(
    {
        **EXPAND,
        "currency": Currency(),
        "customer": Text(),
        "customer_details": TAX_CUSTOMER,
        "line_items": Many(TAX_ITEM),
        "tax_date": Whole(1),
    },
    needs=("currency", "line_items"),
)
TAX_RECORD = Hash(
    {**EXPAND, **META, "calculation": Text(), "posted_at": Whole(1), "reference": Text(500)},
    needs=("calculation", "reference"),
)
TAX_REVERSE = Hash(
    {
        **EXPAND,
        **META,
        "flat_amount": Whole(most=-1),
        "mode": OneOf(("full", "partial")),
        "original_transaction": Text(),
        "reference": Text(500),
    },
    needs=("mode", "original_transaction", "reference"),
)
TAX_ITEM_LIST = Hash({**PAGE, "starting_after": Text(500), "ending_before": Text(500)})

EVENT_LIST = Hash(
    {
        **PAGE,
        "created": CREATED,
        "delivery_success": Flag(),
        "type": Text(),
        "types": Many(Text(), 20),
    },
    apart=(("type", "types"),),
)
ENDPOINT: Fields = {
    **EXPAND,
    **META,
    "description": Unset(Text()),
    "enabled_events": Many(OneOf(EVENT_TYPES)),
    "url": Url(),
}
ENDPOINT_CREATE = Hash({**ENDPOINT, "api_version": OneOf(VERSIONS)}, needs=("enabled_events", "url"))
ENDPOINT_UPDATE = Hash({**ENDPOINT, "disabled": Flag()})
ENDPOINT_LIST = Hash(PAGE)
