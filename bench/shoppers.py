"""Shoppers who fill a Vendure shop with orders, through its own shop API.

Each is somebody else, buys once, as a guest, from all sellers of the cart, and pays.
"""

from concurrent.futures import ThreadPoolExecutor

import requests

TIMEOUT_SECONDS = 120
AT_A_TIME = 4  # the shop is one process; more wait for it
REFUSAL = "... on ErrorResult { errorCode message }"

FILL = f"""
mutation($lines: [AddItemInput!]!) {{
  added: addItemsToOrder(inputs: $lines) {{ errorResults {{ {REFUSAL} }} }}
}}"""
OFFERED = "{ offered: eligibleShippingMethods { id sellerName } }"
BUY = f"""
mutation(
  $customer: CreateCustomerInput!, $address: CreateAddressInput!, $shipping: [ID!]!
  $payment: PaymentInput!
) {{
  setCustomerForOrder(input: $customer) {{ __typename {REFUSAL} }}
  setOrderShippingAddress(input: $address) {{ __typename {REFUSAL} }}
  setOrderShippingMethod(shippingMethodId: $shipping) {{ __typename {REFUSAL} }}
  transitionOrderToState(state: "ArrangingPayment") {{ __typename {REFUSAL} }}
  addPaymentToOrder(input: $payment) {{ __typename {REFUSAL} }}
}}"""


def place_orders(url, baskets, payment_method):
    """Buy each basket, a list of article ids of the shop; one piece of each."""

    def place(item):
        number, basket = item
        _place(f"{url}/shop-api", basket, payment_method, f"shopper{number}")

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        list(pool.map(place, enumerate(baskets)))


def _place(url, basket, payment_method, name):
    session = requests.Session()
    lines = [{"productVariantId": article, "quantity": 1} for article in basket]
    _call(session, url, FILL, lines=lines)
    offered = _call(session, url, OFFERED)["offered"]
    _call(
        session,
        url,
        BUY,
        customer={
            "firstName": "Ada",
            "lastName": name,
            "emailAddress": f"{name}@example.test",
        },
        address={
            "fullName": f"Ada {name}",
            "streetLine1": f"{name} rue des Lilas",
            "city": "Lyon",
            "postalCode": "69003",
            "countryCode": "FR",
        },
        shipping=[method["id"] for method in offered if method["sellerName"]],
        payment={"method": payment_method, "metadata": {}},
    )


def _call(session, url, document, **variables):
    """Return the data of an answer.

    :raises RuntimeError: with the shop's words.
    """
    response = session.post(
        url,
        json={"query": document, "variables": variables},
        timeout=TIMEOUT_SECONDS,
    )
    answer = response.json()
    if answer.get("errors"):
        raise RuntimeError(answer["errors"])
    if token := response.headers.get("vendure-auth-token"):
        session.headers["Authorization"] = f"Bearer {token}"
    for value in answer["data"].values():
        refused = isinstance(value, dict) and (
            value.get("errorCode") or value.get("errorResults")
        )
        if refused:
            raise RuntimeError(value)
    return answer["data"]
