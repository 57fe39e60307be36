"""Hosted identity checks of payment providers. Pure: no odoo import, no clock."""

from .provider import (
    PROVIDERS,
    AccountState,
    OnboardingError,
    OnboardingProvider,
    SignatureError,
    Vendor,
    read_event,
    register,
    sign,
)

__all__ = [
    "PROVIDERS",
    "AccountState",
    "OnboardingError",
    "OnboardingProvider",
    "SignatureError",
    "Vendor",
    "read_event",
    "register",
    "sign",
]
