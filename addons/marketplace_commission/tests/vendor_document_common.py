from .common import CommissionCommon


class VendorDocumentCommon(CommissionCommon):
    """Publish a billing mandate and give vendors the identity that invoices need."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Document = cls.env["marketplace.vendor.document"]
        cls.company.marketplace_document_trigger = "delivery"
        cls.terms = cls._publish_mandate()
        cls.vendor = cls._create_seller("Atelier Amande")
        cls.offer = cls._create_offer(cls.vendor, 60.0, sku="AM-1")

    @classmethod
    def _publish_mandate(cls, **vals):
        terms = cls.env["marketplace.terms"].create(
            {
                "name": "Billing mandate",
                "kind": "mandate",
                "body": "<p>We invoice for you.</p>",
                **vals,
            }
        )
        terms.action_publish()
        return terms

    @classmethod
    def _give_mandate(cls, vendor, terms=None):
        return cls.env["marketplace.terms.acceptance"].create(
            {
                "terms_id": (terms or cls.terms).id,
                "vendor_id": vendor.id,
                "user_id": cls.env.uid,
                "date": "2026-01-01 08:00:00",
                "ip_address": "203.0.113.7",
            }
        )

    @classmethod
    def _create_seller(cls, name, mandate=True, **vals):
        """Return a vendor who can be the seller on an invoice."""
        contract = {
            key: vals.pop(key) for key in ("posture", "vat_debtor") if key in vals
        }
        vendor = cls._create_vendor(name, **contract)
        vendor.write(
            {
                "vat": "FR23334175221",
                "company_registry": "334175221",
                "einvoice_scheme": "0225",
                "einvoice_address": "334175221",
                **vals,
            }
        )
        if mandate:
            cls._give_mandate(vendor)
        return vendor

    @classmethod
    def _sell(cls, lines=None, date="2026-03-02", deliver="2026-03-05", **options):
        """Sell and deliver a purchase; return its group."""
        group = cls._import_order(lines or [(cls.offer, 2)], date=date, **options)
        if deliver:
            cls._ship_and_deliver(group, date=deliver)
        return group

    @classmethod
    def _invoice(cls, group):
        return cls.Document._issue_invoices(group.sale_order_ids)

    @classmethod
    def _credit(cls, refund):
        return cls.Document._issue_credit_notes(refund.line_ids)

    def _codes(self, document):
        return [mention["code"] for mention in document.content["mentions"]]

    def _mention(self, document, code):
        return next(
            mention["text"]
            for mention in document.content["mentions"]
            if mention["code"] == code
        )

    def _ledger_credit(self, order):
        """Return what the vendor is credited for an order, in minor units."""
        return sum(
            money.state.credit - money.state.credit_back
            for money in order.order_line._marketplace_ledger_state().values()
        )
