"""Refusals, in the form WordPress gives them."""


class ApiError(Exception):
    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code = code
        self.status = status

    def body(self):
        return {
            "code": self.code,
            "message": str(self),
            "data": {"status": self.status},
        }


def not_found(kind):
    return ApiError(f"woocommerce_rest_{kind}_invalid_id", "Invalid ID.", 404)
