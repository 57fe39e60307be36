"""What jobs write for people is in the language of whoever looks after the shop."""

from odoo import models
from odoo.tools.translate import LazyTranslate

# Words of the adapters, which know no Odoo, are translated where they are kept.
# pylint: disable=prefer-env-translation
_lt = LazyTranslate(__name__)

ADAPTER_SENTENCES = (
    _lt("The address of the shop is not valid."),
    _lt("The shop asks us to slow down."),
    _lt("The shop cannot be reached."),
    _lt("The shop did not answer; it may have acted."),
    _lt("The shop did not give a whole answer."),
    _lt("The shop gives no token for this user."),
    _lt("The shop refuses our access."),
    _lt("The shop refuses our access token."),
    _lt("The shop refuses the user name or the password."),
    _lt("There is neither a user nor a secret key."),
)
SENTENCE_BY_SOURCE = {sentence._source: sentence for sentence in ADAPTER_SENTENCES}


class MarketplaceStorefront(models.Model):
    _inherit = "marketplace.storefront"

    def _with_staff_lang(self):
        """Return self in the language of the person in charge, else the company's."""
        self.ensure_one()
        # sudo: a job is queued by whoever changed something, a vendor for one.
        storefront = self.sudo()
        company = storefront.company_id.partner_id
        return self.with_context(lang=storefront.user_id.lang or company.lang)

    def _delay(self):
        return super(MarketplaceStorefront, self._with_staff_lang())._delay()

    def _record_problem(self, error):
        """Say what the adapters always say in the reader's language."""
        sentence = SENTENCE_BY_SOURCE.get(str(error))
        if sentence:
            error.args = (self.env._(sentence), *error.args[1:])
        return super()._record_problem(error)


class MarketplaceLoad(models.Model):
    _inherit = "marketplace.load"

    def _queue(self, seconds=None):
        lang = self.storefront_id._with_staff_lang().env.context["lang"]
        return super(MarketplaceLoad, self.with_context(lang=lang))._queue(seconds)
