/* SPDX-License-Identifier: ISC */
/**
 * @file ike_table.h  The table of ike_track.c: IKE SAs by SPI, and in lists by standing.
 *
 * Threads:   the caller's.
 */
#ifndef IKE_TABLE_H
#define IKE_TABLE_H

#include "ike_phase.h"

#define IKE_DIGESTS_KEPT   16 /* messages, to recognize retransmissions */
#define IKE_EXCHANGES_KEPT 16 /* IKEv1: Quick Modes, whose message ids have no order */
#define IKE_BUCKETS        4096

enum ike_standing {
	IKE_HALF_OPEN, /* being negotiated; the record is ours */
	IKE_UP,        /* the record is ours or another feed's */
	IKE_UNKNOWN,   /* no record: counted here until its IKE SA is known */
	IKE_ENDED,     /* no record any more */
	IKE_STANDINGS
};

struct ike {
	struct ike *next;          /* of the bucket */
	struct ike *older, *newer; /* in the list of this standing, by when they joined it */
	uint64_t spi_initiator, spi_responder;
	struct ipm_addr local, remote;
	uint16_t local_port, remote_port;
	uint8_t version;
	bool initiator; /* we began it */
	enum ike_standing standing;
	uint32_t slot, index; /* of the record; index 0: none */
	uint32_t was;         /* IKE_ENDED: the record's index */
	struct ike_progress progress;
	uint64_t first_ns, last_ns, last_in_ns, up_ns, ended_ns;
	uint64_t asked_ns; /* IKEv2: when we sent the oldest request without an answer; 0: none */
	uint64_t rival_ns; /* when another one came up between the same peers */
	bool returned;     /* the peer has sent something after a message of ours */
	bool answered;     /* we have sent something */
	bool ours_sealed;  /* we have sent something encrypted */
	bool rekeys;       /* IKEv2: a CREATE_CHILD_SA exchange succeeded, which may have made another IKE SA */
	uint64_t digest[IKE_DIGESTS_KEPT];
	unsigned digests;
	uint64_t next_request[2], next_response[2]; /* IKEv2, by direction: one more than the highest message id */
	uint32_t exchange[IKE_EXCHANGES_KEPT];
	unsigned exchanges;
	struct ipm_proposal proposal;
	uint8_t auth;
	uint32_t life_seconds;
	char *id[2];                    /* IKEv1 in Aggressive Mode: responder's and initiator's; NULL: not known */
	struct ipm_ike_traffic in, out; /* IKE_UNKNOWN: what it has counted */
};

struct ike_table {
	uint64_t seed; /* peers choose SPIs, and must not be able to fill one bucket */
	struct ike *bucket[IKE_BUCKETS];
	struct {
		struct ike *oldest, *newest;
		uint32_t count;
	} of[IKE_STANDINGS];
};

/** Choose the seed; @p fallback is used when the kernel has no random numbers yet. */
void ike_table_seed(struct ike_table *t, uint64_t fallback);
/** Free all IKE SAs in it. */
void ike_table_free(struct ike_table *t);

/** The IKE SAs whose initiator's SPI has the same hash, chained by next. */
struct ike **ike_table_bucket(struct ike_table *t, uint64_t spi_initiator);

/** Add a copy of @p as, as the newest of its standing. NULL: out of memory. */
struct ike *ike_table_add(struct ike_table *t, const struct ike *as);
/** Move it to another standing, as the newest there. */
void ike_table_move(struct ike_table *t, struct ike *ike, enum ike_standing standing);
/** Remove and free it. */
void ike_table_remove(struct ike_table *t, struct ike *ike);

/** Is it between these addresses? */
bool ike_between(const struct ike *ike, const struct ipm_addr *local, const struct ipm_addr *remote);

#endif
