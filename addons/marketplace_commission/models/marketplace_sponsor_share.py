"""Part of the commission that a sponsor earns for a vendor he brought."""

from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Command

from odoo.addons.marketplace_base.engine.money import percent_of
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .marketplace_commission_rule import RATE_DIGITS

GROUP_READ = "marketplace_base.group_viewer"
# A caller can send any context value over RPC, but never this very object.
SHARING = object()


class MarketplaceContract(models.Model):
    _inherit = "marketplace.contract"

    sponsor_id = fields.Many2one(
        "res.partner",
        groups=GROUP_READ,
        tracking=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Who brought the vendor, and earns a part of what we keep as commission. "
        "The vendor is paid the same.",
    )
    sponsor_rate = fields.Float(
        string="Sponsor's Part",
        digits=RATE_DIGITS,
        groups=GROUP_READ,
        tracking=True,
        help="Of our commission, VAT excluded; lower by what refunds give back.",
    )
    sponsor_until = fields.Date(
        string="Sponsored until",
        groups=GROUP_READ,
        tracking=True,
        help="Last day of orders that the sponsor earns on; empty: no end.",
    )

    @api.constrains("sponsor_id", "sponsor_rate")
    def _check_sponsor(self):
        # sudo: the fields are shown to few, the check is everybody's
        for contract in self.sudo():
            rate = contract.sponsor_rate
            if not 0 <= rate <= 1 or bool(rate) != bool(contract.sponsor_id):
                raise MarketplaceError(
                    self.env._(
                        "%(contract)s: name the sponsor and his part of the commission "
                        "together, the part between 0 %% and 100 %%.",
                        contract=contract.display_name,
                    )
                )
            if contract.sponsor_id.commercial_partner_id == contract.vendor_id:
                raise MarketplaceError(
                    self.env._(
                        "%(contract)s: the vendor cannot sponsor himself. Lower the "
                        "rate of his plan instead.",
                        contract=contract.display_name,
                    )
                )


class MarketplaceSponsorShare(models.Model):
    """What a sponsor earns on one commission line; a fact, like the line."""

    _name = "marketplace.sponsor.share"
    _description = "Sponsor Share"
    _order = "date desc, id desc"
    _rec_name = "commission_line_id"

    commission_line_id = fields.Many2one(
        "marketplace.commission.line",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    sponsor_id = fields.Many2one(
        "res.partner", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="commission_line_id.company_id", store=True, precompute=True, index=True
    )
    vendor_id = fields.Many2one(
        related="commission_line_id.vendor_id", store=True, precompute=True
    )
    sale_order_id = fields.Many2one(
        related="commission_line_id.sale_order_id", store=True, precompute=True
    )
    date = fields.Date(related="commission_line_id.date", store=True, precompute=True)
    currency_id = fields.Many2one(
        related="commission_line_id.currency_id", store=True, precompute=True
    )
    amount_commission = fields.Monetary(
        related="commission_line_id.amount", string="Commission", store=True
    )
    rate = fields.Float(
        string="Part", digits=RATE_DIGITS, readonly=True, aggregator="avg"
    )
    amount = fields.Monetary(
        readonly=True,
        help="VAT excluded; negative where commission was given back.",
    )
    is_earned = fields.Boolean(
        string="Earned",
        compute="_compute_is_earned",
        search="_search_is_earned",
        help="The commission is invoiced to the vendor: the sponsor can be paid.",
    )
    move_line_id = fields.Many2one(
        "account.move.line",
        string="Bill Line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    move_id = fields.Many2one(
        related="move_line_id.move_id", string="Bill", store=True, ondelete="set null"
    )

    _line_uniq = models.UniqueIndex(
        "(commission_line_id)", "The sponsor has his part of this commission already."
    )

    @api.depends("commission_line_id.move_line_id")
    def _compute_is_earned(self):
        for share in self:
            share.is_earned = bool(share.commission_line_id.move_line_id)

    def _search_is_earned(self, operator, value):
        if operator != "in":
            return NotImplemented
        wanted = "!=" if True in value else "="
        return [("commission_line_id.move_line_id", wanted, False)]

    @api.model_create_multi
    def create(self, vals_list):
        self._check_token()
        return super().create(vals_list)

    def write(self, vals):
        self._check_token()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        self._check_token()

    def _check_token(self):
        if self.env.context.get("marketplace_sponsor_token") is not SHARING:
            raise AccessError(
                self.env._(
                    "Shares of sponsors follow from the commission: nobody edits them."
                )
            )

    def action_bill(self):
        """Draft a bill per sponsor and currency of what is earned and not billed yet.

        :raises MarketplaceError: when there is nothing to bill.
        """
        self.check_access("read")
        self.env["account.move"].check_access("create")
        self.lock_for_update(allow_referencing=True)
        self.invalidate_recordset(["move_line_id"])
        todo = self.filtered(
            lambda share: (
                share.is_earned
                and (not share.move_line_id or share.move_id.state == "cancel")
            )
        )
        groups = todo.grouped(
            lambda share: (share.company_id, share.sponsor_id, share.currency_id)
        )
        documents = []
        for (company, sponsor, currency), shares in groups.items():
            total = sum(map(currency._marketplace_minor, shares.mapped("amount")))
            if total:
                documents.append((company, sponsor, currency, shares, total))
        if not documents:
            raise MarketplaceError(
                self.env._(
                    "Nothing to bill: the commission is not invoiced yet, the shares "
                    "are billed already, or they add up to zero."
                )
            )
        moves = self.env["account.move"].create(
            [self._prepare_bill_vals(*document) for document in documents]
        )
        for move, (*_key, shares, _total) in zip(moves, documents, strict=True):
            # sudo: the link, by who may make the bill
            shares.sudo().with_context(marketplace_sponsor_token=SHARING).write(
                {"move_line_id": move.invoice_line_ids.id}
            )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_in_invoice_type"
        )
        return {**action, "domain": [("id", "in", moves.ids)]}

    @api.model
    def _prepare_bill_vals(self, company, sponsor, currency, shares, total):
        dates = shares.mapped("date")
        return {
            "move_type": "in_invoice" if total > 0 else "in_refund",
            "company_id": company.id,
            "partner_id": sponsor.id,
            "currency_id": currency.id,
            "invoice_line_ids": [
                Command.create(
                    {
                        "name": self.env._(
                            "Share in commissions from %(start)s to %(end)s "
                            "(%(count)s lines)",
                            start=min(dates),
                            end=max(dates),
                            count=len(shares),
                        ),
                        "product_id": self.env.ref(
                            "marketplace_commission.product_sponsor"
                        ).id,
                        "quantity": 1,
                        "price_unit": currency._marketplace_amount(abs(total)),
                    }
                )
            ],
        }


class MarketplaceCommissionLine(models.Model):
    _inherit = "marketplace.commission.line"

    sponsor_share_ids = fields.One2many(
        "marketplace.sponsor.share",
        "commission_line_id",
        string="Sponsor's Part",
        groups=GROUP_READ,
    )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._share_with_sponsors()
        return lines

    def _share_with_sponsors(self):
        """Give sponsors their part of new commission lines.

        A refund takes back the difference of the parts of what was and is kept, at the
        rate of the order: when nothing is kept, nothing of the part is.
        """
        # sudo: the part follows from the commission, whoever made that
        Share = self.env["marketplace.sponsor.share"].sudo()
        vals_list = []
        for line in self.filtered(lambda line: line.kind == "commission"):
            contract = line.sale_order_id.contract_id
            until = contract.sponsor_until
            if contract.sponsor_id and (not until or line.date <= until):
                vals_list.append(
                    line._prepare_share_vals(
                        contract.sponsor_id,
                        contract.sponsor_rate,
                        line._sponsor_minor(contract.sponsor_rate, line),
                    )
                )
        later = self.filtered("reversed_line_id")
        shares = Share.search(
            [("commission_line_id", "in", later.reversed_line_id.ids)]
        ).grouped("commission_line_id")
        given = defaultdict(self.browse)
        for line in later.filtered(lambda line: line.reversed_line_id in shares):
            original = line.reversed_line_id
            share = shares[original]
            known = original + original.reversal_line_ids - later + given[original]
            given[original] += line
            change = line._sponsor_minor(
                share.rate, known + line
            ) - line._sponsor_minor(share.rate, known)
            vals_list.append(
                line._prepare_share_vals(share.sponsor_id, share.rate, change)
            )
        Share.with_context(marketplace_sponsor_token=SHARING).create(vals_list)

    def _sponsor_minor(self, rate, lines):
        """Return a sponsor's part of what some commission lines add up to."""
        minor = self.currency_id._marketplace_minor
        return percent_of(sum(minor(line.amount) for line in lines), Decimal(str(rate)))

    def _prepare_share_vals(self, sponsor, rate, minor):
        return {
            "commission_line_id": self.id,
            "sponsor_id": sponsor.id,
            "rate": rate,
            "amount": self.currency_id._marketplace_amount(minor),
        }
