"""The HTTP side: routes, access, batches, errors."""

import base64
import contextlib
import hmac
import json
import re
import threading

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from . import dokan, front, webhooks
from .catalogue import Products
from .errors import ApiError
from .fulfillments import Fulfillments
from .orders import Orders
from .shipping import Methods, Zones
from .shop import Shop
from .simple import Simple

BATCH_MAX = 100
NAMESPACES = ["wc/v1", "wc/v2", "wc/v3", "wc/store/v1"]
CREATED = 201


class App:
    """One shop over WSGI."""

    def __init__(self, shop):
        self.shop = shop
        self.requests = []  # (method, path), for those who count

    def __call__(self, environ, start_response):
        request = Request(environ)
        self.requests.append((request.method, request.path))
        with self.shop.lock:
            response = self._answer(request)
            changes, self.shop.after_write = self.shop.after_write, []
        webhooks.deliver(self.shop, changes)
        return response(environ, start_response)

    def _answer(self, request):
        try:
            path = request.path.removeprefix("/wp-json").strip("/")
            if request.path == "/shop/checkout":
                return _json(front.check_out(self.shop, request.get_json()))
            if path in ("", "wc/v3"):
                return _json(self._index())
            self._authorize(request)
            if path.startswith("wc/v3/"):
                return self._route(request, path.removeprefix("wc/v3/"))
            if path.startswith("dokan/v1/") and self.shop.dokan:
                return self._route_dokan(request, path.removeprefix("dokan/v1/"))
            raise ApiError(
                "rest_no_route",
                "No route was found matching the URL and request method.",
                404,
            )
        except ApiError as error:
            return _json(error.body(), error.status)
        except (ValueError, KeyError, TypeError) as error:
            body = {"code": "rest_invalid_param", "message": f"Invalid: {error!r}"}
            return _json({**body, "data": {"status": 400}}, 400)

    def _index(self):
        names = NAMESPACES + (["dokan/v1"] if self.shop.dokan else [])
        return {
            "name": "Shop",
            "url": "https://shop.example",
            "home": "https://shop.example",
            "gmt_offset": "0",
            "timezone_string": "",
            "namespaces": names,
        }

    def _authorize(self, request):
        given = request.authorization
        username = given.username if given else request.args.get("consumer_key", "")
        password = given.password if given else request.args.get("consumer_secret", "")
        if not (
            hmac.compare_digest(str(username), self.shop.key)
            and hmac.compare_digest(str(password), self.shop.secret)
        ):
            raise ApiError(
                "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.", 401
            )

    # ---- routes ----------------------------------------------------------------

    def _route(self, request, path):
        if path == "system_status":
            return _json({"environment": {"version": "10.3.3"}})
        if found := re.fullmatch(r"settings/(\w+)(?:/(\w+))?", path):
            return self._settings(request, *found.groups())
        if path.startswith("taxes/classes"):
            return self._tax_classes(request, path.removeprefix("taxes/classes"))
        if found := re.fullmatch(r"shipping/zones/(\d+)/locations", path):
            zones = Zones(self.shop)
            if request.method == "GET":
                return _json(zones.locations(found[1]))
            return _json(zones.put_locations(found[1], request.get_json()))
        resource, identifier = self._resource(path)
        return self._act(request, resource, identifier)

    def _resource(self, path):
        """Return (resource, identifier or "batch" or "")."""
        shop = self.shop
        rules = (
            (r"products/attributes/(\d+)/terms",
             lambda n: Simple(shop, "terms", int(n))),
            (r"products/(\d+)/variations", lambda n: Products(shop, int(n))),
            (r"products/(categories|tags|attributes|shipping_classes|reviews)",
             lambda n: Reviews(shop) if n == "reviews" else Simple(shop, n)),
            (r"orders/(\d+)/refunds", lambda n: Orders(shop).refunds(n)),
            (r"orders/(\d+)/fulfillments",
             lambda n: Fulfillments(shop, Orders(shop)._row(n))),
            (r"shipping/zones/(\d+)/methods", lambda n: Methods(shop, n)),
            (r"(shipping/zones)", lambda _n: Zones(shop)),
            (r"(orders)", lambda _n: Orders(shop)),
            (r"(products)", lambda _n: Products(shop)),
            (r"(coupons|taxes|webhooks|customers)", lambda n: Simple(shop, n)),
        )  # fmt: skip
        for pattern, make in rules:
            if found := re.fullmatch(rf"{pattern}(?:/(batch|\d+))?", path):
                return make(found[1]), found[2] or ""
        raise ApiError(
            "rest_no_route",
            "No route was found matching the URL and request method.",
            404,
        )

    def _act(self, request, resource, identifier):
        args = _args(request)
        values = request.get_json(silent=True) or {}
        method = request.method
        if identifier == "batch":
            return _json(self._batch(resource, values))
        if method == "GET" and not identifier:
            rows, headers = resource.list(args)
            return _json(_fields(args, rows), headers=headers)
        if method == "GET":
            return _json(resource.get(identifier, args))
        if method == "POST" and not identifier:
            status = 200 if isinstance(resource, Methods) else CREATED
            return _json(resource.create(values), status)
        if method in ("PUT", "POST", "PATCH"):
            return _json(resource.update(identifier, values))
        if method == "DELETE":
            force = str(values.get("force", args.get("force", ""))).lower() == "true"
            return _json(resource.delete(identifier, force))
        raise ApiError("rest_no_route", "No route was found.", 404)

    def _batch(self, resource, values):
        """Do each part; what is refused stands in its place and stops nothing."""
        if (
            sum(len(values.get(k) or ()) for k in ("create", "update", "delete"))
            > BATCH_MAX
        ):
            raise ApiError(
                "woocommerce_rest_request_entity_too_large",
                f"Unable to accept more than {BATCH_MAX} items for this request.",
                413,
            )
        answer = {}
        calls = {
            "create": lambda item: resource.create(item),
            "update": lambda item: resource.update(item["id"], item),
            "delete": lambda item: resource.delete(item, True),
        }
        for key, call in calls.items():
            for item in values.get(key) or ():
                try:
                    done = call(item)
                except ApiError as error:
                    identifier = item.get("id", 0) if isinstance(item, dict) else item
                    done = {"id": identifier, "error": error.body()}
                answer.setdefault(key, []).append(done)
        return answer

    def _settings(self, request, group, name):
        if group not in self.shop.settings:
            raise ApiError("rest_setting_group_invalid", "Invalid setting group.", 404)
        known = self.shop.settings[group]
        if not name:
            return _json([{"id": key, "value": value} for key, value in known.items()])
        if name not in known:
            raise ApiError("rest_setting_setting_invalid", "Invalid setting.", 404)
        if request.method in ("PUT", "POST"):
            known[name] = request.get_json()["value"]
        return _json({"id": name, "value": known[name]})

    def _tax_classes(self, request, rest):
        classes = self.shop.tables["tax_classes"]
        if request.method == "GET":
            return _json(list(classes.values()))
        if request.method == "POST":
            name = request.get_json()["name"]
            slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
            if slug in classes and slug != "reduced-rate":
                raise ApiError(
                    "woocommerce_rest_tax_class_exists",
                    "Cannot create existing resource.",
                )
            classes[slug] = {"slug": slug, "name": name}
            return _json(classes[slug], CREATED)
        return _json(classes.pop(rest.strip("/"), {}))

    def _route_dokan(self, request, path):
        if found := re.fullmatch(r"products/(\d+)", path):
            dokan.change_author(self.shop, found[1], request.get_json())
            return _json(Products(self.shop).get(found[1]))
        found = re.fullmatch(r"stores(?:/(\d+))?", path)
        if not found:
            raise ApiError("rest_no_route", "No route was found.", 404)
        answer = self._act(request, dokan.Stores(self.shop), found[1] or "")
        if answer.status_code == CREATED:
            answer.status_code = 200  # as Dokan answers
        return answer


class Reviews(Simple):
    """Product reviews, counted on their product."""

    def __init__(self, shop):
        super().__init__(shop, "reviews")

    def create(self, values):
        shown = super().create(values)
        product = self.shop.get("products", values["product_id"], "product")
        ratings = [
            row["rating"] for row in self._rows() if row["product_id"] == product["id"]
        ]
        product["rating_count"] = len(ratings)
        product["average_rating"] = f"{sum(ratings) / len(ratings):.2f}"
        return shown


def _args(request):
    args = {key: request.args.get(key) for key in request.args}
    for key in list(args):
        if key.endswith("[]"):
            args[key[:-2]] = request.args.getlist(key)
    return args


def _fields(args, rows):
    if not args.get("_fields"):
        return rows
    wanted = args["_fields"].split(",")
    return [{key: row[key] for key in wanted if key in row} for row in rows]


def _json(value, status=200, headers=None):
    return Response(
        json.dumps(value, ensure_ascii=False),
        status,
        headers,
        content_type="application/json; charset=UTF-8",
    )


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


def basic(key, secret):
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()
