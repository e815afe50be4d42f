/* SPDX-License-Identifier: ISC */
/**
 * @file service.h  Tell the service manager that this program is ready, alive, or stopping.
 *
 * The protocol is that of sd_notify(3): datagrams of "NAME=VALUE" lines to the Unix socket in $NOTIFY_SOCKET.
 * $WATCHDOG_USEC is the longest allowed silence. Without these variables nothing is sent.
 *
 * Errors:    ignored: the next message tries again.
 * Threads:   the event loop's. Another thread could report a hanging loop as alive.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdint.h>

/**
 * Send @p lines.
 *
 * Errors:    0, also without a service manager; -EINVAL: an invalid address; -ENAMETOOLONG; those of socket(2) and
 *            send(2).
 */
int service_tell(const char *lines);

/** Report that the program is ready, and read the watchdog's interval. */
void service_ready(void);

/** How often to call service_alive(), in nanoseconds; 0: there is no watchdog. Call it after service_ready(). */
uint64_t service_interval_ns(void);

/** Report that the program is alive, if the last report is an interval ago. The event loop may call it any time. */
void service_alive(void);

/** Report that the loop has ended and the program is stopping. */
void service_stopping(void);

#endif
