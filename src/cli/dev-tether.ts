/**
 * Loaded into the server of `kerb dev` before anything else: ends the server when `kerb dev` is gone, in whatever way it went.
 *
 * The two share a channel that nothing is sent on; the kernel closes it with the process at its other end.
 */
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
});
// It must not keep a server alive that has drained.
process.channel?.unref();
