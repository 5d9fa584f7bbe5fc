"""The Python SDK's client, with its OAuth. The user, on the other end of the pipe, is asked by a line of output for each
address to open, and answers with a line of input: where the browser was sent at last."""

import asyncio
import json
import sys
from urllib.parse import parse_qsl, urlsplit

import httpx2
from mcp.client.auth import OAuthClientProvider
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata


class Memory:
    """What the client remembers."""

    tokens = None
    client_info = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client_info

    async def set_client_info(self, client_info):
        self.client_info = client_info


def say(**what):
    print(json.dumps(what), flush=True)


async def send_user_to(address):
    say(open=address)


async def user_came_back():
    address = await asyncio.to_thread(sys.stdin.readline)
    response = dict(parse_qsl(urlsplit(address.strip()).query))
    return AuthorizationCodeResult(code=response["code"], state=response.get("state"), iss=response.get("iss"))


async def main(url, mode, client_metadata_url=None):
    metadata = OAuthClientMetadata(
        client_name="Python", redirect_uris=["http://127.0.0.1/callback"], token_endpoint_auth_method="none"
    )
    provider = OAuthClientProvider(url, metadata, Memory(), send_user_to, user_came_back, client_metadata_url)
    async with httpx2.AsyncClient(auth=provider) as http_client:
        transport = streamable_http_client(url, http_client=http_client)
        async with Client(transport, mode=mode) as client:
            listed = await client.list_tools()
            say(version=client.protocol_version, tools=[tool.name for tool in listed.tools])
            found = await client.call_tool("find_order", {"id": "1001"})
            say(found=found.structured_content)
            created = await client.call_tool("create_order", {"item": "pump", "quantity": 1})
            say(created=created.structured_content)


asyncio.run(main(*sys.argv[1:]))
