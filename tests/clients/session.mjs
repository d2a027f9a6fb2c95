// Drives a server through one adapter of the TypeScript SDK, and prints what it sent and saw as JSON.
//
// usage: node v1.mjs|v2.mjs legacy|stateless stdio PROGRAM ARGUMENT...
//        node v1.mjs|v2.mjs legacy|stateless http URL

import { readFileSync } from 'node:fs';

export const elicited = {
  action: 'accept',
  content: { name: 'Ada', username: 'ada', email: 'ada@example.com' },
};

export const sampled = {
  role: 'assistant',
  content: { type: 'text', text: 'Paris' },
  model: 'none',
};

// A transport of class `Base` that notes the method of every message that the client sends.
export function tapped(Base, sent) {
  return class extends Base {
    send(message, options) {
      const methods = [message].flat().map((one) => one.method);
      sent.push(...methods.filter((method) => method !== undefined));
      return super.send(message, options);
    }
  };
}

async function call(client, { name, arguments: given }) {
  const progress = [];
  const onprogress = (report) => progress.push([report.progress, report.total]);
  const result = await client.call({ name, arguments: given }, { onprogress });
  return progress.length > 0 ? { ...result, progress } : result;
}

// Cancels the call as soon as the tool has reported that it runs.
async function cancel(client, { name, arguments: given }) {
  const controller = new AbortController();
  const onprogress = () => controller.abort('enough');
  try {
    await client.call({ name, arguments: given }, { onprogress, signal: controller.signal });
    return { cancelled: false };
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    return { cancelled: true };
  }
}

// Listens until the change that it asked for has come.
async function listen({ sdk }, { trigger }) {
  const method = 'notifications/tools/list_changed';
  const heard = new Promise((resolve) => sdk.setNotificationHandler(method, () => resolve(method)));
  const subscription = await sdk.listen({ toolsListChanged: true });
  await sdk.callTool({ name: trigger, arguments: {} });
  const result = { heard: await heard };
  await subscription.close();
  return result;
}

const argument = (step) => ({ name: step.argument, value: step.value });

const actions = {
  call,
  cancel,
  listen,
  list_tools: (client) => client.sdk.listTools(),
  list_resources: (client) => client.sdk.listResources(),
  list_templates: (client) => client.sdk.listResourceTemplates(),
  list_prompts: (client) => client.sdk.listPrompts(),
  read: (client, { uri }) => client.sdk.readResource({ uri }),
  subscribe: (client, { uri }) => client.sdk.subscribeResource({ uri }),
  unsubscribe: (client, { uri }) => client.sdk.unsubscribeResource({ uri }),
  prompt: (client, { name, arguments: given }) => client.sdk.getPrompt({ name, arguments: given }),
  complete_prompt: (client, step) =>
    client.sdk.complete({ ref: { type: 'ref/prompt', name: step.name }, argument: argument(step) }),
  complete_resource: (client, step) =>
    client.sdk.complete({ ref: { type: 'ref/resource', uri: step.uri }, argument: argument(step) }),
  set_level: (client, { level }) => client.sdk.setLoggingLevel(level),
  ping: (client) => client.sdk.ping(),
};

async function attempt(client, step) {
  try {
    return { result: await actions[step.do](client, step) };
  } catch (error) {
    if (typeof error.code !== 'number') throw error;
    return { error: { code: error.code, message: error.message, data: error.data } };
  }
}

// `start` connects and returns `{ sdk, call, version }`.
export async function drive(info, start) {
  const [era, kind, ...rest] = process.argv.slice(2);
  const session = JSON.parse(readFileSync(new URL('session.json', import.meta.url), 'utf8'));
  const sent = [];
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name.startsWith('TOOLWATCH_')),
  );
  const [target, ...args] = rest;
  const client = await start({ era, kind, target, args, environment, sent });
  const hello = {
    protocolVersion: client.version(),
    server: client.sdk.getServerVersion(),
    capabilities: client.sdk.getServerCapabilities(),
    instructions: client.sdk.getInstructions(),
  };
  const seen = [];
  for (const step of session.filter(({ only }) => (only ?? era) === era)) {
    seen.push({ step, ...(await attempt(client, step)) });
  }
  await client.end();
  console.log(JSON.stringify({ client: [info.name, info.version], hello, sent, seen }));
}
