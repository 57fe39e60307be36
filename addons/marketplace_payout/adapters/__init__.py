from .stripe_connect import StripeConnect

# Code of a payment provider -> its adapter.
ADAPTERS = {"stripe": StripeConnect}
