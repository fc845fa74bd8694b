/** The Proxy-Wasm ABI, section "Metrics": shared by all guests of the tenant, and shown in `/metrics`. */
import { METRIC_KINDS } from '../../capability/shared.ts';
import type { HostModule } from '../host-function.ts';
import { MAX_NAME_BYTES } from './limits.ts';
import { answerU32, takeText, type ProxyWasmState } from './state.ts';
import { STATUS } from './types.ts';

const OF_INCREMENT = { ok: STATUS.ok, not_found: STATUS.notFound, refused: STATUS.badArgument } as const;

/** Numbers of metrics are the same for all guests of the tenant. */
export const METRIC_FUNCTIONS: HostModule<ProxyWasmState> = {
  /**
   * The metric of that name, made if there is none. `bad_argument` for an unknown type; `internal_failure` for a name that is empty
   * or beyond 128 bytes or of a metric of another type, and beyond 64 metrics.
   */
  proxy_define_metric: {
    signature: 'iiii->i',
    bind: (state) => (type: number, at: number, size: number, metricAt: number) => {
      const kind = METRIC_KINDS[type];
      if (kind === undefined) return STATUS.badArgument;
      const name = takeText(state, at, size, MAX_NAME_BYTES);
      if (typeof name === 'number') return name;
      if (!state.host.memory.contains(metricAt, 4)) return STATUS.invalidMemoryAccess;
      const metric = state.host.shared.define(kind, name);
      return metric === null ? STATUS.internalFailure : answerU32(state, metricAt, metric);
    },
  },
  /** Sets a counter or gauge, or tells a histogram a value. */
  proxy_record_metric: {
    signature: 'iI->i',
    bind: (state) => (metric: number, value: bigint) =>
      state.host.shared.record(metric, value) ? STATUS.ok : STATUS.notFound,
  },
  /** Changes a gauge, or raises a counter. `bad_argument` for a counter that would fall, and for a histogram. */
  proxy_increment_metric: {
    signature: 'iI->i',
    bind: (state) => (metric: number, delta: bigint) => OF_INCREMENT[state.host.shared.increment(metric, delta)],
  },
  /** The value; of a histogram, the sum of what it was told. */
  proxy_get_metric: {
    signature: 'ii->i',
    bind: (state) => (metric: number, valueAt: number) => {
      const { memory, shared } = state.host;
      const figures = shared.metric(metric);
      if (figures === null) return STATUS.notFound;
      if (!memory.contains(valueAt, 8)) return STATUS.invalidMemoryAccess;
      memory.writeU64(valueAt, figures.value);
      return STATUS.ok;
    },
  },
};
