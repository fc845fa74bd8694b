/**
 * Loaded into a server before anything else: ends it when the process that has started it is gone, in whatever way that went.
 *
 * The two share a channel that nothing is sent on; the kernel closes it with the process at its other end.
 */
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
});
// It must not keep a server alive that has drained.
process.channel?.unref();
