"""Account numbers that leave the server in part, whoever reads them.

The whole number is shown by :meth:`action_reveal` alone, which writes down who asked
and why. Server code, and ``sudo``, read the value itself.
"""

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..exceptions import MarketplaceError

MASK = "•"


def mask_number(number):
    """Return an account number as lists show it: its country and its last digits.

    >>> mask_number("FR76 3000 6000 0112 3456 7890 189")
    'FR•• •••• 0189'
    >>> mask_number("")
    ''
    """
    number = number.replace(" ", "")
    return f"{number[:2]}•• •••• {number[-4:]}" if number else ""


def _hides(record):
    return not record.env.su and record._is_number_private()


class MaskedChar(fields.Char):
    """A text that clients read and export in part, and find only by the whole."""

    def convert_to_read(self, value, record, use_display_name=True):
        """Return the value in part where the record says so."""
        value = super().convert_to_read(value, record, use_display_name)
        return mask_number(value) if value and _hides(record) else value

    def convert_to_export(self, value, record):
        """Return the value in part where the record says so."""
        value = super().convert_to_export(value, record)
        return mask_number(value) if value and _hides(record) else value

    def condition_to_sql(self, field_expr, operator, value, model, alias, query):
        """Compare masked values as a whole: a part found tells the number by and by."""
        found = super().condition_to_sql(
            field_expr, operator, value, model, alias, query
        )
        if model.env.su or operator in ("in", "not in"):
            return found
        whole = super().condition_to_sql(
            field_expr,
            "not in" if operator.startswith("not") else "in",
            [value.strip("%")] if isinstance(value, str) else [value],
            model,
            alias,
            query,
        )
        return SQL(
            "CASE WHEN %s THEN %s ELSE %s END", model._masked_sql(alias), whole, found
        )


class MarketplaceMaskedMixin(models.AbstractModel):
    """Keep the :class:`MaskedChar` of a model from being read by a detour."""

    _name = "marketplace.masked.mixin"
    _description = "Numbers Shown in Part"

    def _is_number_private(self):
        """Say whether the numbers of the record are shown in part."""
        return True

    @api.model
    def _masked_sql(self, alias):
        """Return the condition of the records whose numbers are shown in part."""
        return SQL("TRUE")

    @api.model
    def _masked_names(self):
        return {
            name
            for name, field in self._fields.items()
            if isinstance(field, MaskedChar)
        }

    def _read_group_groupby(self, alias, groupby_spec, query):
        self._check_not_masked(groupby_spec)
        return super()._read_group_groupby(alias, groupby_spec, query)

    def _read_group_select(self, aggregate_spec, query):
        self._check_not_masked(aggregate_spec)
        return super()._read_group_select(aggregate_spec, query)

    def _check_not_masked(self, spec):
        """Refuse to group by or add up numbers that are shown in part.

        :raises AccessError: naming the field.
        """
        name = spec.split(":")[0].split(".")[0]
        if not self.env.su and name in self._masked_names():
            raise AccessError(
                self.env._(
                    "Account numbers are shown one by one: “%(field)s” is no grouping.",
                    field=self._fields[name].string,
                )
            )


class ResPartnerBank(models.Model):
    _name = "res.partner.bank"
    _inherit = ["res.partner.bank", "marketplace.masked.mixin"]

    acc_number = MaskedChar()
    sanitized_acc_number = MaskedChar()

    def _is_number_private(self):
        """Mask the accounts of vendors; those of others stay as Odoo shows them."""
        # sudo: whose account it is, asked by whoever reads a part of it
        return self.sudo().is_vendor_account

    @api.model
    def _masked_sql(self, alias):
        return SQL(
            "%s IN (SELECT id FROM res_partner WHERE is_marketplace_vendor)",
            SQL.identifier(alias, "partner_id"),
            to_flush=self.env["res.partner"]._fields["is_marketplace_vendor"],
        )

    @api.depends("partner_id.is_marketplace_vendor")
    def _compute_display_name(self):  # pylint: disable=missing-return
        """Name accounts of vendors by a part of their number, for everybody."""
        super()._compute_display_name()
        # sudo: whose account it is, asked by whoever sees its name
        for account in self.filtered(lambda account: account._is_number_private()):
            number = account.acc_number or ""
            account.display_name = (account.display_name or "").replace(
                number, mask_number(account.sanitized_acc_number or "")
            )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_no_mask(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_no_mask(vals)
        return super().write(vals)

    def _check_no_mask(self, vals):
        """Refuse a number in part, such as one of an export.

        :raises MarketplaceError: naming it.
        """
        for name in self._masked_names() & vals.keys():
            if MASK in (vals[name] or ""):
                raise MarketplaceError(
                    self.env._(
                        "%(number)s is only a part of an account number. Enter the "
                        "whole number, or leave it as it is.",
                        number=vals[name],
                    )
                )

    def unlink(self):
        """Archive accounts of vendors without their number in the chatter."""
        own = self.filtered("is_vendor_account")
        own.action_archive()
        return super(ResPartnerBank, self - own).unlink()


class MailTrackingValue(models.Model):
    _inherit = "mail.tracking.value"

    @api.model
    def _create_tracking_values(
        self, initial_value, new_value, col_name, col_info, record
    ):
        """Write down changed numbers in part."""
        field = record._fields.get(col_name)
        if isinstance(field, MaskedChar) and record._is_number_private():
            initial_value = mask_number(initial_value or "")
            new_value = mask_number(new_value or "")
        return super()._create_tracking_values(
            initial_value, new_value, col_name, col_info, record
        )
