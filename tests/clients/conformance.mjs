// Runs the official conformance suite, unchanged, on Node 20 as well: its command line imports
// `globSync` from `fs`, which Node has since version 22, for an inquiry that no test makes.

import * as fs from 'node:fs';
import { register } from 'node:module';

if (fs.globSync === undefined) {
  const shim = `export * from 'node:fs';
    export { default } from 'node:fs';
    export function globSync() { throw new Error('fs.globSync needs Node 22'); }`;
  const hooks = `export async function resolve(specifier, context, next) {
    return specifier === 'fs' && context.parentURL?.includes('/conformance/')
      ? { url: ${JSON.stringify(`data:text/javascript,${encodeURIComponent(shim)}`)}, shortCircuit: true }
      : next(specifier, context);
  }`;
  register(`data:text/javascript,${encodeURIComponent(hooks)}`);
}
await import('@modelcontextprotocol/conformance/dist/index.js');
