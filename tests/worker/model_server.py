"""A server of models that answers with whatever model it is asked for, and says what a test wants it to have used."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Usage = Callable[[str], tuple[int, int]]
"""From the model that is asked for to the tokens of prompt and answer."""


@contextlib.contextmanager
def answering(used: Usage, said: str, *, wait_s: float = 0.0) -> Iterator[tuple[str, list[str]]]:
    """Its address, and the models it was asked for, in order."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.append(body["model"])
            time.sleep(wait_s)
            prompt, completion = used(body["model"])
            answer = {
                "model": body["model"],
                "choices": [{"finish_reason": "stop", "message": {"content": said}}],
                "usage": {"prompt_tokens": prompt, "completion_tokens": completion},
            }
            payload = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
