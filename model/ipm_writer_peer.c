/* SPDX-License-Identifier: ISC */
/* Finding established IKE SAs by their two identities. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipm_hash.h"
#include "ipm_writer_int.h"

/* Hash only as much of an identity as fits into an SNMP index. */
static uint32_t
hash_peer(const char *local_id, const char *remote_id)
{
	uint32_t hash = ipm_hash(IPM_HASH_BEGIN, local_id, strnlen(local_id, IPM_PEER_ID_MAX));
	return ipm_hash(ipm_hash(hash, "", 1), remote_id, strnlen(remote_id, IPM_PEER_ID_MAX));
}

static bool
same_peer(const struct ipm_ike_sa *sa, const char *local_id, const char *remote_id)
{
	return strncmp(sa->local_id, local_id, IPM_PEER_ID_MAX) == 0 &&
	       strncmp(sa->remote_id, remote_id, IPM_PEER_ID_MAX) == 0;
}

int
ipm_ike_between(const struct ipm_writer *w, const char *local_id, const char *remote_id, int after)
{
	uint32_t hash = hash_peer(local_id, remote_id), at = ipm_chain_next(&w->peers, hash, after);
	while (at && !same_peer(ipm_ike_peek(w, at - 1), local_id, remote_id))
		at = ipm_chain_next(&w->peers, hash, (int)(at - 1));
	return at ? (int)(at - 1) : -ENOENT;
}

/* Set a bit for each number in use, up to @p most. Returns the number of IKE SAs. */
static uint32_t
numbers_taken(const struct ipm_writer *w, const struct ipm_ike_sa *sa, uint8_t *taken, uint32_t most)
{
	uint32_t count = 0;
	for (int at = -1; (at = ipm_ike_between(w, sa->local_id, sa->remote_id, at)) >= 0; count++) {
		uint32_t number = ipm_ike_peek(w, (uint32_t)at)->peer;
		if (number <= most)
			taken[number / 8] |= (uint8_t)(1u << number % 8);
	}
	return count;
}

/* The lowest number that no other IKE SA of these two identities has. Many IKE SAs may share unknown identities. */
uint32_t
ipm_peer_number(const struct ipm_writer *w, const struct ipm_ike_sa *sa)
{
	uint8_t few[32] = { 0 }, *taken = few;
	uint32_t number = 1, most = sizeof(few) * 8 - 1, count = numbers_taken(w, sa, few, most);

	if (count >= most) { /* one of the first count + 1 is free */
		taken = calloc(count / 8 + 1, 1);
		if (!taken)
			return count + 1; /* perhaps not the lowest, or already in use */
		most = count;
		numbers_taken(w, sa, taken, most);
	}
	while (number <= most && taken[number / 8] & 1u << number % 8)
		number++;
	if (taken != few)
		free(taken);
	return number;
}

void
ipm_peer_add(struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_ike_sa *sa = ipm_ike_peek(w, slot);
	ipm_chain_add(&w->peers, hash_peer(sa->local_id, sa->remote_id), slot);
}

void
ipm_peer_remove(struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_ike_sa *sa = ipm_ike_peek(w, slot);
	ipm_chain_remove(&w->peers, hash_peer(sa->local_id, sa->remote_id), slot);
}

int
ipm_peers_open(struct ipm_writer *w)
{
	int rc = ipm_chains_open(&w->peers, w->seg.section[IPM_IKE_SAS].capacity);
	for (uint32_t slot = 0; rc == 0 && slot < ipm_segment_used(&w->seg, IPM_IKE_SAS); slot++)
		if (ipm_ike_peek(w, slot)->index && ipm_ike_peek(w, slot)->state != IPM_IKE_NEGOTIATING)
			ipm_peer_add(w, slot);
	return rc;
}
