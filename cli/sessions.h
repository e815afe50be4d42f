/* SPDX-License-Identifier: ISC */
/** @file sessions.h  What the commands that show sessions share: which ones, their parts, and their JSON. */
#ifndef SESSIONS_H
#define SESSIONS_H

#include "out.h"

/* Sessions that match every part that is set. NULL, 0, or an address of length 0 matches all. */
struct cli_asked {
	const char *user, *group;
	bool patterns; /* user and group may have * and ? */
	uint32_t index;
	uint8_t kind;    /* enum ipm_session_kind */
	uint8_t version; /* of IKE */
	struct ipm_addr remote;
};

/** The keys of --sort; ends with NULL. */
extern const char *const cli_sort_keys[];

/** Does this name match what was asked for? @p field: the size of @p name. */
bool cli_name_asked(const char *name, size_t field, const char *asked, bool patterns);

/** Pick sessions, and ended sessions, that match the struct cli_asked in cli->asked. */
cli_pick cli_session_pick, cli_session_ended_pick;

/** Parse an address given on the command line. False: it is none, and cli_fail() has said so. */
bool cli_address(struct cli *cli, const char *text, struct ipm_addr *out);

/** Is a feed up that has one of these capabilities (enum ipm_cap)? */
bool cli_some_feed_knows(struct cli *cli, uint64_t caps);

/**
 * Print why there is nothing to show: @p nobody, or no feed that is up can know it. With a filter, nothing to show is
 * a failure, as with other commands.
 */
void cli_sessions_none(struct cli *cli, bool filtered, const char *nobody, uint64_t caps);

/** The session's IKE SA. False: it has none now. */
bool cli_session_ike(struct cli *cli, const struct cli_segment *s, const struct ipm_session *session,
		     struct ipm_ike_sa *out);

/** "up", "terminating", "held". */
const char *cli_session_state(const struct ipm_session *session);

/** A session, and one that has ended, as JSON. NULL: it is gone. */
json_t *cli_session_json(struct cli *cli, const struct cli_row *row);
json_t *cli_session_ended_json(struct cli *cli, const struct cli_row *row);
/** Add the totals of all sessions to a segment's JSON. */
void cli_sessions_json_head(struct cli *cli, const struct cli_segment *s, json_t *head);

/** Add octets, packets and drops. */
void cli_json_volume(json_t *object, const char *key, const struct ipm_volume *v);

#endif
