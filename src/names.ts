/** Names that manifests, the API, the store and tokens have in common. */

/** The name of a tenant. */
export const TENANT_NAME = /^[a-z0-9-]{1,63}$/;

/** The name of something that is granted: a backend, a store, a secret. */
export const GRANT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
