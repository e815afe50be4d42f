/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target: a SET of several variables, from its test until it is done or undone.
 *
 * The input: an octet of flags (1: allow-destroy), four octets with the answers of writers and state file in turn (two
 * bits each: 0 and 3 done, 1 refused, 2 done, but the answer is lost), and 4 octets per variable: column, row, type
 * and length, value. The expected results are derived from RFC 3416, 4.2.5.
 *
 *   fuzz_set -max_len=64 CORPUS...               (libFuzzer)
 *   fuzz_set FILE...                             (with FUZZ_MAIN: runs these)
 *   fuzz_set                                     (with FUZZ_MAIN: runs mutations from a fixed seed)
 *   fuzz_set --corpus DIR                        (with FUZZ_MAIN: writes the corpus)
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "daemon.h"
#include "fuzz_must.h"
#include "ipm_writer.h"
#include "mib_set.h"
#include "mib_table.h"
#include "views.h"
#include "state.h"
#include "segment_remove.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEGMENTS 2
#define WRITES   8
#define HISTORY  20 /* entries of a ring, in the segment with the smaller one */

static struct ipm_writer *writer[SEGMENTS];
static struct mib *mib;
static uint32_t answers;
static unsigned asked, failed, saved, destroyed;

/* --- who is asked ------------------------------------------------------------------------------------------------- */

enum { DONE, REFUSED, LOST };

static unsigned
next_answer(void)
{
	unsigned answer = answers & 3;
	answers >>= 2;
	failed += answer == REFUSED || answer == LOST;
	return answer == REFUSED || answer == LOST ? answer : DONE;
}

int
control_request_within(const char *socket_path, const char *request, unsigned limit_ms, char *answer, size_t size)
{
	unsigned which = socket_path[0] == '1', how = next_answer(), number = 0;
	struct ipm_settings settings;

	must(limit_ms <= 1000, "a request has a limit");
	asked++;
	snprintf(answer, size, "%s", how == DONE ? "ok" : "no");
	must(ipm_settings_read(ipm_writer_segment(writer[which]), &settings) == 0, "settings can be read");
	if (sscanf(request, "history-size %u", &number) == 1)
		settings.history_size = number;
	else if (sscanf(request, "failure-size %u", &number) == 1)
		settings.failure_size = number;
	else if (strncmp(request, "destroy ", 8) == 0)
		destroyed++;
	else
		must(strcmp(request, "check-point") == 0, "only what a SET may ask for is asked");
	if (how != REFUSED)
		ipm_settings_put(writer[which], &settings);
	return how == DONE ? 0 : -EIO;
}

/* Failures here are intended. */
void
log_error(const char *format, ...)
{
	(void)format;
}

void
log_warn(const char *format, ...)
{
	(void)format;
}

int
state_load(const char *path, const struct state_key *keys, size_t count)
{
	(void)path;
	(void)keys;
	(void)count;
	return 0;
}

int
state_save(const char *path, const struct state_key *keys, size_t count, gid_t group)
{
	(void)path;
	(void)keys;
	(void)group;
	must(count == MIB_CONTROLS, "all switches are kept");
	saved++;
	return next_answer() == DONE ? 0 : -EIO;
}

/* --- the gateway -----------------------------------------------------------------------------------------------------
 */

static void
open_all(void)
{
	const struct ipm_segment *segs[SEGMENTS];
	for (unsigned i = 0; i < SEGMENTS; i++) {
		char path[64], control[2] = { (char)('0' + i), '\0' };
		struct ipm_error err;
		snprintf(path, sizeof(path), "/tmp/fuzz_set.%ld.%u", (long)getpid(), i);
		struct ipm_writer_options opt = { .path = path,
						  .name = "gw",
						  .control = control,
						  .index_first = 1 + 1000 * i,
						  .mode = 0600,
						  .capacity = { .ike_sas = 2,
								.tunnels = 2,
								.feeds = 1,
								.events = 4,
								.history = HISTORY + i,
								.failures = HISTORY + i } };
		must(ipm_writer_open(&writer[i], &opt, &err) == 0, err.text);
		segment_remove(path);
		ipm_ike_start(writer[i], &(struct ipm_ike_sa){ .state = IPM_IKE_ESTABLISHED });
		ipm_tunnel_start(writer[i], &(struct ipm_tunnel){ .state = IPM_TUNNEL_UP,
								  .key_type = IPM_KEY_IKE,
								  .encap = IPM_ENCAP_TUNNEL,
								  .protocol = 50 });
		ipm_writer_commit(writer[i]);
		segs[i] = ipm_writer_segment(writer[i]);
	}
	mib = mib_new(mib_views, mib_view_count);
	must(mib && mib_serve(mib, segs, SEGMENTS) == 0, "segments are served");
	mib_set_serve(segs, SEGMENTS);
}

struct everything {
	struct mib_controls controls;
	struct ipm_settings settings[SEGMENTS];
};

static struct everything
all_there_is(void)
{
	struct everything all;
	memset(&all, 0, sizeof(all));
	all.controls = mib_controls;
	for (unsigned i = 0; i < SEGMENTS; i++)
		must(ipm_settings_read(ipm_writer_segment(writer[i]), &all.settings[i]) == 0, "settings can be read");
	return all;
}

/* --- a variable ------------------------------------------------------------------------------------------------------
 */

struct variable {
	struct mib_write write;
	mib_subid name[MIB_NAME_MAX];
	const struct mib_col *col; /* NULL: none of ours */
	bool row;
};

static void
variable_of(const uint8_t *in, struct variable *v)
{
	static const int64_t values[] = { 1,           2,           0,         -1,        3,         HISTORY,
					  HISTORY + 1, HISTORY + 2, INT32_MAX, INT32_MIN, INT64_MAX, 7 };
	static const struct mib_table *const tables[] = { &view_trap_cntl,      &view_hist_cntl,  &view_fail_cntl,
							  &view_ike_tunnel,     &view_sec_tunnel, &view_cca_notif_cntl,
							  &view_cips_trap_cntl, &view_own_notify };
	const struct mib_table *table = tables[in[0] % MIB_COUNT(tables)];
	unsigned c = in[0] / MIB_COUNT(tables) % (table->ncols + 1);

	memset(v, 0, sizeof(*v));
	memcpy(v->name, table->oid, table->oid_len * sizeof(v->name[0]));
	v->write.len = table->oid_len;
	/* Of the large tables only the last column, which is writable. */
	if (table->key && in[0] & 0x80)
		c = table->ncols - 1;
	v->col = c < table->ncols ? &table->cols[c] : NULL;
	v->name[v->write.len++] = v->col ? v->col->id : 9999;
	v->row = in[1] % 4 != 0;
	if (in[1] % 16 != 4)
		v->name[v->write.len++] = !v->row ? 77 : table->key ? (in[1] & 0x80 ? 1001 : 1) : 0;
	else
		v->row = false;
	v->write.name = v->name;
	v->write.type = in[2] % 4 ? MIB_INTEGER : in[2];
	v->write.length_right = in[2] % 8 != 7;
	v->write.value = in[3] & 0x80 ? values[in[3] % MIB_COUNT(values)] : 1 + in[3] % 2;
}

static enum mib_error
expected_of(const struct variable *v, bool destroy)
{
	const struct mib_setter *set = v->col ? v->col->set : NULL;
	bool status = set == &mib_set_ike_status || set == &mib_set_tunnel_status;
	bool size = set == &mib_set_history_size || set == &mib_set_failure_size;

	if (!set || (status && !destroy))
		return MIB_NOT_WRITABLE;
	if (v->write.type != MIB_INTEGER)
		return MIB_WRONG_TYPE;
	if (!v->write.length_right)
		return MIB_WRONG_LENGTH;
	if (status ? v->write.value != 2 : v->write.value < 1 || v->write.value > (size ? INT32_MAX : 2))
		return MIB_WRONG_VALUE;
	if (!v->row)
		return MIB_NO_CREATION;
	return size && v->write.value > HISTORY ? MIB_WRONG_VALUE : MIB_NO_ERROR;
}

/* The result of a GET now. */
static int64_t
shown(const struct variable *v)
{
	struct mib_value value = { .number = 0 };
	mib_request(mib, 0);
	must(mib_get(mib, v->name, v->write.len, &value) == MIB_OK, "what can be SET can be read");
	return (int64_t)value.number;
}

static bool
is_last(const struct variable *v, const struct variable *all, size_t count)
{
	for (const struct variable *other = v + 1; other < all + count; other++)
		if (other->col == v->col)
			return false;
	return true;
}

static bool
acts(const struct variable *v)
{
	return v->col->set->final;
}

static void
set_all(struct variable *all, size_t count)
{
	struct mib_write *writes[WRITES];
	struct everything before = all_there_is();
	size_t which = WRITES;
	bool may_have_acted = false;

	for (size_t i = 0; i < count; i++) {
		writes[i] = &all[i].write;
		may_have_acted |= acts(&all[i]) && all[i].write.value != 1;
	}
	mib_request(mib, 0);
	if (mib_write_commit(mib, writes, count, &which) == MIB_NO_ERROR) {
		must(failed == 0, "what has failed is told");
		for (size_t i = 0; i < count; i++)
			if (!acts(&all[i]) && is_last(&all[i], all, count))
				must(shown(&all[i]) == all[i].write.value, "what was SET is there");
		return;
	}
	must(which < count && failed > 0, "the one that failed is named");
	unsigned failed_before = failed;
	mib_request(mib, 0);
	enum mib_error undone = mib_write_undo(mib, writes, count, &which);
	must(undone == MIB_NO_ERROR || failed > failed_before || may_have_acted, "what can be undone is undone");
	struct everything after = all_there_is();
	if (undone == MIB_NO_ERROR)
		must(memcmp(&before, &after, sizeof(before)) == 0, "a SET that failed has changed nothing");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct variable all[WRITES];
	size_t count = 0;
	bool good = true;

	if (size < 5)
		return 0;
	if (!mib)
		open_all();
	bool destroy = data[0] & 1;
	mib_set_open(mib,
		     &(struct mib_set_options){ .state_path = "kept", .group = (gid_t)-1, .allow_destroy = destroy });
	answers = asked = failed = saved = destroyed = 0;
	struct everything before = all_there_is();
	for (size_t at = 5; at + 4 <= size && count < WRITES; at += 4, count++) {
		variable_of(data + at, &all[count]);
		mib_request(mib, 0);
		enum mib_error error = mib_write_test(mib, &all[count].write);
		must(error == expected_of(&all[count], destroy), "a test ends as RFC 3416 says");
		good &= error == MIB_NO_ERROR;
	}
	struct everything after = all_there_is();
	must(asked == 0 && saved == 0 && memcmp(&before, &after, sizeof(before)) == 0, "a test changes nothing");
	memcpy(&answers, data + 1, sizeof(answers));
	if (good && count)
		set_all(all, count);
	must(destroy || destroyed == 0, "nothing is destroyed unless that is allowed");
	return 0;
}

#ifdef FUZZ_MAIN
#define FUZZ_SEEDS 64
#include "fuzz_main.h"

static size_t
fuzz_seed(uint32_t n, uint8_t *out)
{
	size_t len = 5;
	out[0] = (uint8_t)(n & 1);
	for (size_t i = 1; i < 5; i++)
		out[i] = n < 32 ? 0 : (uint8_t)(n * 37 >> (i % 3));
	for (uint32_t i = 0; i < 1 + n % WRITES; i++) {
		out[len++] = (uint8_t)((n + i) % 8 + 8 * (i % 3) + (n % 3 ? 0x80 : 0));
		out[len++] = (uint8_t)(1 + (n & 2 ? 0x80 : 0));
		out[len++] = MIB_INTEGER;
		out[len++] = (uint8_t)(n + i);
	}
	return len;
}

static size_t
fuzz_mutation(uint8_t *out)
{
	size_t len = fuzz_seed(rnd(FUZZ_SEEDS), out);
	for (uint32_t n = rnd(6); n > 0; n--)
		out[rnd((uint32_t)len)] = (uint8_t)rnd(256);
	return rnd(4) ? len : rnd((uint32_t)len + 1);
}
#endif
