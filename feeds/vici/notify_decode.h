/* SPDX-License-Identifier: ISC */
/**
 * @file notify_decode.h  Decode the records of strongSwan's plugin error-notify. Pure functions: bytes in, a struct
 * out.
 *
 * Source:    the plugin of 5.9.8: records of a fixed size on a stream socket: the type (32 bits, network order), a
 *            sentence (384 octets), the connection's name (64), the peer's identity (256), its address and port (60).
 *            Texts end in a NUL if there is room for it, and are empty if not known.
 */
#ifndef NOTIFY_DECODE_H
#define NOTIFY_DECODE_H

#include "vici_alert.h"

#define NOTIFY_RECORD 768 /* octets */

/**
 * Decode one record.
 *
 * Errors:    -EBADMSG: it does not have NOTIFY_RECORD octets, or its address is invalid; -ENOENT: an unknown type. Then
 *            @p out is unchanged.
 */
int notify_decode(const uint8_t *record, size_t len, struct vici_alert *out);

/** Parse "10.9.0.1[500]" or "fd09::1[4500]", with or without the port. */
bool notify_addr(const char *text, struct ipm_addr *addr, uint16_t *port);

#endif
