/** The Proxy-Wasm ABI, sections "Configuration", "Logging", "Clocks", "Timers" and "Foreign function interface". */
import type { LogLevel } from '../../log-level.ts';
import type { HostModule } from '../host-function.ts';
import { MAX_LOG_BYTES } from './limits.ts';
import { answerU32, give, type ProxyWasmState } from './state.ts';
import { STATUS } from './types.ts';

/** Levels of the ABI, `trace` to `critical`, as levels of the tenant's log. */
const LEVELS: readonly LogLevel[] = ['debug', 'debug', 'info', 'warn', 'error', 'error'];

/** Functions that are about no stream, and those that toolchains import beside the ABI's. */
export const PLUGIN_FUNCTIONS: HostModule<ProxyWasmState> = {
  /** 0.1.0: the configuration of the VM, which is empty, or of the plugin, by the callback that asks. */
  proxy_get_configuration: {
    signature: 'ii->i',
    bind: (state) => (pointerAt: number, sizeAt: number) => {
      const config = state.configuring === 'vm' ? new Uint8Array(0) : state.host.grants.config;
      return give(state, config, pointerAt, sizeAt);
    },
  },
  /** Writes a message to the tenant's log. `bad_argument` for an unknown level. */
  proxy_log: {
    signature: 'iii->i',
    bind:
      ({ host }) =>
      (code: number, message: number, size: number) => {
        const level = LEVELS[code];
        if (level === undefined) return STATUS.badArgument;
        if (!host.memory.contains(message, size)) return STATUS.invalidMemoryAccess;
        if (host.logs(level)) host.log(level, host.memory.readText(message, Math.min(size >>> 0, MAX_LOG_BYTES)));
        return STATUS.ok;
      },
  },
  /** The lowest level that is kept. */
  proxy_get_log_level: {
    signature: 'i->i',
    bind: (state) => (levelAt: number) => {
      const lowest = LEVELS.findIndex((level) => state.host.logs(level));
      return answerU32(state, levelAt, lowest < 0 ? LEVELS.length - 1 : lowest);
    },
  },
  /** Nanoseconds since the epoch; they stand still while the guest computes. */
  proxy_get_current_time_nanoseconds: {
    signature: 'i->i',
    bind:
      ({ host }) =>
      (timeAt: number) => {
        if (!host.memory.contains(timeAt, 8)) return STATUS.invalidMemoryAccess;
        host.memory.writeU64(timeAt, host.wallClockNs());
        return STATUS.ok;
      },
  },
  /** Sets the period of `proxy_on_tick`; 0 ends it. Less than 10 ms are 10 ms. */
  proxy_set_tick_period_milliseconds: {
    signature: 'i->i',
    bind: (state) => (periodMs: number) => {
      state.timer.setPeriod(periodMs >>> 0);
      return STATUS.ok;
    },
  },
  /** There are no foreign functions: `not_found`. */
  proxy_call_foreign_function: { signature: 'iiiiii->i', bind: () => () => STATUS.notFound },
  /** Emscripten says that the memory has grown. The host knows. */
  emscripten_notify_memory_growth: { signature: 'i->', bind: () => () => undefined },
  /** Emscripten compares threads, of which there is one. */
  pthread_equal: { signature: 'ii->i', bind: () => (left: number, right: number) => Number(left === right) },
};
