import { describe, expect, it } from 'vitest';
import { spinConfig, spinScript } from '../../../bench/servers/workerd-config.ts';

describe('the configuration of workerd for tenants that compute', () => {
  const config = spinConfig(['victim', 'hog-0']);

  it('is a service per tenant, and a router with a binding to each', () => {
    for (const name of ['victim', 'hog-0']) {
      expect(config).toContain(`(name = "${name}", worker = .spin)`);
      expect(config).toContain(`(name = "${name}", service = "${name}")`);
    }
  });

  it('has a single socket, which is the router’s', () => {
    expect(config.match(/address = /g)).toHaveLength(1);
    expect(config).toContain('service = "router"');
  });
});

describe('the worker that computes', () => {
  it('takes its steps from the path, and answers as the guest does', () => {
    expect(spinScript()).toContain(
      "instance.exports.spin(Number(request.url.slice(request.url.lastIndexOf('/') + 1)))",
    );
    expect(spinScript()).toContain("new Response('done\\n')");
  });
});
