"""What is read.  Each is checked against Shopify's published schema by the tests."""

CHECK = """
query {
  shop { id myshopifyDomain currencyCode taxesIncluded plan { partnerDevelopment } }
  currentAppInstallation { accessScopes { handle } }
}"""

LINES_MAX = 50  # of the first page; the others are read one order at a time

RETURNS_MAX = 5  # likewise
RETURN_LINES_MAX = 10

_MONEY = "{ shopMoney { amount } }"
_TAXES = f"taxLines {{ title rate priceSet {_MONEY} }}"
_DISCOUNTS = f"""
discountAllocations {{
  allocatedAmountSet {_MONEY}
  discountApplication {{
    __typename index
    ... on DiscountCodeApplication {{ code }}
    ... on AutomaticDiscountApplication {{ title }}
    ... on ManualDiscountApplication {{ title }}
    ... on ScriptDiscountApplication {{ title }}
  }}
}}"""
_ADDRESS = """
{
  firstName lastName company address1 address2 city zip provinceCode countryCodeV2 phone
}"""
_LINE = f"""
id sku name vendor quantity currentQuantity variant {{ id }}
originalUnitPriceSet {_MONEY} originalTotalSet {_MONEY}
{_TAXES} {_DISCOUNTS}"""

_RETURN_LINES = """
nodes {
  id quantity refundedQuantity customerNote returnReason returnReasonNote
  returnReasonDefinition { name }
  ... on ReturnLineItem { fulfillmentLineItem { lineItem { id } } }
}
pageInfo { hasNextPage endCursor }"""
_RETURNS = f"""
nodes {{
  id status createdAt
  returnLineItems(first: {RETURN_LINES_MAX}) {{ {_RETURN_LINES} }}
}}
pageInfo {{ hasNextPage endCursor }}"""

ORDER = f"""
fragment order on Order {{
  id name createdAt updatedAt cancelledAt currencyCode taxesIncluded test email phone
  displayFulfillmentStatus
  totalPriceSet {_MONEY} totalTipReceivedSet {_MONEY}
  customer {{ id firstName lastName }}
  billingAddress {_ADDRESS}
  shippingAddress {_ADDRESS}
  lineItems(first: {LINES_MAX}) {{
    nodes {{ {_LINE} }} pageInfo {{ hasNextPage endCursor }}
  }}
  shippingLines(first: 10) {{
    nodes {{ id code title originalPriceSet {_MONEY} {_TAXES} {_DISCOUNTS} }}
  }}
  additionalFees {{ id name price {_MONEY} {_TAXES} }}
  transactions(first: 50) {{
    id kind status gateway processedAt createdAt paymentId
    amountSet {_MONEY} parentTransaction {{ id }}
  }}
  fulfillments(first: 50) {{ id status displayStatus }}
  returns(first: {RETURNS_MAX}) {{ {_RETURNS} }}
  refunds(first: 50) {{
    id note createdAt
    refundLineItems(first: 50) {{
      nodes {{ quantity lineItem {{ id }} subtotalSet {_MONEY} totalTaxSet {_MONEY} }}
    }}
    refundShippingLines(first: 10) {{
      nodes {{ subtotalAmountSet {_MONEY} taxAmountSet {_MONEY} }}
    }}
    transactions(first: 10) {{
      nodes {{
        id kind status paymentId amountSet {_MONEY} parentTransaction {{ id }}
      }}
    }}
  }}
}}"""

ORDERS = (
    """
query($first: Int!, $after: String, $query: String!, $sort: OrderSortKeys!) {
  orders(first: $first, after: $after, query: $query, sortKey: $sort) {
    nodes { ...order } pageInfo { hasNextPage endCursor }
  }
}"""
    + ORDER
)

ORDERS_BY_ID = (
    """
query($ids: [ID!]!) { nodes(ids: $ids) { ...order } }"""
    + ORDER
)

MORE_LINES = f"""
query($id: ID!, $after: String!) {{
  order(id: $id) {{
    lineItems(first: {LINES_MAX}, after: $after) {{
      nodes {{ {_LINE} }} pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}"""

MORE_RETURNS = f"""
query($id: ID!, $after: String!) {{
  order(id: $id) {{ returns(first: {RETURNS_MAX}, after: $after) {{ {_RETURNS} }} }}
}}"""

MORE_RETURN_LINES = f"""
query($id: ID!, $after: String!) {{
  return(id: $id) {{
    returnLineItems(first: {RETURN_LINES_MAX}, after: $after) {{ {_RETURN_LINES} }}
  }}
}}"""

# Money that was given back has a negative amount.
MOVED_MONEY = """
query($after: String, $query: String!) {
  tenderTransactions(first: 250, after: $after, query: $query) {
    nodes { amount { amount } order { id } } pageInfo { hasNextPage endCursor }
  }
}"""
