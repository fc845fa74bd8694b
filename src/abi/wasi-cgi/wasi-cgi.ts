/** The ABI wasi-cgi: programs over WASI preview1 that speak CGI, as WAGI and WCGI run them. */
import type { Abi } from '../abi.ts';
import { signaturesOf, suspendingOf } from '../host-function.ts';
import { KERB_MODULES } from '../kerb/table.ts';
import { PRE_INITIALISER } from '../start-up.ts';
import { WASI_MODULES } from '../wasi/preview1.ts';
import { CgiGuest, PROGRAM, START_EXPORTS } from './guest.ts';

/** See https://www.rfc-editor.org/rfc/rfc3875. */
export const WASI_CGI: Abi = {
  name: 'wasi-cgi',
  imports: new Map([
    ...[...WASI_MODULES].map(([name, module]) => [name, signaturesOf(module)] as const),
    ...[...KERB_MODULES].map(([name, module]) => [name, signaturesOf(module)] as const),
  ]),
  suspending: new Set([
    ...[...WASI_MODULES].flatMap(([name, module]) => suspendingOf(name, module)),
    ...[...KERB_MODULES].flatMap(([name, module]) => suspendingOf(name, module)),
  ]),
  exports: new Map([PROGRAM, ...START_EXPORTS].map((name) => [name, '->'] as const)),
  requiredExports: [PROGRAM],
  instances: 'fresh',
  initialises: (exports) => exports.has(PRE_INITIALISER),
  configures: false,
  createGuest: (host, modules) => new CgiGuest(host, modules),
};
