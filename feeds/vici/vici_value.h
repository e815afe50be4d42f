/* SPDX-License-Identifier: ISC */
/**
 * @file vici_value.h  Values in charon's messages: numbers, texts, names of numbers. For vici_decode.c.
 *
 * Errors:    false or NULL: it is no such value; the output is unchanged.
 * Threads:   any; nothing is shared.
 */
#ifndef VICI_VALUE_H
#define VICI_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "algo_names.h"
#include "ipm_types.h"
#include "vici_wire.h"

/** A name and its number, in a table that a NULL text ends. */
struct vici_named {
	const char *text;
	uint16_t number;
};

/** NULL: it is not in the table. */
const struct vici_named *vici_find_name(const struct vici_named *names, struct vici_slice value);
/** As vici_encr() and the like. */
uint16_t vici_transform(enum algo_type type, struct vici_slice value);

struct vici_slice vici_slice_of(const char *text);

/** A whole number up to @p max, without anything before or behind it. */
bool vici_number(struct vici_slice value, unsigned int base, uint64_t max, uint64_t *out);

/** The value with a NUL behind it. False: it contains one, or is too long. */
bool vici_string(struct vici_slice value, char *out, size_t size);

/** An IPv4 or IPv6 address. */
bool vici_addr(const char *text, struct ipm_addr *out);

/** As vici_parse_ts(), but for "dynamic" it sets protocol and ports. */
int vici_parse_conn_ts(const char *text, struct ipm_sel_side *out);

#endif
