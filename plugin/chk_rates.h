/* SPDX-License-Identifier: ISC */
/* Counters now and at the last look, and what that makes a second; and the file that keeps the last look. */
#ifndef CHK_RATES_H
#define CHK_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHK_COUNTS_MAX 32
#define CHK_LABEL_MAX  32
#define CHK_WHAT_MAX   512
#define CHK_SAMPLE_MAX 4096 /* octets of a file */
#define CHK_SHORTEST   1.0  /* seconds: over less, a counter that moves every few seconds has no rate */

struct chk_count {
	char label[CHK_LABEL_MAX]; /* letters, digits, _ */
	bool wide;                 /* it has 64 bits; otherwise it begins again at 2^32 */
	uint64_t value;
	double rate; /* a second; only after chk_rates_between() said so */
};

struct chk_sample {
	char what[CHK_WHAT_MAX]; /* of which device, and what of it was asked for; the file's name is made of it */
	uint64_t rows;           /* stands for the rows of tables that were found for it */
	char boot[64];           /* of this machine, whose clock took the time */
	double time;             /* seconds since then */
	bool uptime_known;
	uint32_t uptime; /* of the device, in 1/100 s */
	size_t count;
	struct chk_count counts[CHK_COUNTS_MAX];
};

/* As text, which ends with a checksum. Length; 0: it does not fit. */
size_t chk_sample_encode(const struct chk_sample *sample, char *text, size_t size);
/* False for anything that chk_sample_encode() has not made. */
bool chk_sample_decode(const char *text, size_t size, struct chk_sample *out);

/* Makes the rates of @p now. NULL; or why there are none. */
const char *chk_rates_between(const struct chk_sample *before, struct chk_sample *now);

/* What this machine's clock says, into @p sample. */
void chk_sample_stamp(struct chk_sample *sample);

/*
 * The last look from the folder @p dir (NULL: our own in /var/tmp), and @p now in its place, unless it is too soon
 * after it. False when the file cannot be kept: see @p error. *why as chk_rates_between() says.
 */
bool
chk_rates_keep(const char *dir, struct chk_sample *now, double *elapsed, const char **why, char *error, size_t size);

#endif
