/* SPDX-License-Identifier: ISC */
/* One device over SNMP: a session with a deadline, GET, and the walk of a column. */
#ifndef CHK_SNMP_H
#define CHK_SNMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chk_options.h"

#define CHK_OID_MAX   32
#define CHK_TEXT_MAX  256
#define CHK_ERROR_MAX 256

struct chk_oid {
	uint32_t ids[CHK_OID_MAX];
	size_t len;
};

/* None: there is no such object. Nonsense: one that no object of ours can be. */
enum chk_kind { CHK_NONE, CHK_NUMBER, CHK_NUMBER64, CHK_OCTETS, CHK_NONSENSE };

struct chk_value {
	enum chk_kind kind;
	uint64_t number;
	char text[CHK_TEXT_MAX]; /* ends with a 0 that is not counted */
	size_t size;
};

/* Did the device answer with a number? Where one is expected, text is nonsense. */
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
	char error[CHK_ERROR_MAX]; /* why the last one of these failed */
};

/* @p opt stays the caller's and must outlive it. False: see error. */
bool chk_snmp_open(struct chk_snmp *s, const struct chk_options *opt);
void chk_snmp_close(struct chk_snmp *s);

/* @p n objects, in one request if they fit. False when there was no answer; an object that is not there is CHK_NONE. */
bool chk_snmp_get(struct chk_snmp *s, const struct chk_oid *names, struct chk_value *values, size_t n);

/*
 * All instances of @p column, in order, until @p each returns false: index[0..len-1] is what comes behind the column.
 * False when there was no answer.
 */
typedef bool chk_each(void *context, const uint32_t *index, size_t len, const struct chk_value *value);
bool chk_snmp_walk(struct chk_snmp *s, const struct chk_oid *column, chk_each *each, void *context);

/* @p base with one or two numbers behind it */
struct chk_oid chk_oid_1(const struct chk_oid *base, uint32_t a);
struct chk_oid chk_oid_2(const struct chk_oid *base, uint32_t a, uint32_t b);

#endif
