"""What a call costs before it is made: shopify.dev, "GraphQL Admin API rate limits".

Scalars cost nothing, objects a point, mutations ten.  Shopify does not say how it sizes
connections; what is observed of it grows much slower than their length, a tenth here.
"""

import math

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationType,
    VariableNode,
    get_named_type,
    is_composite_type,
)

MUTATION = 10
CONNECTION = 2


class Cost:
    def __init__(self, schema, document, variables):
        self.schema = schema
        self.variables = variables
        self.fragments = {
            node.name.value: node
            for node in document.definitions
            if node.kind == "fragment_definition"
        }
        self.operation = next(
            node for node in document.definitions if node.kind == "operation_definition"
        )

    def total(self):
        if self.operation.operation is OperationType.MUTATION:
            root = self.schema.mutation_type
            fields = self.operation.selection_set.selections
            return sum(
                MUTATION + self._selections(self._type(root, f), f.selection_set)
                for f in fields
            )
        return self._selections(self.schema.query_type, self.operation.selection_set)

    def _type(self, parent, field):
        known = getattr(parent, "fields", {}).get(field.name.value)
        return get_named_type(known.type) if known else None

    def _selections(self, parent, selection_set):
        total = 0
        for node in selection_set.selections if selection_set else ():
            if isinstance(node, FieldNode):
                total += self._field(parent, node)
            elif isinstance(node, InlineFragmentNode):
                kind = self.schema.type_map[node.type_condition.name.value]
                total += self._selections(kind, node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                kind = self.schema.type_map[fragment.type_condition.name.value]
                total += self._selections(kind, fragment.selection_set)
        return total

    def _field(self, parent, node):
        kind = self._type(parent, node)
        if kind is None or not is_composite_type(kind):
            return 0
        inner = self._selections(kind, node.selection_set)
        if kind.name.endswith("Connection"):
            return CONNECTION + math.ceil(self._first(node) / 10) * max(inner, 1)
        if kind.name in ("MoneyBag", "MoneyV2", "PageInfo"):
            return 0  # part of the record they stand in
        return 1 + inner

    def _first(self, node):
        for argument in node.arguments:
            if argument.name.value in ("first", "last"):
                value = argument.value
                if isinstance(value, IntValueNode):
                    return int(value.value)
                if isinstance(value, VariableNode):
                    return int(self.variables.get(value.name.value) or 0)
        return 10
