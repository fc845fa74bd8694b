/** Every command of `kerb`, in the order of the help: name, line of the help, and the file that is loaded when it runs. */
import type { CommandEntry } from './command.ts';

/** The registry. A new command is one entry here. */
export const COMMANDS: readonly CommandEntry[] = Object.freeze([
  {
    name: 'init',
    summary: 'make the folder of a new app',
    load: async () => (await import('./init.ts')).init,
  },
  {
    name: 'check',
    summary: 'say whether Kerb runs a module, without a server',
    load: async () => (await import('./check.ts')).check,
  },
  {
    name: 'dev',
    summary: 'serve one app while you work on it',
    load: async () => (await import('./dev.ts')).dev,
  },
  {
    name: 'serve',
    summary: 'run the edge',
    load: async () => (await import('./serve.ts')).serve,
  },
  {
    name: 'lab',
    summary: 'measure how many tenants fit on this machine',
    load: async () => (await import('./lab.ts')).lab,
  },
  {
    name: 'deploy',
    summary: 'upload a version of an app and put it in force',
    load: async () => (await import('./deploy.ts')).deploy,
  },
  {
    name: 'versions',
    summary: 'list the versions of a tenant',
    load: async () => (await import('./versions.ts')).versions,
  },
  {
    name: 'activate',
    summary: 'put a stored version in force',
    load: async () => (await import('./activate.ts')).activate,
  },
  {
    name: 'rollback',
    summary: 'go back to the version that was in force before',
    load: async () => (await import('./rollback.ts')).rollback,
  },
  {
    name: 'canary',
    summary: 'give a second version a share of the requests',
    load: async () => (await import('./canary.ts')).canary,
  },
  {
    name: 'tail',
    summary: 'follow the requests and log lines of a tenant',
    load: async () => (await import('./tail.ts')).tail,
  },
  {
    name: 'secret',
    summary: 'set, remove and list the secrets of a tenant',
    load: async () => (await import('./secret.ts')).secret,
  },
  {
    name: 'kv',
    summary: 'read and change the key-value stores of a tenant',
    load: async () => (await import('./kv.ts')).kv,
  },
  {
    name: 'config',
    summary: 'read and change the config stores of a tenant',
    load: async () => (await import('./config.ts')).config,
  },
  {
    name: 'cache',
    summary: 'what the cache holds of a tenant, and how often that helped',
    load: async () => (await import('./cache.ts')).cache,
  },
  {
    name: 'purge',
    summary: 'drop cached responses of a tenant',
    load: async () => (await import('./purge.ts')).purge,
  },
  {
    name: 'usage',
    summary: 'what a tenant used, hour by hour',
    load: async () => (await import('./usage.ts')).usage,
  },
  {
    name: 'top',
    summary: 'watch what every tenant uses now',
    load: async () => (await import('./top.ts')).top,
  },
  {
    name: 'tenant',
    summary: 'create, list, show, limit and delete tenants',
    load: async () => (await import('./tenant.ts')).tenant,
  },
  {
    name: 'domain',
    summary: 'give hosts to a tenant and take them back',
    load: async () => (await import('./domain.ts')).domain,
  },
  {
    name: 'token',
    summary: 'issue and revoke tokens, and see what yours allows',
    load: async () => (await import('./token.ts')).token,
  },
  {
    name: 'completion',
    summary: 'print a completion script for your shell',
    load: async () => (await import('./completion.ts')).completion,
  },
]);
