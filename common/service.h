/* SPDX-License-Identifier: ISC */
/**
 * @file service.h  What a service manager is told: that we are ready, alive, about to end.
 *
 * The protocol is that of sd_notify(3): a datagram of "NAME=VALUE" lines to the Unix socket that $NOTIFY_SOCKET names,
 * and $WATCHDOG_USEC says how long we may be silent. Whoever starts us without these is told nothing.
 *
 * Errors:    a manager that cannot be told is no reason to end: it is tried, and tried again with the next line.
 * Threads:   one, that of the event loop: a loop that hangs must not be reported alive by another thread.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdint.h>

/**
 * Send @p lines.
 *
 * Errors:    0, also when there is nobody to be told; -EINVAL for an address that is none, -ENAMETOOLONG, and what
 *            socket(2) and send(2) say.
 */
int service_tell(const char *lines);

/** Ready, and from now on alive. Reads what is wanted of us. */
void service_ready(void);

/** How often service_alive() wants to be called, in nanoseconds; 0: nobody watches. Of use after service_ready(). */
uint64_t service_interval_ns(void);

/** To be called by the event loop, as often as it likes: says so when the last time is an interval ago. */
void service_alive(void);

/** The loop has ended; what is left to be done may take a moment. */
void service_stopping(void);

#endif
