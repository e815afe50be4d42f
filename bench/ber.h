/* SPDX-License-Identifier: ISC */
/** @file ber.h The part of BER that SNMPv2c needs, for walk_client. Input may be anything. */
#ifndef BER_H
#define BER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BER_INTEGER      0x02
#define BER_OCTETS       0x04
#define BER_NULL         0x05
#define BER_OID          0x06
#define BER_SEQUENCE     0x30
#define BER_IPADDRESS    0x40
#define BER_COUNTER32    0x41
#define BER_GAUGE32      0x42
#define BER_TIMETICKS    0x43
#define BER_OPAQUE       0x44
#define BER_COUNTER64    0x46
#define BER_NO_OBJECT    0x80
#define BER_NO_INSTANCE  0x81
#define BER_END_OF_VIEW  0x82

#define BER_SUBIDS_MAX   128 /* RFC 3416, 4.1 */
#define BER_OID_MAX      (BER_SUBIDS_MAX * 5)
#define BER_OID_TEXT_MAX (BER_SUBIDS_MAX * 11 + 1)
#define BER_DATAGRAM_MAX 65536

/* An encoded OBJECT IDENTIFIER, without tag and length: memcmp() compares prefixes and tests equality. */
struct ber_oid {
	size_t len;
	uint8_t octets[BER_OID_MAX];
};

/* A part of a received datagram. Nothing reads beyond end. */
struct ber_in {
	const uint8_t *at, *end;
};

/* A datagram, written from its end to its start, so that every length is known before it is written. */
struct ber_out {
	size_t at;
	uint8_t octets[BER_DATAGRAM_MAX];
};

int ber_oid_parse(const char *text, struct ber_oid *o);

/** Is the encoding the shortest one, complete, with 32-bit subids? The comparisons below rely on that. */
bool ber_oid_is_valid(struct ber_in o);

/** Compare two well-formed OIDs. A subid with more octets is greater; with equally many, memcmp() decides. */
int ber_oid_compare(const struct ber_oid *a, struct ber_in b);
bool ber_oid_is_below(const struct ber_oid *root, struct ber_in name);
bool ber_oid_equals(const struct ber_oid *a, struct ber_in b);
void ber_oid_set(struct ber_oid *o, struct ber_in from);

/** For messages only; returns a static buffer. */
const char *ber_oid_text(struct ber_in o);
struct ber_in ber_of_oid(const struct ber_oid *o);
void ber_put_octets(struct ber_out *o, const void *p, size_t len);
void ber_put_octet(struct ber_out *o, unsigned v);

/** Put tag and length before everything written since at was end. */
void ber_put_header(struct ber_out *o, uint8_t tag, size_t end);

/** Write an integer that is not negative: our requests have no others. */
void ber_put_integer(struct ber_out *o, int32_t v);

/** Split off the next element. 0, or -EBADMSG if it doesn't fit into its container. */
int ber_get(struct ber_in *in, uint8_t *tag, struct ber_in *content);
int ber_expect(struct ber_in *in, uint8_t tag, struct ber_in *content);
int ber_get_integer(struct ber_in *in, int32_t *out);

/** Is this a value of SNMPv2c, with a valid length for its type? */
bool ber_value_is_valid(uint8_t type, struct ber_in value);

#endif
