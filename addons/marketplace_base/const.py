"""Codes, transitions and limits shared by the marketplace addons. No odoo import."""

from typing import NamedTuple

VENDOR_STATES = [
    ("pending", "Pending"),
    ("invited", "Invited"),
    ("onboarding", "Onboarding"),
    ("ready_for_review", "Ready for Review"),
    ("approved", "Approved"),
    ("rejected", "Rejected"),
    ("suspended", "Suspended"),
    ("closed", "Closed"),
]
# target -> states it may be reached from
VENDOR_TRANSITIONS = {
    "invited": {"pending"},
    "onboarding": {"pending", "invited", "ready_for_review"},
    "ready_for_review": {"pending", "invited", "onboarding"},
    "approved": {"pending", "onboarding", "ready_for_review", "suspended", "closed"},
    "rejected": {"pending", "invited", "onboarding", "ready_for_review"},
    "suspended": {"approved"},
    "closed": {"approved", "suspended", "rejected"},
    "pending": {"rejected"},
}

# Why a vendor's state changed; "progress" is the ordinary next step.
VENDOR_REASONS = [
    ("progress", "Next step"),
    ("documents", "Documents missing or refused"),
    ("late", "Parcels late or missing"),
    ("quality", "Complaints about goods"),
    ("fraud", "Suspected fraud"),
    ("request", "Asked for by the vendor"),
    ("inactive", "No activity"),
    ("other", "Other"),
]
# States that nobody enters without a reason.
VENDOR_ADVERSE_STATES = ("rejected", "suspended", "closed")

# Applications by the public form taken in 24 hours from one network address.
SIGNUPS_PER_DAY = 5

# Vendors of one import file.
VENDOR_IMPORT_ROWS = 1000

KYC_STATES = [
    ("pending_submission", "To Submit"),
    ("pending_approval", "To Review"),
    ("refused", "Refused"),
    ("approved", "Approved"),
    ("to_renew", "To Renew"),
]
KYC_DOCUMENT_STATES = [
    ("to_review", "To Review"),
    ("accepted", "Accepted"),
    ("refused", "Refused"),
    ("expired", "Expired"),
]
# target -> states it may be reached from
KYC_DOCUMENT_TRANSITIONS = {
    "accepted": {"to_review"},
    "refused": {"to_review", "accepted"},
    "expired": {"accepted"},
}
VENDOR_KINDS = [("professional", "Professional"), ("private", "Private person")]
LEGAL_FORMS = [
    ("sole_trader", "Sole trader"),
    ("limited", "Limited company"),
    ("stock", "Stock corporation"),
    ("partnership", "Partnership"),
    ("cooperative", "Cooperative"),
    ("association", "Association or foundation"),
    ("public", "Public body"),
    ("other", "Other legal form"),
]
VENDOR_NUMBER_KINDS = [
    ("tin", "Tax identification number (TIN)"),
    ("registry", "Company registry number (SIREN...)"),
    ("establishment", "Establishment number (SIRET...)"),
    ("vat", "VAT number of another country"),
    ("lei", "Legal entity identifier (LEI)"),
    ("epr", "Producer identifier (EPR)"),
    ("other", "Other number"),
]
NUMBER_SOURCES = [
    ("vendor", "Said by the vendor"),
    ("document", "Read on a document"),
    ("register", "Found in a public register"),
]
# Sellers that DAC7 does not report: directive 2011/16, annex V, section I B 4.
DAC7_EXCLUSIONS = [
    ("public", "Public body"),
    ("listed", "Listed company or affiliate of one"),
]
TERMS_KINDS = [("terms", "Terms of use"), ("mandate", "Billing mandate")]
TERMS_STATES = [("draft", "Draft"), ("published", "Published")]
TERMS_TRANSITIONS = {"published": {"draft"}}
REQUIREMENT_KINDS = [
    ("terms", "Terms agreed to"),
    ("attestation", "Attestation"),
    ("document", "Document"),
    ("bank_account", "Bank account"),
    ("returns_address", "Returns address"),
    ("offers", "Number of offers"),
    ("field", "Field filled in"),
    ("review", "Review by the operator"),
]
REQUIREMENT_DECISIONS = [
    ("open", "Open"),
    ("accepted", "Accepted"),
    ("refused", "Refused"),
    ("waived", "Waived"),
]
REQUIREMENT_STATUSES = [("submitted", "Submitted"), *REQUIREMENT_DECISIONS]
# target -> states it may be reached from
REQUIREMENT_TRANSITIONS = {
    "accepted": {"open"},
    "refused": {"open"},
    "waived": {"open"},
    "open": {"accepted", "refused", "waived"},
}
# Answers to "is the holder of this account the vendor?"
NAME_MATCHES = [
    ("match", "Same name"),
    ("close", "Similar name"),
    ("no_match", "Other name"),
    ("not_possible", "Not possible"),
]
# What the identity of a vendor must be complete for.
IDENTITY_USES = [("invoice", "Invoices"), ("dac7", "DAC7"), ("sepa", "SEPA payouts")]

KYC_AUDIENCES = [("all", "Every vendor"), *VENDOR_KINDS]
# Days before its expiry when somebody is asked to get the next document.
KYC_REMINDER_DAYS = 30
# Documents handled by one transaction of the expiry job.
KYC_BATCH = 100
# Size of an uploaded document, in bytes, and what it may be.
KYC_FILE_MAX_BYTES = 10 * 1024 * 1024
KYC_FILE_TYPES = ("application/pdf", "image/jpeg", "image/png")

CONTRACT_STATES = [("draft", "Draft"), ("active", "Active"), ("ended", "Ended")]
# target -> states it may be reached from
CONTRACT_TRANSITIONS = {"active": {"draft"}, "ended": {"active"}, "draft": {"active"}}

OFFER_CONDITIONS = [("new", "New"), ("refurbished", "Refurbished"), ("used", "Used")]
# gravest first: an offer shows the first reason that applies
OFFER_INACTIVE_REASONS = [
    ("archived", "Archived"),
    ("vendor_suspended", "Vendor not approved"),
    ("no_contract", "No contract in force"),
    ("product_refused", "Refused by the marketplace"),
    ("not_allowed", "Outside the assortment agreed with the vendor"),
    ("attributes_missing", "Attributes missing"),
    ("compliance_missing", "Compliance data missing"),
    ("no_tax", "No tax decided"),
    ("no_price", "No price"),
    ("out_of_stock", "Out of stock"),
]

POSTURES = [("agent", "Agent"), ("principal", "Principal")]
VAT_DEBTORS = [("vendor", "Vendor"), ("operator", "Operator (deemed supplier)")]
SHIPPING_RECIPIENTS = [("vendor", "Vendor"), ("operator", "Operator")]
LINE_KINDS = [("goods", "Goods"), ("shipping", "Shipping"), ("discount", "Discount")]

# One entry per business event of the ledger; other addons add theirs.
EVENTS = [
    ("capture", "Payment captured"),
    ("on_account", "Sold on account"),
    ("collection", "Account collected"),
    ("collection_loss", "Account written off"),
    ("discount_funding", "Discount paid by the marketplace"),
    ("entitlement", "Vendor entitled"),
    ("vendor_cash", "Customer's cash kept by the vendor"),
    ("refund", "Refund to the customer"),
    ("shipping_funding", "Delivery paid by the marketplace"),
    ("rounding", "Rounding of the order total"),
    ("goodwill", "Goodwill refund paid by the operator"),
    ("dispute_opened", "Chargeback opened"),
    ("dispute_fee", "Chargeback fee"),
    ("dispute_won", "Chargeback won"),
    ("dispute_recovered", "Lost chargeback won later"),
    ("dispute_relieved", "Operator's lost chargeback won later"),
    ("dispute_fee_back", "Chargeback fee returned"),
    ("dispute_lost", "Chargeback lost by the vendor"),
    ("dispute_borne", "Chargeback lost by the operator"),
    ("psp_settlement", "PSP settles to the bank"),
    ("psp_fee", "PSP fee"),
    ("psp_difference", "Difference with a PSP report"),
]

POSTING_MODES = [("event", "One entry per event"), ("day_vendor", "Per day and vendor")]

# Ledger lines posted by one transaction of the posting job.
POSTING_BATCH_LINES = 2000


# Health checks: days back that orders are looked at, days after which a ledger line
# should be posted, and journal items named for one difference.
HEALTH_DAYS = 60
HEALTH_WAITING_DAYS = 2
HEALTH_LINES = 10

# Roles that hold VAT of a sale, and roles that hold its base: their journal items
# carry the tax that the ledger line names.
TAX_ROLES = ("VAT_DEEMED", "VAT_OUT")
TAX_BASE_ROLES = ("VENDOR_PENDING", "VENDOR_DUE", "SHIPPING_INC")

# Roles whose journal items are lettered against each other by the nightly job, and the
# column of the ledger that says which of them belong together.
LETTERED_ROLES = {
    "VENDOR_PENDING": "sale_order_id",
    "DISPUTES": "marketplace_order_id",
    "CUST_COLLECT": "marketplace_order_id",
    "VENDOR_CASH": "marketplace_order_id",
}
# Groups of journal items lettered by one transaction.
LETTERING_BATCH = 200


class Role(NamedTuple):
    """Describe an account role: accounting design, section 1.2.

    ``codes`` maps a chart ("fr", "generic") to the account code wanted there.
    ``partner`` says whose name the journal items carry: vendor, psp, customer,
    or single (the partner of the entry when there is only one).
    ``tie_out`` marks roles whose balance must equal the ledger at any time.
    """

    label: str
    account_type: str
    fr: str
    generic: str
    reconcile: bool = False
    partner: str = "none"
    tie_out: bool = False
    non_trade: bool = False


ROLES = {
    "PSP_CLEARING": Role(
        "PSP clearing", "asset_current", "511700", "101410", True, "psp", True
    ),
    "BANK": Role("Bank", "asset_cash", "512001", "101401", False, "single"),
    "PAYOUT_TRANSIT": Role(
        "Payouts in transit", "asset_current", "512003", "101404", True, "vendor", True
    ),
    "VENDOR_PENDING": Role(
        "Vendor credits, not yet due",
        "liability_payable",
        "467110",
        "211210",
        True,
        "vendor",
        True,
        True,
    ),
    "VENDOR_DUE": Role(
        "Vendor credits, due",
        "liability_payable",
        "467100",
        "211200",
        True,
        "vendor",
        True,
    ),
    "VENDOR_RESERVE": Role(
        "Vendor reserves",
        "liability_payable",
        "467120",
        "211220",
        True,
        "vendor",
        True,
        True,
    ),
    "VENDOR_AR": Role(
        "Commission invoices to vendors",
        "asset_receivable",
        "411200",
        "121200",
        True,
        "vendor",
        True,
    ),
    "VENDOR_CASH": Role(
        "Customers' cash kept by vendors",
        "asset_receivable",
        "467130",
        "121700",
        True,
        "vendor",
        True,
        True,
    ),
    "CUST_REFUND": Role(
        "Refunds to execute", "liability_current", "467200", "211230", True, "customer"
    ),
    "CUST_COLLECT": Role(
        "Pay-later sales",
        "asset_current",
        "467300",
        "121300",
        True,
        "customer",
        True,
    ),
    "DISPUTES": Role(
        "Open disputes", "asset_current", "467400", "121400", True, "psp", True
    ),
    "CUST_AR": Role(
        "Customers", "asset_receivable", "411100", "121000", True, "customer"
    ),
    "CUST_ADVANCE": Role(
        "Customer advances", "liability_current", "419100", "212100", True, "customer"
    ),
    "AP_VENDOR": Role(
        "Vendors as suppliers", "liability_payable", "401100", "211000", True, "vendor"
    ),
    "COMMISSION": Role(
        "Commission income", "income", "706100", "400100", partner="vendor"
    ),
    "SUBSCRIPTION": Role(
        "Subscriptions", "income", "706200", "400200", partner="vendor"
    ),
    "SHIPPING_INC": Role(
        "Shipping sold by the operator",
        "income",
        "708500",
        "400300",
        partner="customer",
    ),
    "DISCOUNT_MKT": Role(
        "Discounts paid by the marketplace",
        "income",
        "709600",
        "400900",
        partner="vendor",
    ),
    # What the operator owes the holders of cards he issued. Not tied out: the issue of
    # a card is booked on the account too, and is no event of the ledger.
    "GIFT_CARDS": Role(
        "Gift cards and store credit",
        "liability_current",
        "419700",
        "212200",
        True,
        "psp",
    ),
    "SALES": Role("Sales", "income", "707000", "400000", partner="customer"),
    "PURCHASES": Role("Purchases", "expense", "607000", "500000", partner="vendor"),
    "VAT_OUT": Role("Output VAT", "liability_current", "445710", "251000"),
    "VAT_OUT_PENDING": Role(
        "Output VAT on payment", "liability_current", "445740", "251100", True
    ),
    "VAT_IN": Role("Input VAT", "asset_current", "445660", "131000"),
    "VAT_DEEMED": Role(
        "VAT as deemed supplier",
        "liability_current",
        "445730",
        "251200",
        partner="vendor",
    ),
    "PSP_FEES": Role("PSP fees", "expense", "627800", "620000", partner="psp"),
    "OPERATOR_COST": Role(
        "Losses taken over and rounding", "expense", "658000", "600200"
    ),
    "BAD_DEBT": Role("Vendor debts written off", "expense", "654100", "600100"),
    "IMPAIRMENT": Role(
        "Impairment of vendor debts",
        "asset_current",
        "496710",
        "121600",
        partner="vendor",
        tie_out=True,
    ),
    "IMPAIRMENT_COST": Role(
        "Impairment of vendor debts: charge", "expense", "681740", "600300"
    ),
    "IMPAIRMENT_BACK": Role(
        "Impairment of vendor debts: reversal", "income", "781740", "450100"
    ),
    "UNCLAIMED_INCOME": Role(
        "Vendor credits never claimed", "income", "758000", "450000"
    ),
    "FX_LOSS": Role("Exchange losses", "expense", "666000", "641000"),
    "FX_GAIN": Role("Exchange gains", "income", "766000", "441000"),
    "ACCRUED_INCOME": Role(
        "Commission earned, not invoiced",
        "asset_current",
        "418100",
        "121500",
        partner="vendor",
    ),
    "ACCRUED_PSP": Role(
        "Provider's fees not told yet",
        "liability_current",
        "408100",
        "211600",
        partner="psp",
    ),
    "VAT_ACCRUED": Role(
        "VAT on commission not invoiced",
        "liability_current",
        "445870",
        "251300",
        partner="vendor",
    ),
}

PAYMENT_STATES = [
    ("authorized", "Authorized"),
    ("captured", "Captured"),
    ("failed", "Failed"),
]
PAYMENT_TRANSITIONS = {"captured": {"authorized"}, "failed": {"authorized"}}

SHIPMENT_STATES = [
    ("draft", "Draft"),
    ("shipped", "Shipped"),
    ("delivered", "Delivered"),
    ("cancelled", "Cancelled"),
    ("returned", "Refused at the Door"),
]
SHIPMENT_TRANSITIONS = {
    "shipped": {"draft"},
    "delivered": {"shipped"},
    "cancelled": {"draft"},
    "returned": {"shipped"},
}
# States of parcels that deliver nothing: their units are to ship again, or cancelled.
SHIPMENT_GONE = ("cancelled", "returned")

DELIVERY_SOURCES = [
    ("carrier", "Carrier"),
    ("customer", "Customer"),
    ("storefront", "Storefront"),
    ("operator", "Back office"),
    ("vendor", "Vendor"),
    ("assumed", "Assumed after the contract's delay"),
]
# Stock figures a warehouse system may send in one call.
WMS_ITEMS_MAX = 1000
# Days after which a parcel on its way is listed as late, unless the company says else.
LATE_PARCEL_DAYS = 10

REFUND_STATES = [("draft", "Draft"), ("done", "Done"), ("reversed", "Reversed")]
REFUND_TRANSITIONS = {"done": {"draft"}, "reversed": {"done"}}
REFUND_REASONS = [
    ("withdrawal", "Customer withdrew"),
    ("defective", "Defective or damaged"),
    ("wrong_item", "Wrong or not as described"),
    ("not_received", "Not received"),
    ("out_of_stock", "Vendor out of stock"),
    ("goodwill", "Goodwill"),
    ("chargeback", "Chargeback"),
    ("other", "Other"),
]
REFUND_BEARERS = [("vendor", "Vendor"), ("operator", "Operator")]

DISPUTE_STATES = [
    ("draft", "Draft"),
    ("open", "Open"),
    ("won", "Won"),
    ("lost", "Lost"),
]
# A claim booked as lost may be won later: arbitration, second presentment.
DISPUTE_TRANSITIONS = {"open": {"draft"}, "won": {"open", "lost"}, "lost": {"open"}}

PSP_SETTLEMENT_STATES = [("draft", "Draft"), ("posted", "Posted")]
PSP_SETTLEMENT_TRANSITIONS = {"posted": {"draft"}}

DISCOUNT_FUNDERS = [("vendor", "Vendor"), ("marketplace", "Marketplace")]

# Decimals kept of a quantity when the engine counts it in integers.
QUANTITY_DECIMALS = 6

# Shipments handled by one transaction of the delivery and entitlement jobs.
SHIPMENT_BATCH = 200
# Vendors together: whatever pays or matches a vendor reads the whole of his entries,
# and so few of those of others.
VENDORS_TOGETHER = "vendor_id.id, id"
# Parcels or decisions whose money becomes due in one journal entry.
ENTITLEMENT_ENTRY = 100
