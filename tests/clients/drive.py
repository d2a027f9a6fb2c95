"""Drives a server with the client of the `mcp` package, and prints what it sent and saw as JSON.

usage: drive.py legacy|stateless stdio PROGRAM ARGUMENT...
       drive.py legacy|stateless http URL
"""

import contextlib
import json
import os
import pathlib
import sys
import warnings

import anyio
from mcp import Client, MCPError, StdioServerParameters, types
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

NAME, VERSION = "python-client", "3.1"


class Tap:
    """A stream to the server that notes the method of every message."""

    def __init__(self, stream, sent):
        self.stream, self.sent = stream, sent

    def __getattr__(self, name):
        return getattr(self.stream, name)

    async def __aenter__(self):
        await self.stream.__aenter__()
        return self

    async def __aexit__(self, *reason):
        return await self.stream.__aexit__(*reason)

    async def send(self, message):
        method = getattr(message.message, "method", None)
        if method is not None:
            self.sent.append(method)
        await self.stream.send(message)


@contextlib.asynccontextmanager
async def tapped(transport, sent):
    async with transport as (read, write):
        yield read, Tap(write, sent)


async def elicited(_context, _params):
    content = {"name": "Ada", "username": "ada", "email": "ada@example.com"}
    return types.ElicitResult(action="accept", content=content)


async def sampled(_context, _params):
    text = types.TextContent(type="text", text="Paris")
    return types.CreateMessageResult(role="assistant", content=text, model="none")


async def call(client, step):
    seen = []

    async def progress(done, total, _message):
        seen.append([done, total])

    result = await client.call_tool(step["name"], step["arguments"], progress_callback=progress)
    return dump(result) | ({"progress": seen} if seen else {})


async def cancel(client, step):
    """Cancels the call as soon as the tool has reported that it runs."""
    with anyio.CancelScope() as scope:

        async def progress(_done, _total, _message):
            scope.cancel()

        await client.call_tool(step["name"], step["arguments"], progress_callback=progress)
    return {"cancelled": scope.cancelled_caught}


async def listen(client, step):
    """Listens until the change that it asked for has come."""
    async with client.listen(tools_list_changed=True) as changes:
        await client.call_tool(step["trigger"], {})
        return {"heard": type(await anext(changes)).__name__}


async def complete(client, step, reference):
    argument = {"name": step["argument"], "value": step["value"]}
    return dump(await client.complete(reference, argument))


async def perform(client, step):
    match step["do"]:
        case "call":
            return await call(client, step)
        case "cancel":
            return await cancel(client, step)
        case "listen":
            return await listen(client, step)
        case "list_tools":
            return dump(await client.list_tools())
        case "list_resources":
            return dump(await client.list_resources())
        case "list_templates":
            return dump(await client.list_resource_templates())
        case "list_prompts":
            return dump(await client.list_prompts())
        case "read":
            return dump(await client.read_resource(step["uri"]))
        case "subscribe":
            return dump(await client.subscribe_resource(step["uri"]))
        case "unsubscribe":
            return dump(await client.unsubscribe_resource(step["uri"]))
        case "prompt":
            return dump(await client.get_prompt(step["name"], step.get("arguments")))
        case "complete_prompt":
            reference = types.PromptReference(type="ref/prompt", name=step["name"])
            return await complete(client, step, reference)
        case "complete_resource":
            reference = types.ResourceTemplateReference(type="ref/resource", uri=step["uri"])
            return await complete(client, step, reference)
        case "set_level":
            return dump(await client.set_logging_level(step["level"]))
        case "ping":
            return dump(await client.send_ping())
    raise ValueError(f"no such step: {step['do']}")


def dump(result):
    return result.model_dump(mode="json", by_alias=True, exclude_none=True)


async def attempt(client, step):
    try:
        return {"result": await perform(client, step)}
    except MCPError as error:
        return {"error": dump(error.error)}


def connect(kind, rest):
    if kind == "http":
        return streamable_http_client(rest[0])
    environment = {name: value for name, value in os.environ.items() if name.startswith("TOOLWATCH_")}
    return stdio_client(StdioServerParameters(command=rest[0], args=rest[1:], env=environment))


async def main(era, kind, *rest):
    session = json.loads(pathlib.Path(__file__).with_name("session.json").read_text())
    steps = [step for step in session if step.get("only", era) == era]
    sent, seen = [], []
    client = Client(
        tapped(connect(kind, list(rest)), sent),
        mode="legacy" if era == "legacy" else "auto",
        client_info=types.Implementation(name=NAME, version=VERSION),
        elicitation_callback=elicited,
        sampling_callback=sampled,
    )
    with anyio.fail_after(60):
        async with client:
            hello = {
                "protocolVersion": client.protocol_version,
                "server": dump(client.server_info) if client.server_info else None,
                "capabilities": dump(client.server_capabilities),
                "instructions": client.instructions,
            }
            for step in steps:
                seen.append({"step": step} | await attempt(client, step))
    transcript = {"client": [NAME, VERSION], "hello": hello, "sent": sent, "seen": seen}
    print(json.dumps(transcript))


warnings.simplefilter("ignore")
anyio.run(main, *sys.argv[1:])
