"""Bodies of requests that bring a file."""

from __future__ import annotations

BOUNDARY = "x--boundary"
FORM = {"Content_Type": f"multipart/form-data; boundary={BOUNDARY}"}


def chunked(*pieces: bytes, is_ended: bool = True) -> bytes:
    body = b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces)
    return body + b"0\r\n\r\n" if is_ended else body


def form(*parts: tuple[str, bytes]) -> bytes:
    """Parts as their Content-Disposition and their content."""
    shown = [
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {named}\r\n\r\n".encode() + content + b"\r\n"
        for named, content in parts
    ]
    return b"".join([*shown, f"--{BOUNDARY}--\r\n".encode()])
