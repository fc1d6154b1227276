"""Shows the pictures on a web page.

    /                   the page, newest picture first; ?page=2 and so on for older ones
    /pictures.json      the list for programs
    /pictures/<name>    one picture
    /healthz            answers "ok" as long as the service runs
"""

import os
import threading
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from urllib.parse import parse_qs, unquote, urlsplit

from gallery_common.pictures import is_picture_name, list_pictures
from gallery_common.service import StopSignal, log, number_setting, text_setting
from page import render_json, render_page

FOLDER = text_setting("PICTURES_DIR", "/data/pictures")
PORT = int(number_setting("GALLERY_PORT", 8080, lowest=0, highest=65535))
PAGE_SIZE = int(number_setting("GALLERY_PAGE_SIZE", 60, lowest=1, highest=1000))
REFRESH_SECONDS = int(number_setting("GALLERY_REFRESH_SECONDS", 10, lowest=0, highest=86400))

# The device publishes the service below this path. Requests are answered with and without it.
PREFIX = "/apps/com.example.photo-gallery"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "photo-gallery"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        path = unquote(url.path)
        if path == PREFIX or path.startswith(PREFIX + "/"):
            path = path[len(PREFIX) :] or "/"
        if path == "/":
            self._send_page(parse_qs(url.query).get("page", ["1"])[0])
        elif path == "/pictures.json":
            self._send(200, "application/json", render_json(list_pictures(FOLDER)))
        elif path == "/healthz":
            self._send(200, "text/plain; charset=utf-8", b"ok\n")
        elif path.startswith("/pictures/"):
            self._send_picture(path[len("/pictures/") :])
        else:
            self._send_missing()

    do_HEAD = do_GET

    def _send_page(self, page: str) -> None:
        if not (page.isascii() and page.isdigit() and len(page) <= 6 and int(page) > 0):
            self._send_missing()
            return
        html = render_page(list_pictures(FOLDER), int(page), PAGE_SIZE, REFRESH_SECONDS)
        self._send(200, "text/html; charset=utf-8", html)

    def _send_picture(self, name: str) -> None:
        if not is_picture_name(name):  # also keeps the request inside the folder
            self._send_missing()
            return
        try:
            descriptor = os.open(os.path.join(FOLDER, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            self._send_missing()
            return
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            tag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
            if self.headers.get("If-None-Match") == tag:
                self._send(304, "image/png", b"", tag)
            else:
                self._send(200, "image/png", file.read(), tag)

    def _send_missing(self) -> None:
        self._send(404, "text/plain; charset=utf-8", b"not found\n")

    def _send(self, status: int, kind: str, body: bytes, tag: str | None = None) -> None:
        self.send_response(status)
        if status != 304:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        if tag is not None:
            self.send_header("ETag", tag)
        self.send_header("Cache-Control", "no-cache")  # keep a copy, but ask whether it still holds
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_request(self, code="-", size="-") -> None:
        if not self.path.endswith("/healthz"):
            log(f"gallery-service: {code} {self.command} {self.path!r}")

    def log_error(self, format: str, *args) -> None:
        log("gallery-service: " + format % args)


class Server(ThreadingTCPServer):  # HTTPServer would look its own name up in the DNS at start
    allow_reuse_address = True
    daemon_threads = True  # an open connection does not delay the end


def main() -> None:
    stop = StopSignal()
    server = Server(("", PORT), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    log(f"gallery-service: {FOLDER} on port {server.server_address[1]}")
    stop.wait()
    log("gallery-service: stopped")


if __name__ == "__main__":
    main()
