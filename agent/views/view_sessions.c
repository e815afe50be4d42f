/* SPDX-License-Identifier: ISC */
/* Shared by the views of sessions: which are shown, how users are named and counted, and how failures are counted. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ipm_hash.h"
#include "view_sessions.h"
#include "views.h"

bool
view_session_shown(const struct ipm_segment *seg, const void *record)
{
	const struct ipm_session *session = record;
	(void)seg;
	return session->kind == IPM_SESSION_REMOTE_ACCESS && session->state != IPM_SESSION_HELD;
}

void
view_present_session(const struct mib_peers *as, const struct ipm_segment *seg, void *session)
{
	struct ipm_session *s = session;
	(void)seg;
	users_show(&as->users, s->index, s->user, sizeof(s->user));
}

void
view_present_login_failure(const struct mib_peers *as, const struct ipm_segment *seg, void *failure)
{
	struct ipm_login_failure *f = failure;
	(void)seg;
	users_show(&as->users, f->session, f->user, sizeof(f->user));
}

/* An OID has 128 sub-identifiers: those of the column, the length, the name and the session's number. */
#define USER_KEY_MAX 112

/* Cut before a character of UTF-8 that has no room. */
static unsigned
user_length(const char *user)
{
	unsigned len = (unsigned)strnlen(user, USER_KEY_MAX + 1);
	if (len <= USER_KEY_MAX)
		return len;
	for (len = USER_KEY_MAX; len > USER_KEY_MAX - 4 && ((uint8_t)user[len] & 0xc0) == 0x80;)
		len--;
	return len;
}

unsigned
view_session_key(const struct mib_cell *cell, mib_subid *key)
{
	const struct ipm_session *session = cell->record;
	unsigned len = user_length(session->user);
	key[0] = len;
	for (unsigned i = 0; i < len; i++)
		key[1 + i] = (uint8_t)session->user[i];
	key[1 + len] = session->index;
	return len + 2;
}

bool
view_session_user(const struct ipm_session *session, struct mib_value *out)
{
	return mib_string(out, session->user, user_length(session->user) + 1);
}

bool
view_session_tunnel(const struct ipm_segment *seg, const struct ipm_session *session, struct ipm_tunnel *out)
{
	struct ipm_walk walk;
	ipm_walk_session(&walk, seg, session);
	while (ipm_walk_next(&walk, out) > 0)
		if (out->state == IPM_TUNNEL_UP)
			return true;
	return false;
}

unsigned
view_addr_type(const struct ipm_addr *addr)
{
	return addr->len == 16 ? 2 : 1;
}

/* --- how many users ------------------------------------------------------------------------------------------- */

/*
 * A user is counted by the first of his sessions. Names of users may be longer than those of groups, so a group's name
 * is a hash.
 */
struct user {
	uint32_t slot; /* of the first session, + 1 */
};

static const char *
user_key(const struct ipm_session *session, const char *group)
{
	static _Thread_local char key[17];
	uint64_t hash = ipm_hash64(IPM_HASH64_BEGIN, session->user, strlen(session->user) + 1);
	snprintf(key, sizeof(key), "%016" PRIx64, ipm_hash64(hash, group, strlen(group)));
	return key;
}

static const char *
key_in_segment(enum ipm_section_kind kind, const void *record)
{
	(void)kind;
	return view_session_shown(NULL, record) ? user_key(record, "") : NULL;
}

static const char *
key_in_group(enum ipm_section_kind kind, const void *record)
{
	(void)kind;
	return view_session_shown(NULL, record) ? user_key(record, ((const struct ipm_session *)record)->group) : NULL;
}

static void
gather_user(const struct mib_cell *cell, enum ipm_section_kind kind, uint32_t slot, void *group)
{
	struct user *user = group;
	(void)cell;
	(void)kind;
	if (user->slot == 0)
		user->slot = slot + 1;
}

static const struct mib_grouping users_of_segment = {
	.name = "users of a segment",
	.of = { IPM_SESSIONS },
	.size = sizeof(struct user),
	.key = key_in_segment,
	.gather = gather_user,
};

static const struct mib_grouping users_of_group = {
	.name = "users of a group",
	.of = { IPM_SESSIONS },
	.size = sizeof(struct user),
	.key = key_in_group,
	.gather = gather_user,
};

/* Is this the first session of its user, in its group or in the segment? */
static bool
counts_user(const struct mib_cell *cell, const struct mib_grouping *among, const char *key, uint32_t slot)
{
	const struct user *user = mib_group(cell->mib, among, cell->gateway, key);
	return user && user->slot == slot + 1;
}

static const char *
key_of_sum(enum ipm_section_kind kind, const void *record)
{
	(void)kind;
	return view_session_shown(NULL, record) ? "" : NULL;
}

static void
gather_sum(const struct mib_cell *cell, enum ipm_section_kind kind, uint32_t slot, void *group)
{
	struct view_user_sum *sum = group;
	(void)kind;
	sum->users += counts_user(cell, &users_of_segment, user_key(cell->record, ""), slot);
}

const struct mib_grouping view_user_sums = {
	.name = "connected users",
	.of = { IPM_SESSIONS },
	.uses = &users_of_segment,
	.size = sizeof(struct view_user_sum),
	.key = key_of_sum,
	.gather = gather_sum,
};

static const char *
key_of_group(enum ipm_section_kind kind, const void *record)
{
	const struct ipm_map_entry *map = record;
	if (kind == IPM_MAPS)
		return map->state != IPM_MAP_REMOVED ? map->name : NULL;
	return view_session_shown(NULL, record) ? ((const struct ipm_session *)record)->group : NULL;
}

static void
gather_group(const struct mib_cell *cell, enum ipm_section_kind kind, uint32_t slot, void *group)
{
	struct view_user_group *g = group;
	const struct ipm_session *session = cell->record;
	const struct ipm_map_entry *map = cell->record;
	snprintf(g->name, sizeof(g->name), "%s", kind == IPM_MAPS ? map->name : session->group);
	if (kind == IPM_MAPS) {
		if (g->maps < VIEW_GROUP_MAPS)
			g->map_slot[g->maps] = slot;
		g->maps++;
		return;
	}
	g->sessions++;
	g->users += counts_user(cell, &users_of_group, user_key(session, session->group), slot);
}

const struct mib_grouping view_user_groups = {
	.name = "groups of users",
	.of = { IPM_SESSIONS, IPM_MAPS },
	.uses = &users_of_group,
	.size = sizeof(struct view_user_group),
	.key = key_of_group,
	.gather = gather_group,
};

/* --- failures ------------------------------------------------------------------------------------------------- */

uint64_t
view_declined(const struct ipm_totals *totals)
{
	return totals->login_fails[IPM_LOGIN_AUTH] + totals->login_fails[IPM_LOGIN_UNKNOWN_USER] +
	       totals->login_fails[IPM_LOGIN_CERTIFICATE] + totals->login_fails[IPM_LOGIN_REFUSED];
}

static void
count_login(struct view_user_fails *fails, const struct ipm_login_failure *failure)
{
	fails->auth += failure->reason == IPM_LOGIN_AUTH || failure->reason == IPM_LOGIN_UNKNOWN_USER ||
		       failure->reason == IPM_LOGIN_CERTIFICATE;
	fails->resources += failure->reason == IPM_LOGIN_NO_ADDRESS;
	fails->declined += failure->reason == IPM_LOGIN_REFUSED;
}

static void
count_session(struct view_user_fails *fails, uint32_t reason)
{
	if (reason == IPM_REASON_NORMAL || reason == IPM_REASON_OPERATOR || reason == IPM_REASON_PEER_DELETE)
		fails->managed++;
	else if (reason != IPM_REASON_CHECKPOINT)
		fails->other++;
}

/* Indexes of a ring grow, so what isn't above the last one has been counted. */
static void
gather_fails(const struct mib_cell *cell, enum ipm_section_kind kind, uint32_t slot, void *group)
{
	struct view_user_fails *fails = group;
	const struct ipm_login_failure *login = cell->record;
	const struct ipm_session_history *was = cell->record;
	uint32_t *last = kind == IPM_LOGIN_FAILURES ? &fails->login : &fails->session;
	(void)slot;
	if (login->index <= *last)
		return;
	*last = login->index;
	snprintf(fails->name, sizeof(fails->name), "%s",
		 kind == IPM_LOGIN_FAILURES ? login->group : was->session.group);
	if (kind == IPM_LOGIN_FAILURES)
		count_login(fails, login);
	else
		count_session(fails, was->reason);
}

static const char *
key_of_fail(enum ipm_section_kind kind, const void *record)
{
	const struct ipm_session_history *was = record;
	if (kind == IPM_LOGIN_FAILURES)
		return ((const struct ipm_login_failure *)record)->group;
	return was->session.kind == IPM_SESSION_REMOTE_ACCESS ? was->session.group : NULL;
}

static const char *
key_of_all_fails(enum ipm_section_kind kind, const void *record)
{
	return key_of_fail(kind, record) ? "" : NULL;
}

const struct mib_grouping view_group_fails = {
	.name = "failures of groups",
	.of = { IPM_LOGIN_FAILURES, IPM_SESSION_HISTORY },
	.kept = true,
	.size = sizeof(struct view_user_fails),
	.key = key_of_fail,
	.gather = gather_fails,
};

const struct mib_grouping view_all_fails = {
	.name = "all failures",
	.of = { IPM_LOGIN_FAILURES, IPM_SESSION_HISTORY },
	.kept = true,
	.size = sizeof(struct view_user_fails),
	.key = key_of_all_fails,
	.gather = gather_fails,
};
