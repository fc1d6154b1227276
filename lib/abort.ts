/**
 * Does a task that a signal stops, by itself or by `stop`. What was cut short fails in many ways, so after an abort the
 * signal's reason is thrown, whatever the task failed with. A task that is done in spite of the signal counts as done.
 */
export async function abortable<T>(
  signal: AbortSignal | undefined,
  task: () => Promise<T>,
  stop: () => void = () => {},
): Promise<T> {
  signal?.throwIfAborted();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await task();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
