"""Headers every answer to a browser carries: nothing from outside, no script in the page, no frames."""

from flask import Response, request, session

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "manifest-src 'self'",
    )
)


def secure(answer: Response) -> Response:
    """Add what protects the visitor; personal pages are kept in no cache."""
    answer.headers.setdefault("Content-Security-Policy", POLICY)
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("Referrer-Policy", "same-origin")
    answer.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    answer.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.is_secure:
        answer.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static" and (request.path.startswith("/api/") or "_user_id" in session):
        answer.headers["Cache-Control"] = "no-store"
    return answer
