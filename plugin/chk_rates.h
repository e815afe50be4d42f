/* SPDX-License-Identifier: ISC */
/* Rates per second from two samples of counters, and the file that keeps the previous sample. */
#ifndef CHK_RATES_H
#define CHK_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHK_COUNTS_MAX 32
#define CHK_LABEL_MAX  32
#define CHK_WHAT_MAX   512
#define CHK_SAMPLE_MAX 4096 /* octets, at most, of the file */
#define CHK_SHORTEST   1.0  /* seconds; over less, a counter that moves every few seconds has no useful rate */

struct chk_count {
	char label[CHK_LABEL_MAX]; /* letters, digits, underscores */
	bool wide;                 /* 64 bits; otherwise the counter wraps at 2^32 */
	uint64_t value;
	double rate; /* per second; set when chk_rates_between() returns NULL */
};

struct chk_sample {
	char what[CHK_WHAT_MAX]; /* device and check; the file's name is derived from this */
	uint64_t rows;           /* hash of the table rows that were found */
	char boot[64];           /* boot of this machine, whose clock gave the time */
	double time;             /* seconds since that boot */
	bool uptime_known;
	uint32_t uptime; /* the device's uptime in 1/100 s */
	size_t count;
	struct chk_count counts[CHK_COUNTS_MAX];
};

/* Write the sample as text that ends with a checksum. Returns its length; 0: @p size is too small. */
size_t chk_sample_encode(const struct chk_sample *sample, char *text, size_t size);
/* False for anything that chk_sample_encode() did not write. */
bool chk_sample_decode(const char *text, size_t size, struct chk_sample *out);

/* Compute the rates of @p now. Returns NULL, or why there are no rates. */
const char *chk_rates_between(const struct chk_sample *before, struct chk_sample *now);

/* Write this machine's boot and clock into @p sample. */
void chk_sample_stamp(struct chk_sample *sample);

/*
 * Read the previous sample from folder @p dir (NULL: our own in /var/tmp), compute the rates of @p now, and save @p now
 * unless the previous check is too recent. False: the file cannot be saved, see @p error. *why: see
 * chk_rates_between().
 */
bool
chk_rates_keep(const char *dir, struct chk_sample *now, double *elapsed, const char **why, char *error, size_t size);

#endif
