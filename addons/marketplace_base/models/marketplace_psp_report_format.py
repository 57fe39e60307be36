"""Which columns the report of a payment service provider has."""

from odoo import api, fields, models

from ..engine import psp_report
from ..exceptions import MarketplaceError


class MarketplacePspReportFormat(models.Model):
    """Map the columns of one provider's CSV report; a record per provider."""

    _name = "marketplace.psp.report.format"
    _description = "PSP Report Format"
    _order = "name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    column_identifier = fields.Char(
        string="Identifier",
        required=True,
        help="Unique for each line at the provider: a line is never imported twice.",
    )
    column_payout = fields.Char(
        string="Payout",
        required=True,
        help="Reference of the transfer to our bank that the line is part of.",
    )
    column_payout_date = fields.Char(
        string="Payout Date", help="Dates are read as year-month-day."
    )
    column_date = fields.Char(string="Date")
    column_kind = fields.Char(string="Type", required=True)
    column_currency = fields.Char(string="Currency", required=True)
    column_gross = fields.Char(
        string="Gross",
        required=True,
        help="Amounts have a decimal point. A refund is negative.",
    )
    column_fee = fields.Char(
        string="Fee", help="Positive when we pay it. Empty: gross less net."
    )
    column_net = fields.Char(string="Net")
    column_references = fields.Char(
        string="References",
        required=True,
        help="Columns, separated by commas, that may hold the reference of our payment,"
        " refund or chargeback; all are tried.",
    )
    in_minor_units = fields.Boolean(help="1050 stands for 10.50.")
    kinds = fields.Text(
        string="Meaning of Types",
        required=True,
        help="One per line: the provider's word = charge, refund, chargeback, "
        "chargeback_won, fee, transfer, adjustment or ignore. Words that are not named "
        "are adjustments, which a person decides on.",
    )

    @api.constrains("kinds")
    def _check_kinds(self):
        for record in self:
            try:
                psp_report.read_kinds(record.kinds)
            except ValueError as error:
                raise MarketplaceError(
                    self.env._(
                        "%(format)s: “%(line)s” is not of the form word = type, with "
                        "a type among %(kinds)s.",
                        format=record.name,
                        line=str(error),
                        kinds=", ".join((*psp_report.KINDS, psp_report.IGNORE)),
                    )
                ) from error

    def _mapping(self):
        """Return the mapping for the engine."""
        self.ensure_one()
        names = (self.column_references or "").split(",")
        return psp_report.Mapping(
            identifier=self.column_identifier,
            payout=self.column_payout,
            payout_date=self.column_payout_date or "",
            kind=self.column_kind,
            currency=self.column_currency,
            gross=self.column_gross,
            fee=self.column_fee or "",
            net=self.column_net or "",
            references=tuple(name.strip() for name in names if name.strip()),
            date=self.column_date or "",
            kinds=psp_report.read_kinds(self.kinds),
            in_minor_units=self.in_minor_units,
        )
