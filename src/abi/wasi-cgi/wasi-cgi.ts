/** The ABI wasi-cgi: programs over WASI preview1 that speak CGI, as WAGI and WCGI run them. */
import type { Abi } from '../abi.ts';
import { signaturesOf, suspendingOf } from '../host-function.ts';
import { KERB_MODULES } from '../kerb/table.ts';
import { WASI_MODULES } from '../wasi/preview1.ts';
import { CgiGuest, PROGRAM } from './guest.ts';

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
  exports: new Map([[PROGRAM, '->']]),
  requiredExports: [PROGRAM],
  instances: 'fresh',
  initialises: () => false,
  createGuest: (host, modules) => new CgiGuest(host, modules),
};
