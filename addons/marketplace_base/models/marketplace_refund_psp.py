"""One refund, told twice: by the shop's webhook and by the provider's file."""

from odoo import api, fields, models


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    psp_ref = fields.Char(
        string="Provider's Reference",
        copy=False,
        index="btree_not_null",
        help="Reference of the refund at the payment service provider: whoever tells "
        "it, it is booked once.",
    )

    _psp_uniq = models.UniqueIndex(
        "(company_id, psp_ref) WHERE psp_ref IS NOT NULL",
        "This refund of the payment service provider is already recorded.",
    )

    @api.model
    def _match_psp_refs(self, payloads, known):
        """Find refunds that another source told before, by the provider's reference.

        What was missing on them is filled in: the provider's reference, or the shop's
        in place of the provider's.

        :param known: {(company id, channel, reference): refund}; brought forward.
        :return: {index of a payload: problems}, when two sources disagree.
        """
        refs = [payload["psp_ref"] for payload in payloads if payload.get("psp_ref")]
        told = {
            (record.company_id.id, record.psp_ref): record
            for record in self.search([("psp_ref", "in", refs)])
        }
        problems = {}
        for index, payload in enumerate(payloads):
            key = (payload["company_id"], payload["channel"], payload["ref"])
            psp_ref = payload.get("psp_ref")
            record = known.get(key) or told.get((key[0], psp_ref))
            if not record or not psp_ref:
                continue
            if message := record._disagrees(payload):
                problems[index] = [message]
                continue
            if not record.psp_ref:
                record.psp_ref = psp_ref
            if record.external_ref in (False, psp_ref):
                record.external_ref = payload["ref"]
            known[key] = record
        return problems

    def _disagrees(self, payload):
        """Return, in words, how a payload contradicts the refund; None if it agrees."""
        self.ensure_one()
        told = payload.get("amount_minor")
        amount = self.currency_id._marketplace_minor(self.amount)
        other_order = payload["order_ref"] != self.order_id.external_ref
        other_ref = self.psp_ref and self.psp_ref != payload["psp_ref"]
        if not other_order and not other_ref and told in (None, amount):
            return None
        return self.env._(
            "Refund %(ref)s of the provider is recorded as %(refund)s of %(amount)s on "
            "%(order)s; now it is told as %(told_ref)s, %(told)s on %(told_order)s.",
            ref=self.psp_ref or payload["psp_ref"],
            refund=self.name,
            amount=self.currency_id.format(self.amount),
            order=self.order_id.display_name,
            told=self.currency_id.format(
                self.currency_id._marketplace_amount(amount if told is None else told)
            ),
            told_order=payload["order_ref"],
            told_ref=payload["psp_ref"],
        )
