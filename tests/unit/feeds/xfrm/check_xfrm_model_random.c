/* SPDX-License-Identifier: ISC */
/* After any events, the segment is right at the end of a dump. */

#include "xfrm_model_fixture.h"

/* --- whatever happens ---------------------------------------------------- */

#define STEPS       20000
#define KERNEL_SAS  96 /* the SAs of the kernel, or of the model, at one time */
#define PEER_GROUPS 12 /* possible tunnels: 4 reqids of 3 peers */

/* An SA in the kernel, and as the model must have it. */
struct kernel_sa {
	bool alive;     /* in the kernel */
	bool told;      /* the model knows its start, and not its end */
	bool buried;    /* the model learned of its end during the current dump */
	bool listed;    /* the current dump will still report it */
	uint32_t group; /* which tunnel it is of */
	struct xfrm_sa sa;
	uint64_t told_pkts; /* the greatest count of any message */
	uint64_t dump;      /* the last dump that reported it, or during which an event did */
};

/* A tunnel as it has to be. */
struct expected {
	uint32_t index; /* 0: there is none */
	uint32_t sas;
	bool claimed;
	uint64_t in, out;
};

static struct story {
	uint64_t seed;
	uint32_t next_spi;
	struct kernel_sa sa[KERNEL_SAS];
	struct expected tunnel[PEER_GROUPS];
	uint64_t in, out;            /* of all there ever were */
	bool dumping, spoilt, lossy; /* lossy: events were lost since the dump began */
	uint64_t dump;
	struct xfrm_sa waiting[KERNEL_SAS]; /* unread messages of the dump, by place */
	uint32_t waiting_of[KERNEL_SAS], first_waiting, waiting_end;
	uint32_t checked, confirmed;
} story;

static uint32_t
random_below(uint32_t below)
{
	story.seed ^= story.seed << 13; /* xorshift: the same on every machine */
	story.seed ^= story.seed >> 7;
	story.seed ^= story.seed << 17;
	return (uint32_t)(story.seed >> 33) % below;
}

static bool
is_inbound(const struct kernel_sa *k)
{
	return k->sa.key.spi % 2 == 0;
}

/* Tell the model and the reference. */
static void
now_told(struct kernel_sa *k, const struct xfrm_sa *message)
{
	struct expected *t = &story.tunnel[k->group];

	k->dump = story.dump;
	if (message->pkts > k->told_pkts) {
		uint64_t more = message->pkts - k->told_pkts;
		*(is_inbound(k) ? &t->in : &t->out) += more;
		*(is_inbound(k) ? &story.in : &story.out) += more;
		k->told_pkts = message->pkts;
	}
}

static void
now_there(struct kernel_sa *k, const struct xfrm_sa *message)
{
	struct expected *t = &story.tunnel[k->group];

	int slot = ipm_sa_named(writer, IPPROTO_ESP, k->sa.key.spi, -1);
	ck_assert_int_ge(slot, 0);
	uint32_t index = ipm_sa_peek(writer, (uint32_t)slot)->tunnel_index;
	if (t->index == 0)
		*t = (struct expected){ .index = index };
	ck_assert_uint_eq(t->index, index);
	t->sas += !k->told;
	k->told = true;
	now_told(k, message);
}

static void
now_gone(struct kernel_sa *k)
{
	struct expected *t = &story.tunnel[k->group];

	if (story.dumping)
		k->buried = true;
	if (!k->told)
		return;
	k->told = false;
	if (--t->sas == 0 && !t->claimed)
		*t = (struct expected){ 0 };
}

static struct kernel_sa *
random_sa(void)
{
	struct kernel_sa *k = &story.sa[random_below(KERNEL_SAS)];
	return k->alive ? k : NULL;
}

static void
kernel_adds(uint32_t group, bool is_inbound, bool lost)
{
	for (uint32_t i = 0; i < KERNEL_SAS; i++) {
		struct kernel_sa *k = &story.sa[i];
		if (k->alive || k->told || k->buried || k->listed)
			continue;
		struct xfrm_sa sa = is_inbound ? inbound(story.next_spi) : outbound(story.next_spi + 1);
		story.next_spi += 2;
		sa = of_reqid(with_peer(sa, (uint8_t)(2 + group % 3)), 1 + group / 3);
		sa.added = epoch_s + story.next_spi % 5000;
		*k = (struct kernel_sa){ .alive = true, .group = group, .sa = sa };
		story.lossy |= lost;
		if (lost)
			return;
		sa_appears(sa);
		now_there(k, &sa);
		return;
	}
}

static void
kernel_deletes(struct kernel_sa *k, bool lost)
{
	k->alive = false;
	story.lossy |= lost;
	if (lost)
		return;
	if (random_below(2))
		sa_deleted(k->sa);
	else
		sa_expires_hard(k->sa);
	if (k->told)
		now_told(k, &k->sa);
	now_gone(k);
}

static void
kernel_flushes(void)
{
	sas_flushed(0);
	for (uint32_t i = 0; i < KERNEL_SAS; i++) {
		story.sa[i].alive = false;
		bool was_buried = story.sa[i].buried;
		now_gone(&story.sa[i]);
		story.sa[i].buried = was_buried;
	}
	story.spoilt = story.dumping;
}

static void
traffic(void)
{
	for (int n = 0; n < 8; n++) {
		struct kernel_sa *k = random_sa();
		if (k)
			k->sa = with_packets(k->sa, k->sa.pkts + random_below(100));
	}
}

static void
dump_begins(void)
{
	xfrm_model_sas_begin(model);
	story.dump++;
	story.dumping = true;
	story.spoilt = story.lossy = false;
	story.first_waiting = story.waiting_end = 0;
	for (uint32_t i = 0; i < KERNEL_SAS; i++)
		story.sa[i].listed = story.sa[i].alive;
}

/* The kernel writes some more messages. */
static void
dump_goes_on(uint32_t most)
{
	for (uint32_t i = 0; i < KERNEL_SAS && most > 0; i++) {
		struct kernel_sa *k = &story.sa[(i + story.dump) % KERNEL_SAS];
		if (!k->listed)
			continue;
		k->listed = false;
		most--;
		if (!k->alive)
			continue;
		story.waiting_of[story.waiting_end] = (uint32_t)(k - story.sa);
		story.waiting[story.waiting_end++] = k->sa;
	}
}

/* We read some of them, which may be outdated. */
static void
dump_is_read(uint32_t most)
{
	for (; story.first_waiting < story.waiting_end && most > 0; most--) {
		struct kernel_sa *k = &story.sa[story.waiting_of[story.first_waiting]];
		const struct xfrm_sa *message = &story.waiting[story.first_waiting++];
		sa_in_dump(*message);
		if (!k->buried && !story.spoilt)
			now_there(k, message);
	}
}

static void
expect_the_story(void)
{
	uint32_t told = 0, tunnels = 0;

	at_random = false;
	all_is_true();
	at_random = true;
	for (uint32_t i = 0; i < KERNEL_SAS; i++) {
		const struct kernel_sa *k = &story.sa[i];
		if (!story.lossy && !story.spoilt)
			ck_assert_msg(k->alive == k->told, "SA 0x%x", k->sa.key.spi);
		int slot = k->sa.key.spi ? ipm_sa_named(writer, IPPROTO_ESP, k->sa.key.spi, -1) : -1;
		ck_assert_msg((slot >= 0) == k->told, "SA 0x%x: slot %d", k->sa.key.spi, slot);
		if (slot < 0)
			continue;
		const struct ipm_sa *sa = ipm_sa_peek(writer, (uint32_t)slot);
		ck_assert_uint_eq(sa->count.pkts, k->told_pkts);
		ck_assert_uint_eq(sa->direction, is_inbound(k) ? IPM_IN : IPM_OUT);
		ck_assert_uint_eq(sa->tunnel_index, story.tunnel[k->group].index);
		told++;
	}
	ck_assert_uint_eq(rows(IPM_SAS), told);
	for (uint32_t i = 0; i < PEER_GROUPS; i++) {
		const struct expected *t = &story.tunnel[i];
		if (t->index == 0)
			continue;
		tunnels++;
		struct ipm_tunnel now = tunnel_again((struct ipm_tunnel){ .index = t->index });
		ck_assert_uint_eq(now.sas, t->sas);
		ck_assert_uint_eq(now.reqid, 1 + i / 3);
		expect_carried(now, t->in, t->out);
	}
	ck_assert_uint_eq(rows(IPM_TUNNELS), tunnels);
	expect_total(story.in, story.out);
	story.checked++;
	story.confirmed += !story.lossy && !story.spoilt;
}

static void
dump_ends(void)
{
	dump_goes_on(KERNEL_SAS);
	dump_is_read(KERNEL_SAS);
	ck_assert(xfrm_model_sas_end(model) == story.spoilt);
	story.dumping = false;
	for (uint32_t i = 0; i < KERNEL_SAS; i++) {
		struct kernel_sa *k = &story.sa[i];
		if (k->told && k->dump != story.dump && !story.spoilt)
			now_gone(k);
		k->buried = false;
	}
	expect_the_story();
}

static void
story_claims(uint32_t group)
{
	struct expected *t = &story.tunnel[group];
	for (uint32_t slot = 0; t->index && t->sas && slot < ipm_segment_used(seg, IPM_TUNNELS); slot++) {
		struct ipm_tunnel copy = *ipm_tunnel_peek(writer, slot);
		if (copy.index != t->index)
			continue;
		t->claimed = true;
		copy.claimed = 1;
		ipm_tunnel_put(writer, slot, &copy);
	}
}

static void
story_releases(uint32_t group)
{
	struct expected *t = &story.tunnel[group];
	if (!t->claimed)
		return;
	release((struct ipm_tunnel){ .index = t->index }, IPM_REASON_OPERATOR);
	xfrm_model_settle(model);
	t->claimed = false;
	if (t->sas == 0)
		*t = (struct expected){ 0 };
}

/* SAs start and end while we don't run. */
static void
story_restarts(void)
{
	if (random_below(2)) {
		writer_closes();
		writer_opens();
	} else {
		xfrm_model_free(model);
		model_begins();
	}
	xfrm_model_settle(model);
	story.dumping = story.spoilt = false;
	for (uint32_t i = 0; i < KERNEL_SAS; i++) {
		story.sa[i].buried = story.sa[i].listed = false;
		if (story.sa[i].alive && random_below(4) == 0)
			kernel_deletes(&story.sa[i], true);
	}
	for (uint32_t i = 0; i < PEER_GROUPS; i++) {
		story.tunnel[i].claimed = false;
		if (story.tunnel[i].sas == 0)
			story.tunnel[i] = (struct expected){ 0 };
	}
	for (int i = 0; i < 4; i++)
		kernel_adds(random_below(PEER_GROUPS), random_below(2), true);
	traffic();
}

static void
policies_change(void)
{
	struct xfrm_policy p = policy(random_below(16), (uint8_t)random_below(4));
	p.tmpl[0].reqid = random_below(5);
	p.tmpl[0].dst = PEER((uint8_t)(2 + random_below(3)));
	if (random_below(8) == 0) {
		xfrm_model_policies_begin(model);
		policy_in_dump(p);
		(void)xfrm_model_policies_end(model);
	} else if (random_below(2)) {
		policy_appears(p);
	} else {
		policy_deleted(p);
	}
}

static void
something_happens(void)
{
	uint32_t what = random_below(1000), group = random_below(PEER_GROUPS);
	struct kernel_sa *k;

	if (what < 150) {
		kernel_adds(group, random_below(2), random_below(40) == 0);
	} else if (what < 220) { /* a pair, as after a rekey */
		bool first = random_below(2);
		kernel_adds(group, first, false);
		kernel_adds(group, !first, false);
	} else if (what < 450) {
		if ((k = random_sa()))
			kernel_deletes(k, random_below(40) == 0);
	} else if (what < 480) {
		if ((k = random_sa()) && k->told) {
			sa_expires_soft(k->sa);
			uint64_t dump = k->dump;
			now_told(k, &k->sa);
			k->dump = dump; /* this doesn't confirm it */
		}
	} else if (what < 700) {
		traffic();
	} else if (what < 860) {
		if (!story.dumping)
			dump_begins();
		dump_goes_on(random_below(12));
		dump_is_read(random_below(8));
	} else if (what < 890) {
		if (story.dumping)
			dump_ends();
	} else if (what < 940) {
		story_claims(group);
	} else if (what < 965) {
		story_releases(group);
	} else if (what < 990) {
		policies_change();
	} else if (what < 994) {
		kernel_flushes();
	} else if (what < 997) {
		story_restarts();
	}
}

START_TEST(whatever_happens_the_end_of_a_dump_makes_it_true)
{
	story = (struct story){ .seed = 0x9e3779b97f4a7c15ull * (uint64_t)(_i + 1), .next_spi = 0x10000 };
	at_random = true;
	for (int i = 0; i < STEPS; i++)
		something_happens();
	if (story.dumping)
		dump_ends();
	dump_begins();
	dump_ends();
	ck_assert_uint_gt(story.confirmed, 100);
	dump_begins();
	kernel_flushes();
	dump_ends();
	for (uint32_t i = 0; i < PEER_GROUPS; i++)
		story_releases(i);
	dump_begins();
	dump_ends();
	expect_tunnels(0);
	expect_held(0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("xfrm_model_random");
	TCase *tc = tests_of(suite, "whatever happens", given_a_gateway);
	tcase_add_loop_test(tc, whatever_happens_the_end_of_a_dump_makes_it_true, 0, 6);
	return run_in_scratch("check_xfrm_model_random", suite);
}
