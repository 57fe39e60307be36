"""Check the files of documents: schema, schematron, and what the PDF says."""

import io
import subprocess
import sys
from decimal import Decimal

from facturx import get_facturx_xml_from_pdf, xml_check_xsd
from lxml import etree
from PyPDF2 import PdfReader

NS = {
    "ram": "urn:un:unece:uncefact:data:standard:"
    "ReusableAggregateBusinessInformationEntity:100",
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
}
# In a process of its own: the XSLT processor reserves more memory than a server allows
# itself (limit_memory_hard), and ends the process that refuses it.
SCHEMATRON = """
import resource, sys
_soft, hard = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
from facturx import xml_check_schematron
xml_check_schematron(sys.stdin.buffer.read(), flavor="factur-x", level="en16931")
"""
SUMMATION = "//ram:SpecifiedTradeSettlementHeaderMonetarySummation/ram:%s"


class FacturxChecks:
    """Mix into a test case of documents that have files."""

    def _check_files(self, document):
        """Assert that the XML is valid and inside the PDF; return (tree, text)."""
        _name, xml = document._file("xml")
        _name, pdf = document._file("pdf")
        self._check_xml(xml, pdf)
        text = self._pdf_text(pdf)
        for mention in document.content["mentions"]:
            self.assertIn("".join(mention["text"].split()), "".join(text.split()))
        return etree.fromstring(xml), text

    def _check_xml(self, xml, pdf):
        """Assert that an XML is valid, and the one inside its PDF."""
        xml_check_xsd(xml, flavor="factur-x", level="en16931")
        self._check_schematron(xml)
        _name, inside = get_facturx_xml_from_pdf(pdf, check_schematron=False)
        self.assertEqual(inside, xml)

    def _check_schematron(self, xml):
        done = subprocess.run(
            [sys.executable, "-c", SCHEMATRON],
            input=xml,
            capture_output=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr.decode()[-2000:])

    def _summation(self, tree, name):
        [node] = tree.xpath(SUMMATION % name, namespaces=NS)
        return Decimal(node.text)

    def _node_texts(self, tree, path):
        return [node.text for node in tree.xpath(path, namespaces=NS)]

    def _document_type(self, tree):
        [code] = self._node_texts(tree, "//rsm:ExchangedDocument/ram:TypeCode")
        return code

    def _pdf_text(self, pdf):
        reader = PdfReader(io.BytesIO(pdf))
        return "\n".join(page.extract_text() for page in reader.pages)
