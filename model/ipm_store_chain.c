/* SPDX-License-Identifier: ISC */
/* Find slots of a section by a hash. */
#include <errno.h>
#include <stdlib.h>

#include "ipm_store.h"

int
ipm_chains_open(struct slot_chains *c, uint32_t slots)
{
	c->buckets = slots ? slots : 1;
	c->bucket = calloc(c->buckets, sizeof(*c->bucket));
	c->next = calloc(c->buckets, sizeof(*c->next));
	return c->bucket && c->next ? 0 : -ENOMEM;
}

void
ipm_chains_close(struct slot_chains *c)
{
	free(c->bucket);
	free(c->next);
}

static uint32_t *
chain(const struct slot_chains *c, uint32_t hash)
{
	return &c->bucket[hash % c->buckets];
}

void
ipm_chain_add(struct slot_chains *c, uint32_t hash, uint32_t slot)
{
	uint32_t *head = chain(c, hash);
	c->next[slot] = *head;
	*head = slot + 1;
}

void
ipm_chain_remove(struct slot_chains *c, uint32_t hash, uint32_t slot)
{
	uint32_t *at = chain(c, hash);
	while (*at && *at != slot + 1)
		at = &c->next[*at - 1];
	if (*at)
		*at = c->next[slot];
}

uint32_t
ipm_chain_next(const struct slot_chains *c, uint32_t hash, int after)
{
	return after < 0 ? *chain(c, hash) : (uint32_t)after < c->buckets ? c->next[after] : 0;
}
