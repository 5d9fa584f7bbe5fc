import process from 'node:process';
import { Stopwatch } from '../../time/stopwatch.js';

/** Signals with which processes are stopped. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'] as const;

/** Milliseconds within which the same stop is signalled twice: to a process, and to its group by its parent. */
const SAME_STOP = 1_000;

/** Milliseconds after a signal in which the application begins to stop because of it. */
const BEGINS_WITHIN = 60_000;

/** Those who want to know of signals. One listener of the process serves all applications in it. */
const watchers = new Set<StopSignals>();

function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) === 1) {
    // Whoever handled it is gone. Without a listener it ends the process.
    process.off(signal, onSignal);
    process.kill(process.pid, signal);
    return;
  }
  for (const watcher of watchers) watcher.note();
}

/** Joins the handlers of a signal, as the first of them. */
function join(signal: NodeJS.Signals): void {
  if (!process.listeners(signal).includes(onSignal)) process.prependListener(signal, onSignal);
}

function onNewListener(event: string | symbol): void {
  const signal = SIGNALS.find((one) => one === event);
  // `join` comes here, too.
  if (signal)
    queueMicrotask(() => {
      if (process.listenerCount(signal) > 0) join(signal);
    });
}

/**
 * Notices the signals that stop the process, as long as the application handles them: with `enableShutdownHooks()` of Nest,
 * or by itself. It handles none: without a listener a signal ends the process at once.
 */
export class StopSignals {
  #last: Stopwatch | undefined;
  #onSecond: () => void = () => undefined;

  /** Begins to watch. */
  watch(): void {
    watchers.add(this);
    process.off('newListener', onNewListener);
    process.on('newListener', onNewListener);
    for (const signal of SIGNALS) if (process.listenerCount(signal) > 0) join(signal);
  }

  /** Whether a signal is why the application stops. */
  get isSignalled(): boolean {
    return this.#last !== undefined && this.#last.elapsed < BEGINS_WITHIN;
  }

  /** Calls back for each signal after the first. */
  onSecond(callBack: () => void): void {
    this.#onSecond = callBack;
  }

  /** Called for each signal. */
  note(): void {
    if (this.#last && this.#last.elapsed <= SAME_STOP) return;
    if (this.#last) this.#onSecond();
    this.#last = new Stopwatch();
  }

  /** Watches no longer. */
  end(): void {
    watchers.delete(this);
    if (watchers.size > 0) return;
    process.off('newListener', onNewListener);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}
