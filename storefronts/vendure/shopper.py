"""People of the shop, for the demo and the tests: shoppers and the shop's operator.

Both use the shop's own interfaces, as a browser would: :class:`Shopper` the shop
API, :class:`Operator` the admin API.  Nothing here knows Odoo.

Place a few orders in a running shop that has a catalogue::

    python shopper.py http://127.0.0.1:3000 12
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests

TIMEOUT_SECONDS = 60
PAGE = 100  # products per page, the shop's own limit for shoppers
REFUSAL = "... on ErrorResult { errorCode message }"
PAYMENT_METHOD = "marketplace"


class ShopRefusal(RuntimeError):
    """The shop said no; the text is the shop's."""


class GraphQL:
    """One session on one of the shop's two interfaces."""

    def __init__(self, url: str):
        self._url = url
        self._session = requests.Session()
        self.headers = self._session.headers

    def __call__(self, document: str, **variables: Any) -> Any:
        """Run a document and return the value of its only root field."""
        response = self._session.post(
            self._url,
            json={"query": document, "variables": variables},
            timeout=TIMEOUT_SECONDS,
        )
        answer = response.json()
        if answer.get("errors"):
            raise ShopRefusal("; ".join(e["message"] for e in answer["errors"]))
        if token := response.headers.get("vendure-auth-token"):
            self._session.headers["Authorization"] = f"Bearer {token}"
        (value,) = answer["data"].values()
        if isinstance(value, dict) and value.get("errorCode"):
            raise ShopRefusal(f"{value['errorCode']}: {value['message']}")
        return value


@dataclass(frozen=True)
class Buyer:
    first_name: str
    last_name: str
    email: str
    street: str
    city: str
    postal_code: str
    country_code: str = "FR"


ADA = Buyer(
    "Ada", "Martin", "ada.martin@example.test", "12 rue des Lilas", "Lyon", "69003"
)


class Shopper:
    """Somebody with a browser, who fills one cart after the other."""

    def __init__(self, url: str, buyer: Buyer = ADA):
        self._shop = GraphQL(f"{url.rstrip('/')}/shop-api")
        self.buyer = buyer

    def catalogue(self) -> dict[str, dict[str, Any]]:
        """Return what is on sale by SKU: ``id``, ``name``, ``priceWithTax`` (cents)."""
        variants: dict[str, dict[str, Any]] = {}
        skip = 0
        while True:
            products = self._shop(
                """query($take: Int!, $skip: Int!) {
                  products(options: {take: $take, skip: $skip, sort: {id: ASC}}) {
                    items { variants { id sku name priceWithTax stockLevel } }
                  }
                }""",
                take=PAGE,
                skip=skip,
            )["items"]
            variants.update((v["sku"], v) for p in products for v in p["variants"])
            skip += PAGE
            if len(products) < PAGE:
                return variants

    def order(
        self,
        quantities: Mapping[str, int],
        shipping: Sequence[str] = (),
        coupon: str = "",
        pay: bool = True,
        payment_method: str = PAYMENT_METHOD,
    ) -> dict[str, Any]:
        """Fill a cart, check out and pay; return ``id``, ``code``, ``totalWithTax``.

        :param quantities: pieces by SKU.
        :param shipping: codes of the deliveries; empty takes each seller's own.
        :param pay: False leaves the order unpaid and therefore not placed.
        :param payment_method: code of the way to pay.
        """
        catalogue = self.catalogue()
        for sku, quantity in quantities.items():
            self._shop(
                f"""mutation($variant: ID!, $quantity: Int!) {{
                  addItemToOrder(productVariantId: $variant, quantity: $quantity) {{
                    __typename {REFUSAL}
                  }}
                }}""",
                variant=catalogue[sku]["id"],
                quantity=quantity,
            )
        if coupon:
            self._shop(
                f"""mutation($code: String!) {{
                  applyCouponCode(couponCode: $code) {{ __typename {REFUSAL} }}
                }}""",
                code=coupon,
            )
        self._introduce()
        self._choose_shipping(shipping)
        self._shop(
            f"""mutation {{
              transitionOrderToState(state: "ArrangingPayment") {{
                __typename {REFUSAL}
              }}
            }}"""
        )
        if not pay:
            return self._shop("{ activeOrder { id code totalWithTax } }")
        return self._shop(
            f"""mutation($input: PaymentInput!) {{
              addPaymentToOrder(input: $input) {{
                ... on Order {{ id code totalWithTax }} {REFUSAL}
              }}
            }}""",
            input={"method": payment_method, "metadata": {}},
        )

    def _introduce(self) -> None:
        buyer = self.buyer
        self._shop(
            f"""mutation($input: CreateCustomerInput!) {{
              setCustomerForOrder(input: $input) {{ __typename {REFUSAL} }}
            }}""",
            input={
                "firstName": buyer.first_name,
                "lastName": buyer.last_name,
                "emailAddress": buyer.email,
            },
        )
        self._shop(
            f"""mutation($input: CreateAddressInput!) {{
              setOrderShippingAddress(input: $input) {{ __typename {REFUSAL} }}
            }}""",
            input={
                "fullName": f"{buyer.first_name} {buyer.last_name}",
                "streetLine1": buyer.street,
                "city": buyer.city,
                "postalCode": buyer.postal_code,
                "countryCode": buyer.country_code,
            },
        )

    def _choose_shipping(self, codes: Sequence[str]) -> None:
        offered = self._shop("{ eligibleShippingMethods { id code sellerName } }")
        chosen = [
            method["id"]
            for method in offered
            if (method["code"] in codes if codes else method["sellerName"])
        ]
        self._shop(
            f"""mutation($ids: [ID!]!) {{
              setOrderShippingMethod(shippingMethodId: $ids) {{ __typename {REFUSAL} }}
            }}""",
            ids=chosen,
        )


class Operator:
    """Somebody of the shop's staff, in the shop's own back office."""

    def __init__(
        self, url: str, username: str = "operator", password: str = "operator-pass"
    ):
        self._shop = GraphQL(f"{url.rstrip('/')}/admin-api")
        self._shop(
            f"""mutation($username: String!, $password: String!) {{
              login(username: $username, password: $password) {{
                __typename {REFUSAL}
              }}
            }}""",
            username=username,
            password=password,
        )

    def create_coupon(self, code: str, percent: int = 0, amount: int = 0) -> str:
        """Create a coupon on the whole order: ``percent`` or ``amount`` (cents)."""
        if percent:
            action = _operation("order_percentage_discount", discount=str(percent))
        else:
            action = _operation("order_fixed_discount", discount=str(amount))
        promotion = self._shop(
            f"""mutation($input: CreatePromotionInput!) {{
              createPromotion(input: $input) {{ ... on Promotion {{ id }} {REFUSAL} }}
            }}""",
            input={
                "enabled": True,
                "couponCode": code,
                "conditions": [],
                "actions": [action],
                "translations": [
                    {"languageCode": "en", "name": code, "description": ""}
                ],
            },
        )
        return promotion["id"]

    def order(self, ref: str) -> dict[str, Any]:
        """Return an order as the shop's staff sees it."""
        return self._shop(
            """query($id: ID!) { order(id: $id) {
              id code state totalWithTax type
              lines { id quantity proratedLinePriceWithTax productVariant { sku } }
              sellerOrders { id code totalWithTax channels { code } }
              payments {
                id amount state
                refunds { id total state reason lines { orderLineId quantity } }
              }
              fulfillments {
                id state method trackingCode lines { orderLineId quantity }
              }
            } }""",
            id=ref,
        )

    def stock(self, variant: str) -> list[tuple[int, int]]:
        """Return (on hand, allocated) of a variant per stock location."""
        found = self._shop(
            """query($id: ID!) { productVariant(id: $id) {
              stockLevels { stockOnHand stockAllocated }
            } }""",
            id=variant,
        )
        return [
            (level["stockOnHand"], level["stockAllocated"])
            for level in found["stockLevels"]
        ]

    def variants(self) -> list[dict[str, Any]]:
        """Return all variants with price, stock and channels."""
        found: list[dict[str, Any]] = []
        while True:
            page = self._shop(
                """query($skip: Int!) {
                  productVariants(options: {take: 1000, skip: $skip, sort: {id: ASC}}) {
                    items {
                      sku name enabled price: priceWithTax
                      stockLevels { stockOnHand stockAllocated }
                      channels { code seller { name } }
                    }
                  }
                }""",
                skip=len(found),
            )["items"]
            found += page
            if len(page) < 1000:
                return found

    def variant(self, sku: str) -> dict[str, Any]:
        """Return what the shop tells of one article."""
        return self._shop(
            """query($sku: String!) {
              productVariants(options: {filter: {sku: {eq: $sku}}}) {
                items {
                  name customFields { barcode ecoContribution }
                  product { facetValues { name facet { code } } }
                }
              }
            }""",
            sku=sku,
        )["items"][0]

    def seller_prices(self, reference: str) -> dict[str, int]:
        """Return the price of each article, by SKU, as its seller sees it."""
        self._shop.headers["vendure-token"] = f"seller-{reference}"
        try:
            return {item["sku"]: item["price"] for item in self.variants()}
        finally:
            del self._shop.headers["vendure-token"]

    def count_sellers(self, name: str) -> int:
        return self._shop(
            """query($name: String!) {
              sellers(options: {filter: {name: {eq: $name}}}) { totalItems }
            }""",
            name=name,
        )["totalItems"]

    def vendor_records(self, reference: str) -> list[dict[str, Any]]:
        """Return the statements, invoices and payouts that a seller is shown."""
        (seller,) = self._shop(
            """query($ref: String!) {
              sellers(options: {filter: {odooRef: {eq: $ref}}}) {
                items { customFields { odooRecords { number kind state amount url } } }
              }
            }""",
            ref=reference,
        )["items"]
        return seller["customFields"]["odooRecords"] or []

    def ensure_payment_method(self, code: str, settle: bool) -> None:
        """Make a way to pay that captures at once, or only authorizes."""
        found = self._shop("{ paymentMethods { items { code } } }")["items"]
        if any(item["code"] == code for item in found):
            return
        self._shop(
            """mutation($input: CreatePaymentMethodInput!) {
              createPaymentMethod(input: $input) { id }
            }""",
            input={
                "code": code,
                "enabled": True,
                "translations": [
                    {"languageCode": "en", "name": code, "description": ""}
                ],
                "handler": _operation(
                    "dummy-payment-handler", automaticSettle=str(settle).lower()
                ),
            },
        )

    def settle_payment(self, ref: str) -> None:
        """Capture the first payment of an order."""
        payment = self.order(ref)["payments"][0]["id"]
        self._shop(
            f"""mutation($id: ID!) {{
              settlePayment(id: $id) {{ __typename {REFUSAL} }}
            }}""",
            id=payment,
        )

    def cancel(self, ref: str) -> None:
        """Cancel a whole order."""
        self._shop(
            f"""mutation($input: CancelOrderInput!) {{
              cancelOrder(input: $input) {{ __typename {REFUSAL} }}
            }}""",
            input={"orderId": ref, "cancelShipping": True},
        )

    def count_variants(self, sku: str) -> int:
        return self._shop(
            """query($sku: String!) {
              productVariants(options: {filter: {sku: {eq: $sku}}}) { totalItems }
            }""",
            sku=sku,
        )["totalItems"]

    def ship(self, ref: str) -> None:
        """Ship a whole order by hand, as staff who know no back office."""
        lines = [
            {"orderLineId": line["id"], "quantity": line["quantity"]}
            for line in self.order(ref)["lines"]
        ]
        self._shop(
            f"""mutation($input: FulfillOrderInput!) {{
              addFulfillmentToOrder(input: $input) {{ __typename {REFUSAL} }}
            }}""",
            input={
                "lines": lines,
                "handler": _operation("manual-fulfillment", method="by hand"),
            },
        )

    def cancel_pieces(self, ref: str, quantities: Mapping[str, int]) -> None:
        """Cancel pieces by SKU; the order's lines and total shrink."""
        lines = [
            {
                "orderLineId": line["id"],
                "quantity": quantities[line["productVariant"]["sku"]],
            }
            for line in self.order(ref)["lines"]
            if line["productVariant"]["sku"] in quantities
        ]
        self._shop(
            f"""mutation($input: CancelOrderInput!) {{
              cancelOrder(input: $input) {{ __typename {REFUSAL} }}
            }}""",
            input={"orderId": ref, "lines": lines},
        )

    def refund(
        self, ref: str, quantities: Mapping[str, int], reason: str, amount: int = 0
    ) -> dict[str, Any]:
        """Give back the paid price of pieces by SKU; return ``id``, ``total``.

        :param amount: gives back this many cents instead of the paid price.
        """
        order = self.order(ref)
        lines, total = [], 0
        for line in order["lines"]:
            quantity = quantities.get(line["productVariant"]["sku"], 0)
            if quantity:
                lines.append({"orderLineId": line["id"], "quantity": quantity})
                total += line["proratedLinePriceWithTax"] * quantity // line["quantity"]
        refund = self._shop(
            f"""mutation($input: RefundOrderInput!) {{
              refundOrder(input: $input) {{ ... on Refund {{ id total }} {REFUSAL} }}
            }}""",
            input={
                "paymentId": order["payments"][0]["id"],
                "lines": lines,
                "amount": amount or total,
                "shipping": 0,
                "adjustment": 0,
                "reason": reason,
            },
        )
        self._shop(
            f"""mutation($input: SettleRefundInput!) {{
              settleRefund(input: $input) {{ __typename {REFUSAL} }}
            }}""",
            input={"id": refund["id"], "transactionId": f"refund-{refund['id']}"},
        )
        return refund


def _operation(code: str, **arguments: str) -> dict[str, Any]:
    pairs = [{"name": name, "value": value} for name, value in arguments.items()]
    return {"code": code, "arguments": pairs}


def main(url: str, count: int) -> None:
    skus = sorted(Shopper(url).catalogue())
    for rank in range(count):
        picked = {
            skus[(rank * 7 + step * 3) % len(skus)]: 1 + step for step in range(3)
        }
        placed = Shopper(url).order(picked)
        print(f"{placed['code']}  {placed['totalWithTax'] / 100:.2f}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
