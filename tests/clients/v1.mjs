// The first generation of the TypeScript SDK, which most clients in use are built on: legacy protocol only.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { drive, elicited, sampled, tapped } from './session.mjs';

const info = { name: 'typescript-client-1', version: '1.5' };

await drive(info, async ({ kind, target, args, environment, sent }) => {
  const sdk = new Client(info, { capabilities: { elicitation: {}, sampling: {} } });
  sdk.setRequestHandler(ElicitRequestSchema, () => elicited);
  sdk.setRequestHandler(CreateMessageRequestSchema, () => sampled);
  const http = kind === 'http';
  const Transport = tapped(http ? StreamableHTTPClientTransport : StdioClientTransport, sent);
  const server = { command: target, args, env: environment };
  const transport = http ? new Transport(new URL(target)) : new Transport(server);
  let version;
  transport.setProtocolVersion = (negotiated) => {
    version = negotiated;
    Transport.prototype.setProtocolVersion?.call(transport, negotiated);
  };
  await sdk.connect(transport);
  return {
    sdk,
    version: () => version,
    call: (params, options) => sdk.callTool(params, undefined, options),
    end: async () => {
      await transport.terminateSession?.();
      await sdk.close();
    },
  };
});
