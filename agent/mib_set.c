/* SPDX-License-Identifier: ISC */
/* SET: the agent's own switches, and requests to the writers of segments. */
#include "mib_set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "daemon.h"
#include "mib_table.h"
#include "state.h"

#define DISABLED    2
#define DESTROY     2
#define TERMINATING 3

/*
 * A master waits one second (Net-SNMP's default agentXTimeout), then repeats CommitSet. The library treats the
 * repetition as an error, and the manager gets genErr. So each phase must finish its requests to writers within a
 * second.
 */
#define COMMIT_MS 600
#define BACK_MS   300 /* to restore the segments changed before one failed */
#define UNDO_MS   800
#define NS_PER_MS 1000000ull

/* Defaults: the MIBs' DEFVAL. */
struct mib_controls mib_controls = { { DISABLED, DISABLED, DISABLED, DISABLED, DISABLED, DISABLED, DISABLED, DISABLED,
				       DISABLED, DISABLED, DISABLED, DISABLED, DISABLED },
				     { DISABLED, DISABLED, DISABLED, DISABLED, DISABLED, DISABLED, DISABLED },
				     { DISABLED, DISABLED, DISABLED, DISABLED },
				     { DISABLED, DISABLED, DISABLED, DISABLED },
				     { DISABLED, DISABLED, DISABLED },
				     { 0, UINT32_MAX, 0 } };

static struct {
	const struct mib *mib;
	struct mib_set_options opt;
	const struct ipm_segment *segs[MIB_SET_SEGMENTS];
	unsigned count;
	unsigned serving;     /* incremented by each mib_set_serve() */
	bool warned;          /* we have logged that settings cannot be saved */
	uint64_t deadline_ns; /* for requests to writers */
} set;

/* --- the agent's own ------------------------------------------------------------------------------- */

static uint32_t *
control_at(size_t field)
{
	return (uint32_t *)(void *)((char *)&mib_controls + field);
}

static int control_commit(const struct mib_cell *cell, size_t field, int64_t value);

/* The keys in the state file are the column names. */
static size_t
control_keys(struct state_key keys[MIB_CONTROLS])
{
	const struct mib_table *table;
	size_t count = 0;
	for (unsigned t = 0; (table = mib_table(set.mib, t)); t++)
		for (unsigned c = 0; c < table->ncols && count < MIB_CONTROLS; c++) {
			const struct mib_col *col = &table->cols[c];
			if (col->set && col->set->commit == control_commit)
				keys[count++] = (struct state_key){ col->name, (uint32_t)col->set->least,
								    (uint32_t)col->set->most, control_at(col->field) };
		}
	return count;
}

static int
control_commit(const struct mib_cell *cell, size_t field, int64_t value)
{
	struct state_key keys[MIB_CONTROLS];
	uint32_t *control = control_at(field), before = *control;
	(void)cell;

	*control = (uint32_t)value;
	int rc = set.opt.state_path ? state_save(set.opt.state_path, keys, control_keys(keys), set.opt.group) : -ENOENT;
	if (rc < 0) {
		*control = before; /* reject it: a setting must survive a restart */
		if (!set.warned)
			log_error("%s: cannot save settings, so SETs are rejected: %s",
				  set.opt.state_path ? set.opt.state_path : "no state file", strerror(-rc));
		set.warned = true;
		return MIB_COMMIT_FAILED;
	}
	set.warned = false;
	return MIB_NO_ERROR;
}

const struct mib_setter mib_set_notify = { 1, 2, NULL, control_commit, false };
const struct mib_setter mib_set_threshold = { 0, INT32_MAX, NULL, control_commit, false };
const struct mib_setter mib_set_threshold32 = { 0, UINT32_MAX, NULL, control_commit, false };

/* --- requests to the writers of segments ------------------------------------------------------------------------ */

/* Does the segment's writer take requests? */
static bool
has_control(const struct ipm_segment *seg)
{
	char path[IPM_TEXT_MAX];
	return ipm_segment_control(seg, path)[0] != '\0';
}

static void
set_deadline(unsigned ms)
{
	set.deadline_ns = ipm_now_ns() + ms * NS_PER_MS;
}

/* Returns MIB_NO_ERROR or MIB_COMMIT_FAILED. */
static int
request_writer(const struct ipm_segment *seg, const char *request)
{
	char path[IPM_TEXT_MAX], answer[CONTROL_LINE_MAX];
	uint64_t now = ipm_now_ns();
	unsigned left_ms = now < set.deadline_ns ? (unsigned)((set.deadline_ns - now) / NS_PER_MS) : 0;
	if (!ipm_segment_control(seg, path)[0])
		return MIB_COMMIT_FAILED;
	int rc = control_request_within(path, request, left_ms, answer, sizeof(answer));
	if (rc == 0)
		return MIB_NO_ERROR;
	log_warn("%s: \"%s\": %s", path, request, answer);
	return MIB_COMMIT_FAILED;
}

static int
request_number(const struct ipm_segment *seg, const char *words, uint32_t number)
{
	char request[CONTROL_LINE_MAX];
	snprintf(request, sizeof(request), "%s %u", words, number);
	return request_writer(seg, request);
}

static bool
any_control(void)
{
	for (unsigned i = 0; i < set.count; i++)
		if (has_control(set.segs[i]))
			return true;
	return false;
}

/* Is there a writer that takes requests? */
static int
test_any_writer(const struct mib_cell *cell, int64_t value)
{
	(void)cell;
	(void)value;
	return any_control() ? MIB_NO_ERROR : MIB_NOT_WRITABLE;
}

static int
test_row_writer(const struct mib_cell *cell, int64_t value)
{
	(void)value;
	return has_control(cell->seg) ? MIB_NO_ERROR : MIB_NOT_WRITABLE;
}

static int
check_point_commit(const struct mib_cell *cell, size_t field, int64_t value)
{
	(void)cell;
	(void)field;
	if (value == 1) /* ready(1) has no effect */
		return MIB_NO_ERROR;
	for (unsigned i = 0; i < set.count; i++)
		if (has_control(set.segs[i]) && request_writer(set.segs[i], "check-point") != MIB_NO_ERROR)
			return MIB_COMMIT_FAILED;
	return MIB_NO_ERROR;
}

static int
ike_commit(const struct mib_cell *cell, size_t field, int64_t value)
{
	(void)field;
	(void)value;
	return request_number(cell->seg, "destroy ike", ((const struct ipm_ike_sa *)cell->record)->index);
}

static int
tunnel_commit(const struct mib_cell *cell, size_t field, int64_t value)
{
	(void)field;
	(void)value;
	return request_number(cell->seg, "destroy tunnel", ((const struct ipm_tunnel *)cell->record)->index);
}

static int
session_commit(const struct mib_cell *cell, size_t field, int64_t value)
{
	(void)field;
	(void)value;
	return request_number(cell->seg, "destroy session", ((const struct ipm_session *)cell->record)->index);
}

/* --- sizes, for all segments -------------------------------------------------------------------------------------- */

static bool
is_history(size_t field)
{
	return field == offsetof(struct ipm_settings, history_size);
}

/* The largest size that both rings can hold. */
static uint32_t
ring_capacity(const struct ipm_segment *seg, bool history)
{
	uint32_t ike = ipm_segment_capacity(seg, history ? IPM_IKE_HISTORY : IPM_IKE_FAILURES);
	uint32_t tunnel = ipm_segment_capacity(seg, history ? IPM_TUNNEL_HISTORY : IPM_TUNNEL_FAILURES);
	return ike < tunnel ? ike : tunnel;
}

static int
size_test(int64_t value, bool history)
{
	for (unsigned i = 0; i < set.count; i++)
		if (has_control(set.segs[i]) && (uint32_t)value > ring_capacity(set.segs[i], history))
			return MIB_WRONG_VALUE;
	return test_any_writer(NULL, value);
}

static int
history_test(const struct mib_cell *cell, int64_t value)
{
	(void)cell;
	return size_test(value, true);
}

static int
failure_test(const struct mib_cell *cell, int64_t value)
{
	(void)cell;
	return size_test(value, false);
}

/* Returns 0 if the size is unknown. */
static uint32_t
read_size(const struct ipm_segment *seg, size_t field)
{
	struct ipm_settings settings;
	if (ipm_settings_read(seg, &settings) < 0)
		return 0;
	return is_history(field) ? settings.history_size : settings.failure_size;
}

/* Restore the sizes of the first @p count segments. A size of 0 stays unchanged. */
static int
restore_sizes(size_t field, const uint32_t *sizes, unsigned count)
{
	int result = MIB_NO_ERROR;
	for (unsigned i = 0; i < count; i++)
		if (has_control(set.segs[i]) && sizes[i] && sizes[i] != read_size(set.segs[i], field) &&
		    request_number(set.segs[i], is_history(field) ? "history-size" : "failure-size", sizes[i]) !=
			    MIB_NO_ERROR)
			result = MIB_COMMIT_FAILED;
	return result;
}

/* Set the size in all segments. MIB_UNDO_FAILED: this failed, and the old sizes could not be restored. */
static int
size_commit(const struct mib_cell *cell, size_t field, int64_t value)
{
	uint32_t before[MIB_SET_SEGMENTS];
	(void)cell;

	for (unsigned i = 0; i < set.count; i++) {
		before[i] = read_size(set.segs[i], field);
		if (has_control(set.segs[i]) &&
		    request_number(set.segs[i], is_history(field) ? "history-size" : "failure-size", (uint32_t)value) !=
			    MIB_NO_ERROR) {
			set_deadline(BACK_MS);
			/* Restore this segment as well: perhaps only its answer was late. */
			return restore_sizes(field, before, i + 1) == MIB_NO_ERROR ? MIB_COMMIT_FAILED
										   : MIB_UNDO_FAILED;
		}
	}
	return MIB_NO_ERROR;
}

const struct mib_setter mib_set_history_size = { 1, INT32_MAX, history_test, size_commit, false };
const struct mib_setter mib_set_failure_size = { 1, INT32_MAX, failure_test, size_commit, false };
const struct mib_setter mib_set_check_point = { 1, 2, test_any_writer, check_point_commit, true };
const struct mib_setter mib_set_ike_status = { DESTROY, DESTROY, test_row_writer, ike_commit, true };
const struct mib_setter mib_set_tunnel_status = { DESTROY, DESTROY, test_row_writer, tunnel_commit, true };
const struct mib_setter mib_set_session_state = { TERMINATING, TERMINATING, test_row_writer, session_commit, true };

static bool
is_size(const struct mib_col *col)
{
	return col->set == &mib_set_history_size || col->set == &mib_set_failure_size;
}

/* --- whole SETs ------------------------------------------------------------------------------------------------- */

static bool
is_settable(const struct mib_col *col)
{
	if (!col || !col->set)
		return false;
	return set.opt.allow_destroy || (col->set != &mib_set_ike_status && col->set != &mib_set_tunnel_status &&
					 col->set != &mib_set_session_state);
}

enum mib_error
mib_write_test(struct mib *mib, const struct mib_write *write)
{
	const struct mib_col *col = mib_column(mib, write->name, write->len);
	struct mib_cell cell;

	if (!is_settable(col))
		return MIB_NOT_WRITABLE;
	if (write->type != col->type)
		return MIB_WRONG_TYPE;
	if (!write->length_right)
		return MIB_WRONG_LENGTH;
	if (write->value < col->set->least || write->value > col->set->most)
		return MIB_WRONG_VALUE;
	if (mib_find(mib, write->name, write->len, &cell) != MIB_OK)
		return MIB_NO_CREATION;
	return col->set->test ? (enum mib_error)col->set->test(&cell, write->value) : MIB_NO_ERROR;
}

static bool
commit_one(struct mib *mib, struct mib_write *write)
{
	const struct mib_col *col = mib_column(mib, write->name, write->len);
	struct mib_cell cell;
	struct mib_value value;

	if (mib_find(mib, write->name, write->len, &cell) != MIB_OK || !mib_col_value(col, &cell, &value))
		return false;
	write->before = col->type == MIB_INTEGER ? (int32_t)value.number : (int64_t)value.number;
	write->serving = set.serving;
	for (unsigned i = 0; is_size(col) && i < set.count; i++)
		write->sizes[i] = read_size(set.segs[i], col->field);
	int error = col->set->commit(&cell, col->field, write->value);
	/* If the sizes could not be restored, mib_write_undo() tries again and reports a failure. */
	write->done = error != MIB_COMMIT_FAILED;
	return error == MIB_NO_ERROR;
}

static bool
is_final(const struct mib *mib, const struct mib_write *write)
{
	const struct mib_col *col = mib_column(mib, write->name, write->len);
	return col && col->set && col->set->final;
}

enum mib_error
mib_write_commit(struct mib *mib, struct mib_write *const *writes, size_t count, size_t *which)
{
	set_deadline(COMMIT_MS);
	for (int final = 0; final <= 1; final++) {
		for (size_t i = 0; i < count; i++) {
			if (is_final(mib, writes[i]) != final || commit_one(mib, writes[i]))
				continue;
			*which = i;
			return MIB_COMMIT_FAILED;
		}
	}
	return MIB_NO_ERROR;
}

static bool
undo_one(struct mib *mib, const struct mib_write *write)
{
	const struct mib_col *col = mib_column(mib, write->name, write->len);
	struct mib_cell cell;

	if (!col || !col->set)
		return false;
	/* A final SET can be undone only if it had no effect. */
	if (col->set->final)
		return write->value == write->before;
	if (is_size(col))
		return write->serving == set.serving &&
		       restore_sizes(col->field, write->sizes, set.count) == MIB_NO_ERROR;
	return mib_find(mib, write->name, write->len, &cell) == MIB_OK &&
	       col->set->commit(&cell, col->field, write->before) == MIB_NO_ERROR;
}

enum mib_error
mib_write_undo(struct mib *mib, struct mib_write *const *writes, size_t count, size_t *which)
{
	enum mib_error result = MIB_NO_ERROR;
	set_deadline(UNDO_MS);
	for (size_t i = count; i-- > 0;) {
		if (!writes[i]->done)
			continue;
		if (undo_one(mib, writes[i])) {
			writes[i]->done = false;
		} else {
			result = MIB_UNDO_FAILED;
			*which = i;
		}
	}
	return result;
}

/* --- set-up -------------------------------------------------------------------------------------------------- */

void
mib_set_open(const struct mib *mib, const struct mib_set_options *opt)
{
	struct state_key keys[MIB_CONTROLS];
	set.mib = mib;
	set.opt = *opt;
	set.warned = false;
	if (opt->state_path)
		state_load(opt->state_path, keys, control_keys(keys));
}

void
mib_set_serve(const struct ipm_segment *const *segs, unsigned count)
{
	set.count = count < MIB_SET_SEGMENTS ? count : MIB_SET_SEGMENTS;
	if (set.count)
		memcpy(set.segs, segs, set.count * sizeof(segs[0]));
	set.serving++;
}
