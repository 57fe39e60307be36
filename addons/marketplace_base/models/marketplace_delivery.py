"""Who says that a parcel arrived, and which parcels nobody saw arrive."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import consteq, hmac

from ..const import DELIVERY_SOURCES, SHIPMENT_GONE
from ..exceptions import MarketplaceError

# What a customer's link proves; another name would void the links already sent.
LINK_SCOPE = "marketplace-delivery"
# Clocks of carriers and ours differ: an event may be this far ahead.
CLOCK_TOLERANCE = timedelta(hours=1)
# Who may report a delivery by an event; the others have buttons and jobs of their own.
REPORTING_SOURCES = ("carrier", "customer", "storefront")
# What makes a delivery a fact: nobody types it.
DELIVERY_FIELDS = {"delivery_source", "delivery_event_ref", "date_delivered"}


class MarketplaceShipment(models.Model):
    _inherit = "marketplace.shipment"

    delivery_source = fields.Selection(
        DELIVERY_SOURCES,
        string="Delivery Confirmed by",
        readonly=True,
        copy=False,
        tracking=True,
    )
    delivery_event_ref = fields.Char(
        string="Delivery Event",
        readonly=True,
        copy=False,
        help="Number of the event at the carrier or in the shop that confirmed it.",
    )
    is_late = fields.Boolean(
        string="Late or Missing",
        compute="_compute_is_late",
        search="_search_is_late",
        help="On its way for more days than the marketplace settings allow.",
    )

    _delivery_event_uniq = models.UniqueIndex(
        "(company_id, delivery_event_ref) WHERE delivery_event_ref IS NOT NULL",
        "This delivery event has confirmed a parcel already.",
    )
    _on_the_way_idx = models.Index("(company_id, date_shipped) WHERE state = 'shipped'")

    # -- late parcels ---------------------------------------------------------------

    @api.depends("state", "date_shipped", "company_id")
    def _compute_is_late(self):
        limits = self._late_limits(self.company_id)
        for shipment in self:
            shipment.is_late = (
                shipment.state == "shipped"
                and shipment.date_shipped < limits[shipment.company_id]
            )

    def _search_is_late(self, operator, value):
        if operator != "in" or True not in value:
            return NotImplemented
        companies = self.env["res.company"]._marketplace_companies()
        late = Domain.OR(
            Domain("company_id", "=", company.id) & Domain("date_shipped", "<", limit)
            for company, limit in self._late_limits(companies).items()
        )
        return Domain("state", "=", "shipped") & late

    @api.model
    def _late_limits(self, companies):
        """Return {company: moment before which a parcel must have left to be late}."""
        return {
            company: company._marketplace_day_start(
                # sudo: a setting, no secret
                company._marketplace_today()
                - timedelta(days=company.sudo().marketplace_late_days)
            )
            for company in companies
        }

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if any(DELIVERY_FIELDS & vals.keys() for vals in vals_list):
            self._check_state_gate()
        return super().create(vals_list)

    def write(self, vals):
        if DELIVERY_FIELDS & vals.keys():
            self._check_state_gate()
        return super().write(vals)

    # -- confirmation ---------------------------------------------------------------

    @api.model
    @api.private
    def _confirm_delivery(self, event):
        """Take note of a delivery that a carrier, a shop or a customer reports, once.

        :param event: dict with ``event_id``, unique per company; ``shipment``, our
            number, or else ``tracking_ref``; ``source``, one of REPORTING_SOURCES;
            ``date``, ISO 8601, in the company's time zone when it has no offset, now
            when absent.
        :return: the shipment; what is delivered already is left as it is.
        :raises MarketplaceError: saying which parcel is unknown, ambiguous or has not
            left, or what is wrong with the event.
        """
        event_id = str(event.get("event_id") or "").strip()
        if not event_id:
            raise MarketplaceError(
                self.env._("A delivery event needs a number (event_id).")
            )
        source = event.get("source") or "carrier"
        if source not in REPORTING_SOURCES:
            raise MarketplaceError(
                self.env._(
                    "“%(said_by)s” does not confirm deliveries: say one of %(known)s.",
                    said_by=source,
                    known=", ".join(REPORTING_SOURCES),
                )
            )
        shipment = self._find_reported(event)
        known = self.search(
            [
                ("company_id", "=", shipment.company_id.id),
                ("delivery_event_ref", "=", event_id),
            ]
        )
        if known and known != shipment:
            raise MarketplaceError(
                self.env._(
                    "The event %(event)s confirmed %(known)s already: it cannot "
                    "confirm %(shipment)s.",
                    event=event_id,
                    known=known.name,
                    shipment=shipment.name,
                )
            )
        moment = shipment.company_id._marketplace_moment(event.get("date"))
        if moment and moment > fields.Datetime.now() + CLOCK_TOLERANCE:
            raise MarketplaceError(
                self.env._(
                    "%(shipment)s cannot have arrived in the future (%(date)s).",
                    shipment=shipment.name,
                    date=event["date"],
                )
            )
        shipment._deliver(source, moment, event_id)
        return shipment

    @api.model
    def _find_reported(self, event):
        """Return the one shipment an event is about."""
        if name := event.get("shipment"):
            domain = Domain("name", "=", name)
        elif tracking := event.get("tracking_ref"):
            domain = Domain("tracking_ref", "=", tracking)
            domain &= Domain("state", "not in", SHIPMENT_GONE)
        else:
            raise MarketplaceError(
                self.env._(
                    "Say which parcel arrived: its number (shipment) or its tracking "
                    "number (tracking_ref)."
                )
            )
        domain &= Domain("company_id", "in", self.env.companies.ids)
        found = self.search(domain, limit=2)
        reference = name or event.get("tracking_ref")
        if not found:
            raise MarketplaceError(
                self.env._("There is no parcel “%(reference)s”.", reference=reference)
            )
        if len(found) > 1:
            raise MarketplaceError(
                self.env._(
                    "“%(reference)s” is the tracking number of several parcels "
                    "(%(parcels)s): say which by its number (shipment).",
                    reference=reference,
                    parcels=", ".join(found.mapped("name")),
                )
            )
        return found

    # -- the customer's link --------------------------------------------------------

    def _customer_token(self):
        self.ensure_one()
        # sudo: signing needs the secret of the database, which nobody reads
        return hmac(self.env(su=True), LINK_SCOPE, self.id)

    @api.private
    def _customer_delivery_url(self):
        """Return the link by which the customer confirms that the parcel arrived.

        For the customer only: whoever has it makes the money due to the vendor.
        """
        self.ensure_one()
        return (
            f"{self.get_base_url()}/marketplace/delivery/{self.id}"
            f"/{self._customer_token()}"
        )

    @api.model
    @api.private
    def _by_customer_token(self, shipment_id, token):
        """Return the superuser shipment of a customer's link, empty if it is no such.

        :param shipment_id: the id the visitor gave.
        """
        # sudo: the right is the signature, checked here
        shipment = self.sudo().browse(shipment_id).exists()
        if not shipment or not consteq(shipment._customer_token(), token):
            return shipment.browse()
        return shipment

    def action_tell_customer(self):
        """Write to the customers that their parcels left, with the links to confirm.

        The mails are internal, and deleted once sent: vendors may read the history of
        their shipments, and the link is the customer's.
        """
        self.check_access("write")
        template = self.env.ref("marketplace_base.mail_template_parcel_shipped")
        for shipment in self:
            if shipment.state != "shipped":
                raise MarketplaceError(
                    self.env._(
                        "%(shipment)s is not on its way: there is nothing to tell.",
                        shipment=shipment.name,
                    )
                )
            if not shipment.sale_order_id.partner_id.email:
                raise MarketplaceError(
                    self.env._(
                        "%(customer)s has no e-mail address: enter it, or confirm "
                        "%(shipment)s yourself once it has arrived.",
                        customer=shipment.sale_order_id.partner_id.display_name,
                        shipment=shipment.name,
                    )
                )
        # sudo: the order desk may send this mail, not read its template
        template.sudo().send_mail_batch(
            self.ids, email_values={"is_internal": True, "auto_delete": True}
        )
        for shipment in self:
            shipment.message_post(body=self.env._("The customer was told by mail."))
        return True
