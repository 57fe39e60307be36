"""The HTTP side: access, cost, execution on the schema."""

import base64
import contextlib
import hashlib
import hmac
import json
import secrets
import threading

from graphql import (
    GraphQLError,
    execute_sync,
    get_nullable_type,
    parse,
    specified_rules,
    validate,
)
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from . import front, schema
from .bulk import FIELDS, Bulks
from .cost import Cost
from .reads import Reads
from .shop import Shop
from .writes import Writes

PATH = "/admin/api/2026-10/graphql.json"
CLIENT_ID = "app-client"
TOKEN_PATH = "/admin/oauth/access_token"
TOKEN_SECONDS = 24 * 60 * 60 - 1
IDEMPOTENT = {"refundCreate", "inventorySetQuantities"}


class App:
    """One shop over WSGI."""

    def __init__(self, shop):
        self.shop = shop
        self.schema = schema.load()
        self.calls = []  # documents, for those who count
        self.granted = []  # tokens given to the app, in the order of asking
        self.requests = 0  # those and the storage's
        self.url = ""
        self.bulks = Bulks(self)

    def __call__(self, environ, start_response):
        request = Request(environ)
        with self.shop.lock:
            response = self._answer(request)
        return response(environ, start_response)

    def _answer(self, request):
        if request.path == "/shop/checkout":
            return _json(front.check_out(self.shop, request.get_json()))
        if request.path == TOKEN_PATH:
            return self._grant(request.form)
        self.requests += 1
        if request.path == "/storage":
            return Response(status=self.bulks.take_file(request))
        if request.path.startswith("/storage/"):
            name = request.path.removeprefix("/storage/").removesuffix(".jsonl")
            status, content = self.bulks.give_file(name)
            return Response(content, status, content_type="application/jsonl")
        if request.path != PATH:
            return _json({"errors": "Not Found"}, 404)
        token = request.headers.get("X-Shopify-Access-Token", "")
        if token not in (self.shop.token, *self.granted):
            message = "[API] Invalid API key or access token"
            return _json({"errors": message}, 401)
        body = request.get_json()
        self.calls.append(body["query"])
        return _json(self._execute(body["query"], body.get("variables") or {}))

    def _grant(self, form):
        """Give an app a new token."""
        if form.get("grant_type") != "client_credentials":
            return _json({"error": "unsupported_grant_type"}, 400)
        if form.get("client_id") != CLIENT_ID:
            return _json({"error": "application_cannot_be_found"}, 400)
        if form.get("client_secret") != self.shop.secret:
            message = "The client secret is not valid"
            return _json({"error": "invalid_client", "error_description": message}, 400)
        self.granted.append(f"shpat_{secrets.token_hex(8)}")
        return _json(
            {
                "access_token": self.granted[-1],
                "scope": ",".join(self.shop.scopes),
                "expires_in": TOKEN_SECONDS,
            }
        )

    def _execute(self, text, variables):
        try:
            document = parse(text)
        except GraphQLError as error:
            return {"errors": [error.formatted]}
        errors = validate(self.schema, document, specified_rules)
        if errors:
            return {"errors": [error.formatted for error in errors]}
        cost = Cost(self.schema, document, variables).total()
        bucket = self.shop.bucket
        extensions = {"cost": {"requestedQueryCost": cost}}
        if cost > bucket.call_max:
            code = "MAX_COST_EXCEEDED"
            message = f"Query cost is {cost}, which exceeds the single query max cost."
        elif not bucket.take(cost):
            code, message = "THROTTLED", "Throttled"
        else:
            code = None
        extensions["cost"]["throttleStatus"] = bucket.status()
        if code:
            error = {"message": message, "extensions": {"code": code}}
            return {"errors": [error], "extensions": extensions}
        result = execute_sync(
            self.schema,
            document,
            root_value=self,
            variable_values=variables,
            field_resolver=self.resolve,
        )
        answer = {"data": result.data, "extensions": extensions}
        if result.errors:
            answer["errors"] = [error.formatted for error in result.errors]
        return answer

    def resolve(self, source, info, **args):
        if source is self:
            value = self._root(info, args)
        else:
            value = source[info.field_name] if isinstance(source, dict) else None
            if callable(value):
                value = value(info, **args)
        kind = get_nullable_type(info.return_type)
        if isinstance(value, list) and str(kind).endswith("Connection"):
            return _connection(value, args)
        if isinstance(value, list) and args.get("first"):
            return value[: args["first"]]
        return value

    def _root(self, info, args):
        name = info.field_name
        if name in FIELDS:
            return getattr(self.bulks, name)(info, **args)
        if info.parent_type is self.schema.query_type:
            reads = Reads(self.shop)
            method = f"{name}_" if name in ("shop", "return") else name
            return getattr(reads, method)(info, **args)
        write = getattr(Writes(self.shop), name)
        if name not in IDEMPOTENT:
            return write(info, **args)
        key = self._key(info)
        if key not in self.shop.answers:
            self.shop.answers[key] = write(info, **args)
        return self.shop.answers[key]

    def _key(self, info):
        for directive in info.field_nodes[0].directives:
            if directive.name.value == "idempotent":
                (argument,) = directive.arguments
                value = argument.value
                if value.kind == "variable":
                    known = info.variable_values.coerced
                    return info.field_name, known[value.name.value]
                return info.field_name, value.value
        raise GraphQLError(
            "The @idempotent directive is required for this mutation.",
            extensions={"code": "BAD_REQUEST"},
        )


def _connection(rows, args):
    start = int(args.get("after") or 0)
    page = rows[start : start + args.get("first", 50)]
    end = start + len(page)
    return {
        "nodes": page,
        "edges": [
            {"node": row, "cursor": str(start + r)} for r, row in enumerate(page)
        ],
        "pageInfo": {
            "hasNextPage": end < len(rows),
            "hasPreviousPage": start > 0,
            "startCursor": str(start),
            "endCursor": str(end),
        },
    }


def sign(body, secret):
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _json(value, status=200):
    return Response(json.dumps(value), status, content_type="application/json")


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_args):
        """Leave the test's output alone."""


@contextlib.contextmanager
def running(shop=None, port=0):
    """Serve a shop from a thread; yield the app, with its ``url``."""
    app = App(shop or Shop())
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
    app.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield app
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
