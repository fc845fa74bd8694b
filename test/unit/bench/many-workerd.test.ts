import { describe, expect, it } from 'vitest';
import {
  listedConfig,
  loadedConfig,
  routerOf,
  TENANT_FILES,
  tenantScript,
} from '../../../bench/servers/many-workerd-config.ts';

describe('workerd with its tenants in the configuration', () => {
  const config = listedConfig(['t0', 'my-app']);

  it('has a worker with a module of its own for each, and a binding to it', () => {
    expect(config).toContain('(name = "t0", worker = .t0)');
    expect(config).toContain('(name = "my-app", worker = .myxapp)');
    expect(config).toContain('wasm = embed "modules/my-app.wasm"');
    expect(config).toContain('(name = "my-app", service = "my-app")');
  });

  it('routes by host', () => {
    expect(routerOf('listed')).toContain("request.headers.get('host')");
  });
});

describe('workerd that loads its tenants', () => {
  it('has none of them in its configuration, but where their modules are', () => {
    const config = loadedConfig('/somewhere/modules');
    expect(config).toContain('(name = "modules", disk = (path = "/somewhere/modules"))');
    expect(config).toContain('workerLoader = ()');
    for (const name of Object.values(TENANT_FILES)) expect(config).toContain(`text = embed "${name}"`);
  });

  it('loads a tenant by its name, with its module', () => {
    expect(routerOf('loaded')).toContain('env.LOADER.get(name');
    expect(routerOf('loaded')).toContain('{ wasm: await found.arrayBuffer() }');
  });
});

describe('the worker of a tenant', () => {
  it('makes its instance at the first request, and keeps it', () => {
    expect(tenantScript()).toContain('instance ??= new WebAssembly.Instance(guest, imports)');
  });
});
