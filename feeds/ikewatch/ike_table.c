/* SPDX-License-Identifier: ISC */
/* IKE SAs by SPI and by standing. */
#include "ike_table.h"

#include <stdlib.h>
#include <sys/random.h>

#include "ipm_segment.h"

void
ike_table_seed(struct ike_table *t, uint64_t fallback)
{
	if (getrandom(&t->seed, sizeof(t->seed), GRND_NONBLOCK) < 0)
		t->seed = fallback;
}

struct ike **
ike_table_bucket(struct ike_table *t, uint64_t spi_initiator)
{
	uint64_t hash = (spi_initiator ^ t->seed) * 0x9e3779b97f4a7c15u;
	return &t->bucket[(hash ^ hash >> 32) % IKE_BUCKETS];
}

bool
ike_between(const struct ike *ike, const struct ipm_addr *local, const struct ipm_addr *remote)
{
	return ipm_addr_same(&ike->local, local) && ipm_addr_same(&ike->remote, remote);
}

static void
list_add(struct ike_table *t, struct ike *ike)
{
	ike->older = t->of[ike->standing].newest;
	ike->newer = NULL;
	if (ike->older)
		ike->older->newer = ike;
	else
		t->of[ike->standing].oldest = ike;
	t->of[ike->standing].newest = ike;
	t->of[ike->standing].count++;
}

static void
list_remove(struct ike_table *t, struct ike *ike)
{
	if (ike->older)
		ike->older->newer = ike->newer;
	else
		t->of[ike->standing].oldest = ike->newer;
	if (ike->newer)
		ike->newer->older = ike->older;
	else
		t->of[ike->standing].newest = ike->older;
	t->of[ike->standing].count--;
}

void
ike_table_move(struct ike_table *t, struct ike *ike, enum ike_standing standing)
{
	list_remove(t, ike);
	ike->standing = standing;
	list_add(t, ike);
}

static void
ike_free(struct ike *ike)
{
	free(ike->id[0]);
	free(ike->id[1]);
	free(ike);
}

void
ike_table_remove(struct ike_table *t, struct ike *ike)
{
	struct ike **at = ike_table_bucket(t, ike->spi_initiator);
	while (*at != ike)
		at = &(*at)->next;
	*at = ike->next;
	list_remove(t, ike);
	ike_free(ike);
}

struct ike *
ike_table_add(struct ike_table *t, const struct ike *as)
{
	struct ike *ike = malloc(sizeof(*ike));
	struct ike **bucket = ike_table_bucket(t, as->spi_initiator);

	if (!ike)
		return NULL;
	*ike = *as;
	ike->next = *bucket;
	*bucket = ike;
	list_add(t, ike);
	return ike;
}

void
ike_table_free(struct ike_table *t)
{
	for (int standing = 0; standing < IKE_STANDINGS; standing++)
		while (t->of[standing].oldest)
			ike_table_remove(t, t->of[standing].oldest);
}
