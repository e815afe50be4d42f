/* SPDX-License-Identifier: ISC */
/**
 * @file doctor.h  ipsecmon check: the parts of the chain that it examines, and how it reports findings.
 *
 * It only examines without side effects: it reads files, and connects to sockets and closes them again. If this user
 * may not see something, it says so and doesn't guess.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <jansson.h>
#include <sys/stat.h>

#include "cli.h"

#define DOCTOR_NO_GROUP ((gid_t)-1)

/* Advice used by several findings. */
#define DOCTOR_START_IT "start it: systemctl start ipsecmond; why it does not: journalctl -u ipsecmond"
/* If a configuration names feeds, it has no other feeds. */
#define DOCTOR_START_CHARON                                                                                  \
	"start strongSwan with its plugin vici (package strongswan-swanctl), or say where its socket is: "   \
	"feed vici { socket = ... }; without strongSwan write feed xfrm { } and feed ikewatch { } into the " \
	"configuration, and no feed vici"

enum doctor_level { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

struct doctor {
	struct cli *cli;
	json_t *findings; /* NULL: text is wanted */
	gid_t group;      /* the group that may read and ask; DOCTOR_NO_GROUP: none, or it doesn't exist */
	unsigned count[3];
	int charon;        /* 0: its socket accepts connections, or is not needed; else an errno */
	bool charon_alone; /* a segment has no other active feed */
};

/**
 * Report one finding.
 *
 * @param what    a few words
 * @param advice  a sentence about how to repair it; NULL: none
 */
__attribute__((format(printf, 5, 6))) void
doctor_tell(struct doctor *d, enum doctor_level level, const char *what, const char *advice, const char *format, ...);

/** "root:ipsecmon 0640" */
#define DOCTOR_OWNER_MAX 96
const char *doctor_owner(const struct stat *st, char out[DOCTOR_OWNER_MAX]);

/** Check the segments, their writers, feeds and agents. */
void doctor_segments(struct doctor *d);

/** Check snmpd's AgentX socket, and who may see our MIB according to its configuration. */
void doctor_agentx(struct doctor *d);
void doctor_views(struct doctor *d);

#endif
