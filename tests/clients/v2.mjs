// The second generation of the TypeScript SDK: legacy and 2026-07-28.

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { drive, elicited, sampled, tapped } from './session.mjs';

const info = { name: 'typescript-client-2', version: '2.5' };

await drive(info, async ({ era, kind, target, args, environment, sent }) => {
  const mode = era === 'legacy' ? 'legacy' : { pin: '2026-07-28' };
  const capabilities = { elicitation: {}, sampling: {} };
  const sdk = new Client(info, { capabilities, versionNegotiation: { mode } });
  sdk.setRequestHandler('elicitation/create', () => elicited);
  sdk.setRequestHandler('sampling/createMessage', () => sampled);
  const http = kind === 'http';
  const Transport = tapped(http ? StreamableHTTPClientTransport : StdioClientTransport, sent);
  const server = { command: target, args, env: environment };
  const transport = http ? new Transport(new URL(target)) : new Transport(server);
  await sdk.connect(transport);
  return {
    sdk,
    version: () => sdk.getNegotiatedProtocolVersion(),
    call: (params, options) => sdk.callTool(params, options),
    end: async () => {
      if (era === 'legacy') await transport.terminateSession?.();
      await sdk.close();
    },
  };
});
