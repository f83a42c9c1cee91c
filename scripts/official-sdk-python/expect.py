"""What a life asserts with."""

import contextlib
import types

from alibabacloud_tea_openapi.exceptions import AlibabaCloudException, ClientException

from typed import Mismatch


def same(what, got, expected):
    if got != expected:
        raise Mismatch(f"{what}: got {got!r}, expected {expected!r}")


def only(rows):
    """The one row of a listing."""
    same("rows of the listing", len(rows), 1)
    return rows[0]


@contextlib.contextmanager
def refused(code, status=None, kind=ClientException):
    """The calls inside must be refused with this code, this HTTP status if one is given, as an exception of exactly this class.
    The exception is `error` of what comes with `as`.
    """
    seen = types.SimpleNamespace()
    try:
        yield seen
    except AlibabaCloudException as error:
        same("the refusal", (error.code, type(error).__name__), (code, kind.__name__))
        if status is not None:
            same(f"the HTTP status of {code}", error.status_code, status)
        same("the refusal's RequestId", error.request_id, error.data["RequestId"])
        seen.error = error
        return
    raise Mismatch(f"accepted, expected {code}")
