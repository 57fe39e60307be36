"""GraphQL text.  One place, so that a new Vendure version is checked in one place."""

ERROR = "__typename ... on ErrorResult { errorCode message }"

CHECK = """
query {
  marketplaceApiVersion
  activeChannel {
    token defaultCurrencyCode pricesIncludeTax defaultTaxZone { id }
  }
}"""

# ---- orders ----------------------------------------------------------------

_ADDRESS = """
  fullName company streetLine1 streetLine2 city postalCode province countryCode
  phoneNumber
"""

_DISCOUNTS = "discounts { adjustmentSource description amount amountWithTax }"

_TAXES = "taxLines { description taxRate }"

ORDER = f"""
fragment order on Order {{
  id code type state orderPlacedAt updatedAt currencyCode couponCodes
  total totalWithTax
  customer {{ id emailAddress firstName lastName phoneNumber }}
  shippingAddress {{ {_ADDRESS} }}
  billingAddress {{ {_ADDRESS} }}
  promotions {{ id couponCode name }}
  surcharges {{ id description sku price priceWithTax taxRate {_TAXES} }}
  lines {{
    id quantity orderPlacedQuantity shippingLineId
    unitPrice unitPriceWithTax linePrice linePriceWithTax
    proratedLinePrice proratedLinePriceWithTax
    {_DISCOUNTS} {_TAXES}
    productVariant {{ id sku name }}
  }}
  shippingLines {{
    id price priceWithTax discountedPrice discountedPriceWithTax
    {_DISCOUNTS} {_TAXES}
    shippingMethod {{ id code name }}
  }}
  payments {{
    id method amount state transactionId createdAt
    refunds {{
      id paymentId state reason createdAt total shipping transactionId
      lines {{ orderLineId quantity }}
    }}
  }}
}}"""

ORDERS = f"""
query($options: OrderListOptions!) {{
  activeChannel {{ pricesIncludeTax }}
  orders(options: $options) {{ totalItems items {{ ...order }} }}
}}
{ORDER}"""

# ---- fulfilments and refunds -----------------------------------------------

ORDER_STATE = """
query($id: ID!) {
  order(id: $id) {
    id state
    fulfillments { id state method trackingCode customFields { odooRef } }
    payments { id refunds { id state reason } }
    history(options: {filter: {type: {eq: "ORDER_CANCELLATION"}}}) { items { data } }
  }
}"""

ADD_FULFILMENT = f"""
mutation($input: FulfillOrderInput!) {{
  fulfilment: addFulfillmentToOrder(input: $input) {{
    {ERROR} ... on Fulfillment {{ id state }}
  }}
}}"""

MOVE_FULFILMENT = f"""
mutation($id: ID!, $state: String!) {{
  fulfilment: transitionFulfillmentToState(id: $id, state: $state) {{
    {ERROR} ... on Fulfillment {{ id state }}
  }}
}}"""

REFUND = f"""
mutation($input: RefundOrderInput!) {{
  refund: refundOrder(input: $input) {{ {ERROR} ... on Refund {{ id state }} }}
}}"""

SETTLE_REFUND = f"""
mutation($input: SettleRefundInput!) {{
  refund: settleRefund(input: $input) {{ {ERROR} ... on Refund {{ id state }} }}
}}"""

CANCEL = f"""
mutation($input: CancelOrderInput!) {{
  cancelled: cancelOrder(input: $input) {{ {ERROR} ... on Order {{ id }} }}
}}"""
