/* SPDX-License-Identifier: ISC */
/**
 * @file doctor.h  ipsecmon check: what is looked at, and how what was found is told.
 *
 * Only what can be found out without harm: files are looked at, sockets are connected to and closed again. Of what this
 * user may not see it is said so, and it is never guessed.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <jansson.h>
#include <sys/stat.h>

#include "cli.h"

#define DOCTOR_NO_GROUP ((gid_t)-1)

/* Advice that several findings give. */
#define DOCTOR_START_IT "start it: systemctl start ipsecmond; why it does not: journalctl -u ipsecmond"
/* A configuration that names a feed has only the feeds that it names. */
#define DOCTOR_START_CHARON                                                                                  \
	"start strongSwan with its plugin vici (package strongswan-swanctl), or say where its socket is: "   \
	"feed vici { socket = ... }; without strongSwan write feed xfrm { } and feed ikewatch { } into the " \
	"configuration, and no feed vici"

enum doctor_level { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

struct doctor {
	struct cli *cli;
	json_t *findings; /* NULL: text is wanted */
	gid_t group;      /* of those who may read and ask; DOCTOR_NO_GROUP: none, or it does not exist */
	unsigned count[3];
	int charon;        /* 0: its socket can be connected to, or need not be; an errno: why not */
	bool charon_alone; /* a segment has no other feed that is up */
};

/**
 * One finding.
 *
 * @param what    a few words
 * @param advice  what to do about it, a sentence; NULL: nothing
 */
__attribute__((format(printf, 5, 6))) void
doctor_tell(struct doctor *d, enum doctor_level level, const char *what, const char *advice, const char *format, ...);

/** "root:ipsecmon 0640" */
#define DOCTOR_OWNER_MAX 96
const char *doctor_owner(const struct stat *st, char out[DOCTOR_OWNER_MAX]);

/** The segments, their writers, feeds and agents. */
void doctor_segments(struct doctor *d);

/** snmpd's AgentX socket, and what its configuration shows of our MIB to whom. */
void doctor_agentx(struct doctor *d);
void doctor_views(struct doctor *d);

#endif
