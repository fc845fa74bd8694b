/** What workerd is given when each tenant has a module of its own: all of them in its configuration, or loaded when they are asked for. Pure. */
import { COMPATIBILITY_DATE, routerScript, routerWorker, socketLine } from './workerd-config.ts';

/** The files of a tenant's worker but its module, which is `<tenant>.wasm`. */
export const TENANT_FILES = { main: 'tenant.js', glue: 'glue.js' } as const;

/** The worker of a tenant: an instance made at its first request. */
export function tenantScript(): string {
  return [
    "import guest from 'guest.wasm';",
    "import { handle, imports } from 'glue.js';",
    'let instance = null;',
    'export default {',
    '  fetch() {',
    '    instance ??= new WebAssembly.Instance(guest, imports);',
    '    const { contentType, answer } = handle(instance, null);',
    "    return new Response(answer, { headers: { 'content-type': contentType } });",
    '  },',
    '};',
    '',
  ].join('\n');
}

/** The worker before tenants that are not there yet: it loads one, from the folder of modules, when it is asked for. */
export function loaderScript(): string {
  return [
    `import main from '${TENANT_FILES.main}';`,
    `import glue from '${TENANT_FILES.glue}';`,
    'const load = async (name, env) => {',
    '  const found = await env.MODULES.fetch(`http://modules/${name}.wasm`);',
    "  const modules = { 'main.js': main, 'glue.js': glue, 'guest.wasm': { wasm: await found.arrayBuffer() } };",
    `  return { compatibilityDate: '${COMPATIBILITY_DATE}', mainModule: 'main.js', modules };`,
    '};',
    'export default {',
    '  fetch(request, env) {',
    "    const host = request.headers.get('host');",
    "    const name = host.slice(0, host.indexOf('.'));",
    '    return env.LOADER.get(name, () => load(name, env)).getEntrypoint().fetch(request);',
    '  },',
    '};',
    '',
  ].join('\n');
}

/** Every tenant is a worker of the configuration, behind a router. Beside it are the files of {@link TENANT_FILES}, router.js, and the folder `modules`. */
export function listedConfig(tenants: readonly string[]): string {
  return `${head([...tenants, 'router'].map((name) => `(name = "${name}", worker = .${constantOf(name)})`))}
${tenants.map((name) => tenantWorker(name)).join('')}${routerWorker(tenants)}`;
}

/** No tenant is in the configuration: the router loads them from `modules`, a folder. Beside it are the files of {@link TENANT_FILES} and router.js. */
export function loadedConfig(modules: string): string {
  return `${head(['(name = "router", worker = .router)', `(name = "modules", disk = (path = "${modules}"))`])}
const router :Workerd.Worker = (
  modules = [
    (name = "main", esModule = embed "router.js"),
${Object.values(TENANT_FILES)
  .map((name) => `    (name = "${name}", text = embed "${name}"),`)
  .join('\n')}
  ],
  bindings = [
    (name = "LOADER", workerLoader = ()),
    (name = "MODULES", service = "modules"),
  ],
  compatibilityDate = "${COMPATIBILITY_DATE}",
);
`;
}

/** The script of the router. */
export function routerOf(kind: 'listed' | 'loaded'): string {
  return kind === 'listed' ? routerScript() : loaderScript();
}

function head(services: readonly string[]): string {
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
${services.map((service) => `    ${service},`).join('\n')}
  ],
  sockets = [
${socketLine('router', 'router')}
  ],
);
`;
}

function tenantWorker(name: string): string {
  return `const ${constantOf(name)} :Workerd.Worker = (
  modules = [
    (name = "main", esModule = embed "${TENANT_FILES.main}"),
    (name = "glue.js", esModule = embed "${TENANT_FILES.glue}"),
    (name = "guest.wasm", wasm = embed "modules/${name}.wasm"),
  ],
  compatibilityDate = "${COMPATIBILITY_DATE}",
);
`;
}

/** Names of constants have neither hyphens nor underscores (Cap'n Proto's schema language). */
function constantOf(service: string): string {
  return service.replaceAll(/-(\w)/g, (_, next: string) => `x${next}`);
}
