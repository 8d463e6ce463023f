"""A request as pages see it: a query in another encoding than UTF-8 is strange, and no fault of ours."""

import string
from typing import Any
from urllib.parse import quote

from flask import Request


class Asked(Request):
    """Flask's request, whose query is always ASCII."""

    def __init__(self, environ: dict[str, Any], **how: Any) -> None:
        """Raw bytes in the query become escapes: werkzeug would fail at the first that is no UTF-8."""
        super().__init__(environ, **how)
        self.query_string = quote(self.query_string, safe=string.printable).encode()
