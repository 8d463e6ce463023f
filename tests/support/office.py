"""A social worker's browser without a browser: signs in and posts forms, for tests with real processes."""

import re
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Office:
    """One signed-in session at a running server."""

    def __init__(self, url: str, username: str, password: str) -> None:
        """Sign in."""
        self._url = url
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.post("/login", see="/login", username=username, password=password)

    def get(self, path: str) -> str:
        """A page."""
        with self._opener.open(self._url + path, timeout=60) as answer:
            return str(answer.read().decode())

    def post(self, path: str, *, see: str, **fields: str) -> str:
        """Send a form that stands on the page ``see``; the page that follows."""
        found = TOKEN.search(self.get(see))
        form = {**fields, "csrf_token": found[1] if found else ""}
        body = urllib.parse.urlencode(form).encode()
        with self._opener.open(self._url + path, data=body, timeout=60) as answer:
            return str(answer.read().decode())
