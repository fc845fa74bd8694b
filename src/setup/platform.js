/** Whether this machine can run Kerb, answered before anything is installed. Parses on Node 18. */

/** The oldest Node that can do the set-up; the program itself runs on the pinned one. */
export const OLDEST_NODE_MAJOR = 20;

/**
 * @typedef {object} PlatformFacts
 * @property {string} platform as `process.platform`
 * @property {string} arch as `process.arch`
 * @property {string | undefined} glibc the C library's version such as `2.36`; `undefined` when it is not glibc
 * @property {string} node as `process.versions.node`
 */

/**
 * The facts about the running machine.
 *
 * @returns {PlatformFacts}
 */
export function platformFacts() {
  return {
    platform: process.platform,
    arch: process.arch,
    glibc: process.platform === 'linux' ? runningGlibc() : undefined,
    node: process.versions.node,
  };
}

/**
 * Why Kerb does not run on such a machine, in one sentence that names the remedy; `undefined` when it does.
 *
 * @param {PlatformFacts} facts
 * @returns {string | undefined}
 */
export function unsupportedReason({ platform, arch, glibc, node }) {
  if (!(Number.parseInt(node, 10) >= OLDEST_NODE_MAJOR)) {
    return `Kerb needs Node.js ${OLDEST_NODE_MAJOR} or newer for its set-up and this is ${node}: install a newer one from https://nodejs.org.`;
  }
  if (platform !== 'linux' || arch !== 'x64') {
    return `Kerb runs on Linux x64 with glibc and this is ${platform} ${arch}: use such a machine, a virtual one or a container.`;
  }
  if (glibc === undefined) {
    return 'Kerb runs on Linux x64 with glibc and this system has another C library (musl?): use a glibc system such as Debian, Ubuntu or Fedora.';
  }
  return undefined;
}

/**
 * The platform as a short word that changes when the installed binaries may stop fitting.
 *
 * @param {PlatformFacts} facts
 * @returns {string}
 */
export function platformWord({ platform, arch, glibc }) {
  return `${platform}-${arch}-glibc${glibc ?? 'none'}`;
}

/**
 * The process report names glibc's version when the running Node is linked with it. Its network part is left out, since
 * it may look up names.
 *
 * @returns {string | undefined}
 */
function runningGlibc() {
  const report = /** @type {NodeJS.ProcessReport & { excludeNetwork?: boolean }} */ (process.report);
  report.excludeNetwork = true;
  /** @type {{ header?: { glibcVersionRuntime?: unknown } }} */
  const { header } = report.getReport();
  const version = header?.glibcVersionRuntime;
  return typeof version === 'string' ? version : undefined;
}
