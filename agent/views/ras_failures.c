/* SPDX-License-Identifier: ISC */
/* CISCO-REMOTE-ACCESS-MONITOR-MIB: failed logins, lost sessions, security, thresholds. */
#include "mib_convert.h"
#include "mib_ras.h"
#include "mib_set.h"
#include "view_sessions.h"
#include "views.h"

/* --- all failures ----------------------------------------------------------------------------------------------- */

struct failures {
	uint64_t total, declined, resources, aborted;
};

static bool
make_failures(struct mib *mib, void *out)
{
	struct failures *fails = out;
	struct ipm_totals totals;
	if (!mib_totals(mib, &totals))
		return false;
	*fails = (struct failures){ .resources = totals.login_fails[IPM_LOGIN_NO_ADDRESS] };
	for (unsigned why = 0; why < IPM_LOGIN_COUNT; why++)
		fails->total += totals.login_fails[why];
	uint64_t declined = view_declined(&totals);
	fails->declined = declined > mib_ras.declined_before ? declined - mib_ras.declined_before : 0;
	for (unsigned s = 1; s <= mib_segments(mib); s++) {
		const struct view_user_fails *all = mib_group(mib, &view_all_fails, s, "");
		fails->aborted += all ? all->other : 0;
	}
	return true;
}

#define ROW failures
static const struct mib_col failure_cols[] = {
	/* clang-format off */
	COL(1, "crasNumTotalFailures",          COUNTER64, mib_u64,     total,     .caps = IPM_CAP_LOGIN_FAILURES),
	COL(2, "crasNumDeclinedSessions",       GAUGE,     mib_u64_low, declined,  .caps = IPM_CAP_LOGIN_FAILURES),
	COL(3, "crasNumSetupFailInsufResources", COUNTER64, mib_u64,    resources, .caps = IPM_CAP_LOGIN_FAILURES),
	COL(4, "crasNumAbortedSessions",        COUNTER64, mib_u64,     aborted,   .caps = IPM_CAP_SESSIONS),
	/* clang-format on */
};

const struct mib_table view_ras_failures = {
	.name = "crasFailuresGlobals",
	MIB_OID(RAS_MIB, 1, 4, 1),
	.make = make_failures,
	MIB_COLS(failure_cols),
};

/* --- how many are kept: the same setting as cipSecFailTableSize --------------------------------------------------- */

#undef ROW
#define ROW ipm_settings
static const struct mib_col cntl_cols[] = {
	/* clang-format off */
	COL(1, "crasFailTableSize", GAUGE, mib_u32, failure_size, .set = &mib_set_failure_size),
	/* clang-format on */
};

const struct mib_table view_ras_fail_cntl = {
	.name = "crasFailGlobalCntl",
	MIB_OID(RAS_MIB, 1, 4, 2),
	.record = IPM_SETTINGS,
	MIB_COLS(cntl_cols),
};

/* --- failed logins ------------------------------------------------------------------------------------------------ */

MIB_CONVERT(reason, uint8_t) /* enum ipm_login_reason */
{
	enum { OTHER = 1, AUTHENTICATION = 3, AUTHORIZATION = 4, CAPACITY = 5 };
	static const uint8_t number[IPM_LOGIN_COUNT] = {
		[IPM_LOGIN_AUTH] = AUTHENTICATION,
		[IPM_LOGIN_UNKNOWN_USER] = AUTHENTICATION,
		[IPM_LOGIN_CERTIFICATE] = AUTHENTICATION,
		[IPM_LOGIN_NO_ADDRESS] = CAPACITY,
		[IPM_LOGIN_REFUSED] = AUTHORIZATION,
		[IPM_LOGIN_UNFINISHED] = OTHER,
		[IPM_LOGIN_OTHER] = OTHER,
	};
	return mib_number(out, *field < IPM_LOGIN_COUNT ? number[*field] : OTHER);
}

MIB_CONVERT(addr_type, struct ipm_addr)
{
	return mib_number(out, view_addr_type(field)) && field->len;
}

MIB_CONVERT(addr, struct ipm_addr)
{
	return mib_addr(cell, field, out) && field->len;
}

/* A login that failed got no address: the MIB wants 0.0.0.0. */
MIB_CONVERT(no_addr, struct ipm_login_failure)
{
	static const struct ipm_addr none;
	return mib_addr(cell, &none, out);
}

#undef ROW
#define ROW ipm_login_failure
static const struct mib_col login_cols[] = {
	/* clang-format off */
	COL(       2, "crasSessFailUsername",      OCTETS,  mib_id,     user),
	COL(       3, "crasSessFailGroupname",     OCTETS,  mib_name,   group),
	COL_CONST( 4, "crasSessFailType",          INTEGER, 1),
	COL(       5, "crasSessFailReason",        INTEGER, reason,     reason),
	COL(       6, "crasSessFailTime",          TICKS,   mib_moment, at_ns),
	COL_NONE(  7, "crasSessFailSessionIndex",  INTEGER), /* of lost sessions only */
	COL(       8, "crasSessFailISPAddrType",   INTEGER, addr_type,  remote),
	COL(       9, "crasSessFailISPAddr",       OCTETS,  addr,       remote),
	COL_CONST(10, "crasSessFailLocalAddrType", INTEGER, 1),
	COL_REC(  11, "crasSessFailLocalAddr",     OCTETS,  no_addr),
	/* clang-format on */
};

static uint64_t
failed_at(const void *record)
{
	return ((const struct ipm_login_failure *)record)->at_ns;
}

const struct mib_table view_ras_login_fail = {
	.name = "crasSessFailTable",
	MIB_OID(RAS_MIB, 1, 4, 3, 1, 1),
	.record = IPM_LOGIN_FAILURES,
	.present = view_present_login_failure,
	.key = view_index_key,
	.when = failed_at,
	MIB_COLS(login_cols),
};

struct last {
	uint32_t index;
};

static bool
make_last(struct mib *mib, void *out)
{
	struct last *last = out;
	last->index = 0;
	for (unsigned s = 1; s <= mib_segments(mib); s++) {
		const struct view_user_fails *all = mib_group(mib, &view_all_fails, s, "");
		if (all && all->login > last->index)
			last->index = all->login;
	}
	return true;
}

#undef ROW
#define ROW last
static const struct mib_col last_cols[] = {
	/* clang-format off */
	COL(2, "crasFailLastFailIndex", GAUGE, mib_index, index),
	/* clang-format on */
};

const struct mib_table view_ras_last_fail = {
	.name = "crasSessFailures",
	MIB_OID(RAS_MIB, 1, 4, 3),
	.make = make_last,
	MIB_COLS(last_cols),
};

/* --- failures of each group --------------------------------------------------------------------------------------- */

#undef ROW
#define ROW view_user_fails
static const struct mib_col group_cols[] = {
	/* clang-format off */
	COL(2, "crasGrpFailNumFailAuths",        COUNTER64, mib_u64, auth),
	COL(3, "crasGrpFailNumResourceFailures", COUNTER64, mib_u64, resources),
	COL(4, "crasGrpFailNumDeclined",         COUNTER64, mib_u64, declined),
	COL(5, "crasGrpFailNumTerminatedMgmt",   COUNTER64, mib_u64, managed),
	COL(6, "crasGrpFailNumTerminatedOther",  COUNTER64, mib_u64, other),
	/* clang-format on */
};

static unsigned
group_key(const struct mib_cell *cell, mib_subid *key)
{
	return view_name_key(((const struct view_user_fails *)cell->record)->name, key);
}

const struct mib_table view_ras_group_fail = {
	.name = "crasGrpFailTable",
	MIB_OID(RAS_MIB, 1, 4, 4, 1, 1),
	.groups = &view_group_fails,
	.key = group_key,
	MIB_COLS(group_cols),
};

/* --- security, thresholds, switches ---------------------------------------------------------------------------------
 */

#undef ROW
#define ROW mib_controls
static const struct mib_col security_cols[] = {
	/* clang-format off */
	COL_NONE(1, "crasNumDisabledAccounts", COUNTER64),
	/* clang-format on */
};

const struct mib_table view_ras_security = {
	.name = "crasSecurityGlobals",
	MIB_OID(RAS_MIB, 1, 5, 1),
	.local = &mib_controls,
	MIB_COLS(security_cols),
};

static const struct mib_col threshold_cols[] = {
	/* clang-format off */
	COL(1, "crasThrMaxSessions",    INTEGER, mib_u32, ras_most[0], .set = &mib_set_threshold),
	COL(2, "crasThrMaxFailedAuths", GAUGE,   mib_u32, ras_most[1], .set = &mib_set_threshold32),
	COL(3, "crasThrMaxThroughput",  INTEGER, mib_u32, ras_most[2], .set = &mib_set_threshold),
	/* clang-format on */
};

const struct mib_table view_ras_thresholds = {
	.name = "crasThresholds",
	MIB_OID(RAS_MIB, 1, 6),
	.local = &mib_controls,
	MIB_COLS(threshold_cols),
};

static const struct mib_col switch_cols[] = {
	/* clang-format off */
	COL(1, "crasCntlTooManySessions",    INTEGER, mib_u32, ras[0], .set = &mib_set_notify),
	COL(2, "crasCntlTooManyFailedAuths", INTEGER, mib_u32, ras[1], .set = &mib_set_notify),
	COL(3, "crasCntlTooHighThroughput",  INTEGER, mib_u32, ras[2], .set = &mib_set_notify),
	/* clang-format on */
};

const struct mib_table view_ras_switches = {
	.name = "crasNotifCntl",
	MIB_OID(RAS_MIB, 1, 7),
	.local = &mib_controls,
	MIB_COLS(switch_cols),
};
