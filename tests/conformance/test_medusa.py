"""The Medusa adapter on a real, plain Medusa."""

import os

import pytest

from .medusa_driver import MedusaDriver
from .suite import AdapterConformance


class TestMedusa(AdapterConformance):
    @pytest.fixture(scope="class")
    def driver(self):
        return MedusaDriver(os.environ["MKP_MEDUSA_URL"], os.environ["MKP_MEDUSA_DSN"])
