"""A sandbox that gossips: every refusal and every page of a proxy repeats the caller's key, links and an address."""

from dataclasses import replace

from batcher.sandbox import Answer, Request, Sandbox, SandboxThread, Switches, jsontext

HOST = "https://spend.runa.example"
QUOTED = "quoted0link0quoted0link0quoted0link0quoted"
"""What stands at the end of the links that it quotes."""


class _Gossip(Sandbox):
    def _handle(self, request: Request) -> Answer:
        return gossiping(super()._handle(request), request)


class GossipThread(SandboxThread):
    """`SandboxThread`, but that it talks."""

    def __init__(self, switches: Switches | None = None, seed: int = 0) -> None:
        super().__init__(switches, seed)
        self._sandbox = _Gossip(switches, seed)


def gossiping(answer: Answer, request: Request) -> Answer:
    """The answer with what nobody should repeat, in its words and its headers."""
    key = request.headers.get("x-api-key", "")
    talk = (
        f"The key {key} asked for {HOST}/{QUOTED} (HTTPS://SPEND.RUNA.EXAMPLE/{QUOTED}, spend.runa.example/{QUOTED}), "
        f"<a href='{HOST}/{QUOTED}'>this</a>, of ann@example.com."
    )
    if request.path.startswith("/_sandbox") or not answer.body:
        return answer
    headers = dict(answer.headers) | {"X-Request-Id": f"for {key}"}
    body = answer.body.replace(b"</body>", f"{talk}</body>".encode())
    if headers["Content-Type"] == "application/json" and (answer.status or 0) >= 400:
        document = jsontext.read(body)
        if isinstance(document, dict):
            body = jsontext.write({**document, "message": talk, "help": talk, "details": [{"message": talk}]})
    headers["Content-Length"] = str(len(body))
    return replace(answer, headers=tuple(headers.items()), body=body)
