/* SPDX-License-Identifier: ISC */
/**
 * @file notify_decode.h  The records of strongSwan's plugin error-notify. Pure functions: bytes in, a struct out.
 *
 * Source:    the plugin of 5.9.8: fixed-size records, one behind the other on a stream socket: the type (32 bits,
 *            network order), a sentence (384 octets), the connection's name (64), the peer's identity (256), its
 *            address and port (60); texts end in a NUL if there is room for it, and are empty when not known.
 */
#ifndef NOTIFY_DECODE_H
#define NOTIFY_DECODE_H

#include "vici_alert.h"

#define NOTIFY_RECORD 768 /* octets */

/**
 * Decode one record.
 *
 * Errors:    -EBADMSG when it is not NOTIFY_RECORD octets, or its address is none; -ENOENT for a type that we do
 *            not know. Then @p out is untouched.
 */
int notify_decode(const uint8_t *record, size_t len, struct vici_alert *out);

/** "10.9.0.1[500]" and "fd09::1[4500]", with or without the port. False when it is neither. */
bool notify_addr(const char *text, struct ipm_addr *addr, uint16_t *port);

#endif
