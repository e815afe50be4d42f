/* SPDX-License-Identifier: ISC */
/**
 * @file ike_table.h  The IKE SAs that ike_track.c knows: found by SPI, and listed by how they stand. For ike_track.c.
 *
 * Threads:   the caller's.
 */
#ifndef IKE_TABLE_H
#define IKE_TABLE_H

#include "ike_phase.h"

#define IKE_DIGESTS_KEPT   16 /* messages by which retransmissions are known */
#define IKE_EXCHANGES_KEPT 16 /* IKEv1: Quick Modes, whose message ids are in no order */
#define IKE_BUCKETS        4096

enum ike_standing {
	IKE_HALF_OPEN, /* being negotiated; the record is ours */
	IKE_UP,        /* the record is ours or another feed's */
	IKE_UNKNOWN,   /* no record: counted here, until it is known whose it is */
	IKE_ENDED,     /* no record any more */
	IKE_STANDINGS
};

struct ike {
	struct ike *next;          /* of the bucket */
	struct ike *older, *newer; /* of those with this standing: by when they came to it */
	uint64_t spi_initiator, spi_responder;
	struct ipm_addr local, remote;
	uint16_t local_port, remote_port;
	uint8_t version;
	bool initiator; /* we began it */
	enum ike_standing standing;
	uint32_t slot, index; /* of the record; index 0: none */
	uint32_t was;         /* IKE_ENDED: the index that it had */
	struct ike_progress progress;
	uint64_t first_ns, last_ns, last_in_ns, up_ns, ended_ns;
	uint64_t asked_ns; /* IKEv2: our oldest request that was not answered; 0: none */
	uint64_t rival_ns; /* when another one came up between the same two */
	bool returned;     /* the peer has answered us, or come back after our answer */
	bool answered;     /* we have sent something */
	bool ours_sealed;  /* we have sent something encrypted */
	bool rekeys;       /* IKEv2: a CREATE_CHILD_SA exchange was agreed upon, that may have made another IKE SA */
	uint64_t digest[IKE_DIGESTS_KEPT];
	unsigned digests;
	uint64_t next_request[2], next_response[2]; /* IKEv2, by direction: one more than the highest message id */
	uint32_t exchange[IKE_EXCHANGES_KEPT];
	unsigned exchanges;
	struct ipm_proposal proposal;
	uint8_t auth;
	uint32_t life_seconds;
	char *id[2]; /* IKEv1 in Aggressive Mode: the responder's, the initiator's; NULL: not known */
	struct ipm_ike_traffic in, out; /* of one that is unknown */
};

struct ike_table {
	uint64_t seed; /* peers choose SPIs, and must not know in which bucket they fall */
	struct ike *bucket[IKE_BUCKETS];
	struct {
		struct ike *oldest, *newest;
		uint32_t count;
	} of[IKE_STANDINGS]; /* by when they came to it */
};

/** Choose the seed; @p fallback is used when the kernel has no random numbers yet. */
void ike_table_seed(struct ike_table *t, uint64_t fallback);
/** Free all IKE SAs in it. */
void ike_table_free(struct ike_table *t);

/** The IKE SAs whose initiator's SPI has the same hash, chained by next. */
struct ike **ike_table_bucket(struct ike_table *t, uint64_t spi_initiator);

/** A copy of @p as, the newest of its standing. NULL: out of memory. */
struct ike *ike_table_add(struct ike_table *t, const struct ike *as);
/** It comes to another standing, as the newest there. */
void ike_table_move(struct ike_table *t, struct ike *ike, enum ike_standing standing);
/** Forget it. */
void ike_table_remove(struct ike_table *t, struct ike *ike);

/** Is it between these addresses? */
bool ike_between(const struct ike *ike, const struct ipm_addr *local, const struct ipm_addr *remote);

#endif
