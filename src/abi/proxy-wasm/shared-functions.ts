/** The Proxy-Wasm ABI, sections "Shared Key-Value Store" and "Shared Queues": shared by all guests of the tenant, on all threads. */
import type { HostModule } from '../host-function.ts';
import { MAX_NAME_BYTES, MAX_VALUE_BYTES } from './limits.ts';
import { answerU32, give, take, takeText, type ProxyWasmState } from './state.ts';
import { STATUS } from './types.ts';

const OF_SET = { ok: STATUS.ok, cas_mismatch: STATUS.casMismatch, full: STATUS.internalFailure } as const;
const OF_ENQUEUE = { ok: STATUS.ok, not_found: STATUS.notFound, full: STATUS.internalFailure } as const;

/** Every function answers `internal_failure` where a cap of the tenant's would be passed. */
export const SHARED_FUNCTIONS: HostModule<ProxyWasmState> = {
  /** Sets a value. `cas_mismatch` when `cas` is not 0 and not that of the value. */
  proxy_set_shared_data: {
    signature: 'iiiii->i',
    bind: (state) => (key: number, keySize: number, value: number, valueSize: number, cas: number) => {
      const name = take(state, key, keySize, MAX_NAME_BYTES);
      if (typeof name === 'number') return name;
      const bytes = take(state, value, valueSize, MAX_VALUE_BYTES);
      return typeof bytes === 'number' ? bytes : OF_SET[state.host.shared.set(name, bytes, cas)];
    },
  },
  /** A value and its `cas`. `not_found` when there is none. */
  proxy_get_shared_data: {
    signature: 'iiiii->i',
    bind: (state) => (key: number, keySize: number, pointerAt: number, sizeAt: number, casAt: number) => {
      const name = take(state, key, keySize, MAX_NAME_BYTES);
      if (typeof name === 'number') return name;
      const found = state.host.shared.get(name);
      if (found === null) return STATUS.notFound;
      const given = give(state, found.value, pointerAt, sizeAt);
      return given === STATUS.ok ? answerU32(state, casAt, found.cas) : given;
    },
  },
  /** The queue of that name, made if there is none; the instance is told of its messages from now on. */
  proxy_register_shared_queue: {
    signature: 'iii->i',
    bind: (state) => (at: number, size: number, queueAt: number) => {
      const name = take(state, at, size, MAX_NAME_BYTES);
      if (typeof name === 'number') return name;
      if (!state.host.memory.contains(queueAt, 4)) return STATUS.invalidMemoryAccess;
      const queue = state.host.shared.register(name);
      if (queue === null || !state.registerQueue(queue)) return STATUS.internalFailure;
      return answerU32(state, queueAt, queue);
    },
  },
  /** The queue of that name, for writing. `not_found` when there is none; queues of other VMs than the tenant's do not exist. */
  proxy_resolve_shared_queue: {
    signature: 'iiiii->i',
    bind: (state) => (vm: number, vmSize: number, at: number, size: number, queueAt: number) => {
      const vmId = takeText(state, vm, vmSize, MAX_NAME_BYTES);
      if (typeof vmId === 'number') return vmId;
      const name = take(state, at, size, MAX_NAME_BYTES);
      if (typeof name === 'number') return name;
      const isOwn = vmId === '' || vmId === state.host.app.tenant;
      const queue = isOwn ? state.host.shared.resolve(name) : null;
      return queue === null ? STATUS.notFound : answerU32(state, queueAt, queue);
    },
  },
  /** Adds a message. `not_found` when there is no such queue. */
  proxy_enqueue_shared_queue: {
    signature: 'iii->i',
    bind: (state) => (queue: number, value: number, valueSize: number) => {
      const message = take(state, value, valueSize, MAX_VALUE_BYTES);
      if (typeof message === 'number') return message;
      const done = state.host.shared.enqueue(queue, message);
      if (done === 'ok') state.announce(queue);
      return OF_ENQUEUE[done];
    },
  },
  /** Takes the oldest message. `not_found` when there is no such queue, `empty` when there is no message. */
  proxy_dequeue_shared_queue: {
    signature: 'iii->i',
    bind: (state) => (queue: number, pointerAt: number, sizeAt: number) => {
      const { memory, shared } = state.host;
      if (!memory.contains(pointerAt, 4) || !memory.contains(sizeAt, 4)) return STATUS.invalidMemoryAccess;
      const message = shared.dequeue(queue);
      if (message === 'not_found') return STATUS.notFound;
      return message === 'empty' ? STATUS.empty : give(state, message, pointerAt, sizeAt);
    },
  },
};
