/** What workerd is given: its configuration in Cap'n Proto text, and the workers in JavaScript. Pure. */
import { TENANTS, tenantName } from '../workload.ts';
import type { Instances } from './server.ts';

/** The version that is installed on demand. */
export const WORKERD_VERSION = '1.20261117.1';

/** A date that the version knows: newer runtime behaviour is then on, as for a new project. */
export const COMPATIBILITY_DATE = '2026-11-01';

const COPIES = Array.from({ length: TENANTS }, (_, index) => tenantName(index));

/**
 * A worker around one guest. Warm: the instance is the module's, made once. Fresh: one per request, from the compiled module.
 * The glue is shared, and the bodyless request never touches its body.
 */
export function workerScript(app: 'hello' | 'echo', instances: Instances): string {
  const instance = 'new WebAssembly.Instance(guest, imports)';
  const body = app === 'echo' ? 'new Uint8Array(await request.arrayBuffer())' : 'null';
  return [
    "import guest from 'guest.wasm';",
    "import { handle, imports } from 'glue.js';",
    ...(instances === 'warm' ? [`const instance = ${instance};`] : []),
    'export default {',
    `  ${app === 'echo' ? 'async ' : ''}fetch(request) {`,
    `    const { contentType, answer } = handle(${instances === 'warm' ? 'instance' : instance}, ${body});`,
    "    return new Response(answer, { headers: { 'content-type': contentType } });",
    '  },',
    '};',
    '',
  ].join('\n');
}

/** The worker before many: workerd has no routing by Host of its own, so a service binding per tenant does it. */
export function routerScript(): string {
  return [
    'export default {',
    '  fetch(request, env) {',
    "    const host = request.headers.get('host');",
    "    return env[host.slice(0, host.indexOf('.'))].fetch(request);",
    '  },',
    '};',
    '',
  ].join('\n');
}

/** The configuration. Files are beside it: glue.js, hello.js, echo.js, router.js, hello.wasm, echo.wasm. */
export function workerdConfig(): string {
  const services = ['hello', 'echo', 'router', ...COPIES];
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
${services.map((name) => `    (name = "${name}", worker = .${constantOf(name)}),`).join('\n')}
  ],
  sockets = [
${socketLine('hello', 'hello')}
${socketLine('echo', 'echo')}
${socketLine('tenants', 'router')}
  ],
);

${guestWorker('hello')}
${guestWorker('echo')}
${routerWorker(COPIES)}`;
}

/** The router with a binding to each tenant. */
export function routerWorker(names: readonly string[]): string {
  return `const router :Workerd.Worker = (
  modules = [(name = "main", esModule = embed "router.js")],
  bindings = [
${names.map((name) => `    (name = "${name}", service = "${name}"),`).join('\n')}
  ],
  compatibilityDate = "${COMPATIBILITY_DATE}",
);
`;
}

/** Every copy of hello is a worker of its own: the same definition under many names is many isolates. */
function constantOf(service: string): string {
  return service.startsWith('hello-') ? 'hello' : service;
}

/** A socket that leads to a service. */
export function socketLine(name: string, service: string): string {
  return `    (name = "${name}", address = "127.0.0.1:0", http = (), service = "${service}"),`;
}

function guestWorker(app: string): string {
  return `const ${app} :Workerd.Worker = (
  modules = [
    (name = "main", esModule = embed "${app}.js"),
    (name = "glue.js", esModule = embed "glue.js"),
    (name = "guest.wasm", wasm = embed "${app}.wasm"),
  ],
  compatibilityDate = "${COMPATIBILITY_DATE}",
);
`;
}

/** A worker around the guest that computes: the path of a request is the count of its steps. */
export function spinScript(): string {
  return [
    "import guest from 'guest.wasm';",
    'const unused = { http_handler: { get_uri() {}, write_body() {} } };',
    'const instance = new WebAssembly.Instance(guest, unused);',
    'export default {',
    '  fetch(request) {',
    "    instance.exports.spin(Number(request.url.slice(request.url.lastIndexOf('/') + 1)));",
    "    return new Response('done\\n');",
    '  },',
    '};',
    '',
  ].join('\n');
}

/** The configuration for tenants that compute: beside it are spin.js, router.js, spin.wasm. */
export function spinConfig(tenants: readonly string[]): string {
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
${tenants.map((name) => `    (name = "${name}", worker = .spin),`).join('\n')}
    (name = "router", worker = .router),
  ],
  sockets = [
${socketLine('router', 'router')}
  ],
);

const spin :Workerd.Worker = (
  modules = [
    (name = "main", esModule = embed "spin.js"),
    (name = "guest.wasm", wasm = embed "spin.wasm"),
  ],
  compatibilityDate = "${COMPATIBILITY_DATE}",
);
${routerWorker(tenants)}`;
}

/** The port of each socket in what workerd writes to its control pipe: one JSON object per line. */
export function listeningPorts(said: string): Map<string, number> {
  const events = said.matchAll(/^\{"event":"listen","socket":"(\w+)","port":(\d+)\}$/gm);
  return new Map([...events].map(([, socket, port]) => [socket as string, Number(port)]));
}
