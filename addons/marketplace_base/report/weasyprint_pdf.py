"""Print a document's HTML with WeasyPrint. Import lazily: it needs Pango."""

import logging
import mimetypes
import re
from urllib.parse import unquote, urlsplit

from weasyprint import HTML
from weasyprint.urls import URLFetcher, URLFetcherResponse

from odoo.tools.misc import file_open

# Seven lines of progress per document are no news for a server's log.
logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)

# Never resolved: links of a document are paths, and need something before them.
BASE_URL = "https://document.invalid/"
# No part starts with a dot: the path cannot climb out of the folder.
STATIC_FILE = re.compile(r"/(\w+/static(?:/[\w-][\w.-]*)+)")


class StaticFetcher(URLFetcher):
    """Give a document the static files of addons and its inline data, nothing else.

    Whatever a vendor managed to put into a document cannot make the server call an
    address or read a file.
    """

    def __init__(self):
        super().__init__(allowed_protocols=("data",))

    def fetch(self, url, headers=None):
        if not url.startswith(BASE_URL):
            return super().fetch(url, headers)
        match = STATIC_FILE.fullmatch(unquote(urlsplit(url).path))
        if not match:
            raise ValueError(f"not a static file: {url}")
        with file_open(match[1], "rb") as file:
            content = file.read()
        mimetype, _encoding = mimetypes.guess_type(match[1])
        return URLFetcherResponse(url, content, {"Content-Type": mimetype})


def html_to_pdf(html, variant=None):
    """Return the PDF bytes of a whole HTML document.

    :param variant: a PDF variant that WeasyPrint knows, such as ``pdf/a-3b``.
    """
    document = HTML(string=html, base_url=BASE_URL, url_fetcher=StaticFetcher())
    return document.write_pdf(pdf_variant=variant)
