/** Every route of the admin API. */
import type { ControlPlane, LogTap } from '../../control/plane.ts';
import type { LedgerStore, Store, ContentStore } from '../../store/store.ts';
import type { Authority } from '../authority.ts';
import type { Route } from '../route.ts';
import { cacheRoutes } from './cache.ts';
import { configRoutes } from './config.ts';
import { domainRoutes } from './domains.ts';
import { figureRoutes } from './figures.ts';
import { kvRoutes } from './kv.ts';
import { logRoutes } from './logs.ts';
import { secretRoutes } from './secrets.ts';
import { settingRoutes } from './settings.ts';
import { tenantRoutes } from './tenants.ts';
import { tokenRoutes } from './tokens.ts';
import { trafficRoutes } from './traffic.ts';
import { versionRoutes } from './versions.ts';

/** What the routes are served from. */
export interface RouteParts {
  readonly plane: ControlPlane;
  readonly content: ContentStore & Pick<Store, 'atomically'>;
  readonly ledger: Pick<LedgerStore, 'audit'>;
  readonly logs: LogTap;
  readonly authority: Authority;
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
}

/** Every route but that of the document about them. */
export function routesOf(parts: RouteParts): readonly Route[] {
  const { plane, logs, ledger, nowMs } = parts;
  return [
    ...tokenRoutes(parts),
    ...tenantRoutes(plane),
    ...versionRoutes(plane),
    ...trafficRoutes(plane),
    ...domainRoutes(plane),
    ...settingRoutes(plane),
    ...kvRoutes(parts),
    ...configRoutes(parts),
    ...secretRoutes(parts),
    ...cacheRoutes(plane),
    ...figureRoutes(plane, nowMs),
    ...logRoutes(plane, logs, ledger),
  ];
}
