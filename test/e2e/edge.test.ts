import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEdge, type Edge } from './edge.ts';

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge({ samples: ['hello'] });
});
afterAll(() => edge.stop());

test('a request for a tenant is answered from its wasm', async () => {
  const response = await edge.fetch('hello');
  expect(response.status).toBe(200);
  expect(response.text).toContain('Hello from wasm');
});
