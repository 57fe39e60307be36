"""The Mercur adapter on a real Mercur."""

import os

import pytest

from .medusa_driver import MercurDriver
from .suite import AdapterConformance


class TestMercur(AdapterConformance):
    @pytest.fixture(scope="class")
    def driver(self):
        return MercurDriver(os.environ["MKP_MERCUR_URL"], os.environ["MKP_MERCUR_DSN"])
