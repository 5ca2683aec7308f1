"""Sending a line of text to a webhook. The URL is a secret: it is told to nobody."""

import http.client
import json
import os
import urllib.error
import urllib.request

_TIMEOUT_SECONDS = 10


def send(text: str, url_variable: str) -> str | None:
    """Post ``{"text": ...}``, as Slack and its like take it, to the URL in a variable.

    Args:
        text: the message.
        url_variable: name of the environment variable that holds the URL; unset sends nothing.

    Returns:
        Why it could not be sent, without the URL; None when it was, or when there is no URL.
    """
    url = os.environ.get(url_variable, "")
    if not url:
        return None
    if not url.startswith(("https://", "http://")):
        return f"${url_variable} is no http(s) URL"
    body = json.dumps({"text": text}).encode()
    try:
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - checked above
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):  # noqa: S310 - as above
            return None
    except urllib.error.HTTPError as error:
        return f"the webhook in ${url_variable} answered {error.code}"
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"the webhook in ${url_variable} cannot be reached ({type(error).__name__})"
