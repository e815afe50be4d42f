/* SPDX-License-Identifier: ISC */
/* SNMP access to one device: a session with a deadline, GET, and walking a column. */
#ifndef CHK_SNMP_H
#define CHK_SNMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chk_options.h"

#define CHK_OID_MAX   128 /* what SNMP allows: the name of a user may be part of an OID */
#define CHK_TEXT_MAX  256
#define CHK_ERROR_MAX 256

struct chk_oid {
	uint32_t ids[CHK_OID_MAX];
	size_t len;
};

/* CHK_NONE: no such object. CHK_NONSENSE: a type that none of our objects has. */
enum chk_kind { CHK_NONE, CHK_NUMBER, CHK_NUMBER64, CHK_OCTETS, CHK_NONSENSE };

struct chk_value {
	enum chk_kind kind;
	uint64_t number;
	char text[CHK_TEXT_MAX]; /* NUL-terminated; size excludes the NUL */
	size_t size;
};

/* Did the device answer with a number? A text in place of a number is an error. */
static inline bool
chk_is_number(const struct chk_value *value)
{
	return value->kind == CHK_NUMBER || value->kind == CHK_NUMBER64;
}

struct chk_snmp {
	const struct chk_options *opt;
	void *session;
	double deadline; /* CLOCK_MONOTONIC, seconds */
	unsigned requests;
	bool timed_out;
	char error[CHK_ERROR_MAX]; /* why the last function failed */
};

/* Open a session. @p opt stays the caller's and must outlive the session. False: see error. */
bool chk_snmp_open(struct chk_snmp *s, const struct chk_options *opt);
void chk_snmp_close(struct chk_snmp *s);

/* GET @p n objects, with one request if they fit. A missing object is CHK_NONE. False: no answer. */
bool chk_snmp_get(struct chk_snmp *s, const struct chk_oid *names, struct chk_value *values, size_t n);

/*
 * Walk all instances of @p column in order until @p each returns false. index[0..len-1] is the part of the OID after
 * the column. False: no answer.
 */
typedef bool chk_each(void *context, const uint32_t *index, size_t len, const struct chk_value *value);
bool chk_snmp_walk(struct chk_snmp *s, const struct chk_oid *column, chk_each *each, void *context);

/* Append one or two numbers to @p base. */
struct chk_oid chk_oid_1(const struct chk_oid *base, uint32_t a);
struct chk_oid chk_oid_2(const struct chk_oid *base, uint32_t a, uint32_t b);

#endif
