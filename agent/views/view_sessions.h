/* SPDX-License-Identifier: ISC */
/**
 * @file view_sessions.h  What the views of sessions share. All of them show remote users only, unless they say so.
 */
#ifndef VIEW_SESSIONS_H
#define VIEW_SESSIONS_H

#include "mib.h"

#define VIEW_GROUP_MAPS 8

/** The users of a connection who are connected now, and its crypto map entries, which keep its traffic. */
struct view_user_group {
	char name[IPM_NAME_MAX];
	uint32_t sessions, users;
	uint32_t maps;                      /* number of its crypto map entries */
	uint32_t map_slot[VIEW_GROUP_MAPS]; /* of the first ones */
};
extern const struct mib_grouping view_user_groups;

/** All connected users of a segment, under the name "". */
struct view_user_sum {
	uint32_t users;
};
extern const struct mib_grouping view_user_sums;

/**
 * Failures of a connection, or of a segment under the name "". They are counted as they enter the rings, and stay when
 * they leave them.
 */
struct view_user_fails {
	char name[IPM_NAME_MAX];
	uint32_t login, session; /* the last ones that were counted */
	uint64_t auth, resources, declined, managed, other;
};
extern const struct mib_grouping view_group_fails, view_all_fails;

/** Is it a remote user who is connected? */
bool view_session_shown(const struct ipm_segment *seg, const void *record);

/** For `.present`: how a user's name is shown. */
void view_present_session(const struct mib_peers *as, const struct ipm_segment *seg, void *session);
void view_present_login_failure(const struct mib_peers *as, const struct ipm_segment *seg, void *failure);

/** The index of a session: the user's name, as far as a name of SNMP has room for it, and the number. */
unsigned view_session_key(const struct mib_cell *cell, mib_subid *key);

/** The user's name as it is in the index. */
bool view_session_user(const struct ipm_session *session, struct mib_value *out);

/** The session's youngest tunnel that is up; false: none. */
bool view_session_tunnel(const struct ipm_segment *seg, const struct ipm_session *session, struct ipm_tunnel *out);

/** Logins that were refused, of all segments. */
uint64_t view_declined(const struct ipm_totals *totals);

/** InetAddressType and InetAddress. An unknown address is 0.0.0.0. */
unsigned view_addr_type(const struct ipm_addr *addr);

#endif
