/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chk_rates.h"
#include "hash.h"

#define MAGIC     "check_ipsecmon 1"
#define LINE_SIZE (CHK_WHAT_MAX + 16)

/* Detects a truncated or damaged file. Against forgery, the check relies on the file's owner and mode. */
static uint32_t
checksum(const char *text, size_t size)
{
	return ipm_hash(IPM_HASH_BEGIN, text, size);
}

size_t
chk_sample_encode(const struct chk_sample *sample, char *text, size_t size)
{
	size_t len = (size_t)snprintf(text, size, MAGIC "\nwhat %s\nrows %" PRIu64 "\nboot %s\ntime %.6f\n",
				      sample->what, sample->rows, sample->boot, sample->time);

	if (len < size && sample->uptime_known)
		len += (size_t)snprintf(text + len, size - len, "uptime %" PRIu32 "\n", sample->uptime);
	for (size_t i = 0; i < sample->count && len < size; i++) {
		const struct chk_count *c = &sample->counts[i];
		len += (size_t)snprintf(text + len, size - len, "count %s %s %" PRIu64 "\n", c->label,
					c->wide ? "64" : "32", c->value);
	}
	if (len < size)
		len += (size_t)snprintf(text + len, size - len, "sum %08" PRIx32 "\n", checksum(text, len));
	return len < size ? len : 0;
}

/* Copy the line at *text to @p out without its newline. Move *text behind it. */
static bool
line_take(const char **text, size_t *left, char *out, size_t size)
{
	const char *end = memchr(*text, '\n', *left);
	size_t len = end ? (size_t)(end - *text) : 0;

	if (!end || len >= size || memchr(*text, '\0', len))
		return false;
	memcpy(out, *text, len);
	out[len] = '\0';
	*text += len + 1;
	*left -= len + 1;
	return true;
}

/* Return the text after "KEY "; NULL if the line has another key. */
static const char *
value_after(const char *text, const char *key)
{
	size_t len = strlen(key);
	return strncmp(text, key, len) == 0 && text[len] == ' ' ? text + len + 1 : NULL;
}

/* Read the next line and return its value. NULL if the line does not have this key. */
static const char *
line_value(const char **text, size_t *left, char out[LINE_SIZE], const char *key)
{
	return line_take(text, left, out, LINE_SIZE) ? value_after(out, key) : NULL;
}

static bool
counter(const char *text, uint64_t most, uint64_t *out)
{
	uint64_t n = 0;

	if (!isdigit((unsigned char)*text))
		return false;
	for (; isdigit((unsigned char)*text); text++) {
		unsigned digit = (unsigned)(*text - '0');
		if (n > (most - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return *text == '\0';
}

static bool
count_line(const char *text, struct chk_count *out)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz_0123456789");

	if (len == 0 || len >= sizeof(out->label) || text[len] != ' ')
		return false;
	memcpy(out->label, text, len);
	out->label[len] = '\0';
	out->rate = 0;
	text += len + 1;
	out->wide = strncmp(text, "64 ", 3) == 0;
	if (!out->wide && strncmp(text, "32 ", 3) != 0)
		return false;
	return counter(text + 3, out->wide ? UINT64_MAX : UINT32_MAX, &out->value);
}

/* The lines that each sample has once, in this order. */
static bool
head_decode(const char **text, size_t *size, struct chk_sample *out)
{
	const char *value;
	char l[LINE_SIZE], *end;

	if (!line_take(text, size, l, sizeof(l)) || strcmp(l, MAGIC) != 0)
		return false;
	if (!(value = line_value(text, size, l, "what")) || strlen(value) >= sizeof(out->what))
		return false;
	memcpy(out->what, value, strlen(value) + 1);
	if (!(value = line_value(text, size, l, "rows")) || !counter(value, UINT64_MAX, &out->rows))
		return false;
	if (!(value = line_value(text, size, l, "boot")) || strlen(value) >= sizeof(out->boot))
		return false;
	memcpy(out->boot, value, strlen(value) + 1);
	if (!(value = line_value(text, size, l, "time")) || !isdigit((unsigned char)*value))
		return false;
	out->time = strtod(value, &end);
	return *end == '\0' && out->time >= 0 && out->time < 1e12;
}

bool
chk_sample_decode(const char *text, size_t size, struct chk_sample *out)
{
	const char *all = text, *value;
	char l[LINE_SIZE];
	uint64_t n;

	memset(out, 0, sizeof(*out));
	if (!head_decode(&text, &size, out))
		return false;
	for (;;) {
		const char *before = text;
		if (!line_take(&text, &size, l, sizeof(l)))
			return false;
		if ((value = value_after(l, "uptime")) && !out->uptime_known && out->count == 0) {
			if (!counter(value, UINT32_MAX, &n))
				return false;
			out->uptime_known = true;
			out->uptime = (uint32_t)n;
		} else if ((value = value_after(l, "count")) && out->count < CHK_COUNTS_MAX) {
			if (!count_line(value, &out->counts[out->count++]))
				return false;
		} else if ((value = value_after(l, "sum"))) {
			char sum[16];
			snprintf(sum, sizeof(sum), "%08" PRIx32, checksum(all, (size_t)(before - all)));
			return size == 0 && strcmp(value, sum) == 0;
		} else {
			return false;
		}
	}
}

/*
 * Did the device restart? Then its clock went back, or advanced less than ours. This is the clock of its SNMP agent. If
 * only the agent restarted, counters continued, but we cannot tell.
 */
static bool
device_restarted(const struct chk_sample *before, const struct chk_sample *now, double elapsed)
{
	double went_on;

	if (!before->uptime_known || !now->uptime_known)
		return false;
	went_on = ((double)now->uptime - (double)before->uptime) / 100;
	return went_on < elapsed * 0.99 - 10;
}

const char *
chk_rates_between(const struct chk_sample *before, struct chk_sample *now)
{
	double elapsed = now->time - before->time;

	if (strcmp(before->boot, now->boot) != 0 || elapsed <= 0)
		return "this machine restarted since the last check";
	if (strcmp(before->what, now->what) != 0 || before->rows != now->rows || before->count != now->count)
		return "the tunnel or its objects changed since the last check";
	if (elapsed < CHK_SHORTEST)
		return "less than a second since the last check";
	if (device_restarted(before, now, elapsed))
		return "the device restarted since the last check";
	for (size_t i = 0; i < now->count; i++) {
		const struct chk_count *b = &before->counts[i];
		struct chk_count *n = &now->counts[i];
		uint64_t more = n->value - b->value;

		if (strcmp(b->label, n->label) != 0 || b->wide != n->wide)
			return "the tunnel or its objects changed since the last check";
		if (!n->wide)
			more &= UINT32_MAX;
		/* A jump of more than half the range means that the counter went back. */
		if (n->value < b->value && (n->wide || more > UINT32_MAX / 2))
			return "the counters restarted since the last check";
		n->rate = (double)more / elapsed;
	}
	return NULL;
}
