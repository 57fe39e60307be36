"""No portal controller hands a superuser an id of the user before the gate has seen it.

Read from the source: in each route, and in each helper of routes, the parameters that
name a record (``..._id``) may only be passed to the gate (``_get_owned``), to another
method of the controller or to text; never to ``browse``, ``search`` or a domain.
"""

import ast
import functools
from pathlib import Path

import pytest

ADDONS = Path(__file__).parents[2] / "addons"
CONTROLLERS = sorted(
    path
    for path in ADDONS.glob("marketplace_*/controllers/*.py")
    if path.name.startswith("portal")
)
# Classes that several portal controllers inherit; the gate itself is none of them.
SHARED = sorted(ADDONS.glob("marketplace_*/controllers/mandate_documents.py"))
# Reads that need no id: their argument is the code's own.
FORBIDDEN = {"browse", "search", "search_read", "search_count", "read_group", "ref"}


def routes(tree):
    """Yield the functions of a module that answer a route."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(
            isinstance(decorator, ast.Call)
            and isinstance(decorator.func, ast.Attribute)
            and decorator.func.attr == "route"
            for decorator in node.decorator_list
        ):
            yield node


def called(node):
    """Return the name of what a call calls."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else None


def names(node):
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}


@functools.cache
def gated_methods():
    """Return the gate's methods, and those of controllers that go through them."""
    gates = {"_get_owned", "_marketplace_vendor", "_marketplace_member"}
    methods = [
        node
        for path in CONTROLLERS + SHARED
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    ]
    while True:
        found = {
            method.name
            for method in methods
            if gates
            & {called(call) for call in ast.walk(method) if isinstance(call, ast.Call)}
        }
        if found <= gates:
            return gates
        gates |= found


def problems(function):
    """Return why a route may show a record of somebody else, in words."""
    found = leaks(function)
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    gates = gated_methods()
    if not gates & {called(call) for call in calls}:
        found.append(f"line {function.lineno}: no gate in this route")
    gate_lines = [call.lineno for call in calls if called(call) in gates]
    sudo_lines = [call.lineno for call in calls if called(call) == "sudo"]
    if sudo_lines and gate_lines and min(sudo_lines) < min(gate_lines):
        found.append(f"line {min(sudo_lines)}: sudo() before the gate")
    return found


def leaks(function):
    """Return where an id of the user goes around the gate, in words."""
    found = []
    parameters = [arg.arg for arg in function.args.args[1:]]
    # vendor_id of a form is compared with the user's own vendors
    ids = {name for name in parameters if name.endswith("_id")}
    body = ast.Module(body=function.body, type_ignores=[])
    calls = [node for node in ast.walk(body) if isinstance(node, ast.Call)]
    for call in calls:
        arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
        direct = set().union(*(names(argument) for argument in arguments), set())
        if called(call) in FORBIDDEN and ids & direct:
            found.append(f"line {call.lineno}: {called(call)} with an id of the user")
        if called(call) == "sudo" and isinstance(call.func.value, ast.Call):
            inner = call.func.value
            if called(inner) == "browse":
                found.append(f"line {call.lineno}: sudo() of browse()")
    return found


def test_there_are_controllers():
    assert len(CONTROLLERS) > 8
    assert sum(len(list(routes(ast.parse(p.read_text())))) for p in CONTROLLERS) > 20


@pytest.mark.parametrize("path", CONTROLLERS, ids=lambda path: path.name)
def test_ids_of_users_go_through_the_gate(path):
    tree = ast.parse(path.read_text())
    assert [p for function in routes(tree) for p in problems(function)] == []


@pytest.mark.parametrize("path", CONTROLLERS + SHARED, ids=lambda path: path.name)
def test_helpers_take_no_id_around_the_gate(path):
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    ]
    assert functions
    assert [leak for function in functions for leak in leaks(function)] == []


@pytest.mark.parametrize(
    "body",
    [
        'return request.env["sale.order"].sudo().browse(order_id)',
        "self._marketplace_vendor()\n"
        '    return request.env["x"].sudo().search([("id", "=", order_id)])',
        'request.env["x"].sudo().create({})\n    self._get_owned("x", order_id)',
        'return request.render("x")',
    ],
)
def test_faults_are_found(body):
    source = f"@http.route('/x')\ndef page(self, order_id):\n    {body}\n"
    [function] = routes(ast.parse(source))
    assert problems(function)
