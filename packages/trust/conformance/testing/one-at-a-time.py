"""Serves a folder over HTTP, one connection after the other, as small servers of test suites do.

Usage: one-at-a-time.py FOLDER HTTP/1.0|HTTP/1.1. Prints its port. Ends with its standard input.
"""
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import unquote

folder, protocol = sys.argv[1:]


class Handler(BaseHTTPRequestHandler):
    protocol_version = protocol

    def do_GET(self):
        try:
            with open(os.path.join(folder, unquote(self.path.lstrip("/"))), "rb") as file:
                body = file.read()
        except OSError:
            self.send_error(404, "There is no such file")
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def end_with_input():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
server = HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
while True:
    server.handle_request()
