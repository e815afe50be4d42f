/* SPDX-License-Identifier: ISC */
/* A simulated charon reports anything, in any order. */

#include "vici_model_fixture.h"

/* --- a charon made up ---------------------------------------------------- */

/*
 * Gateways whose children start, are rekeyed and end at random, in a charon that sometimes dies. It reports as charon
 * does, but events may be lost, be sent twice, or be overtaken by a list. After each round, two lists follow without
 * changes. Then the model must know the truth, whatever it was told before.
 */
#define PEERS      6
#define CONFIGS    4  /* children of a gateway: two names, each with two pairs of selectors */
#define SIM_SAS    96 /* CHILD_SAs at a time */
#define SIM_ROUNDS 200

struct sim_child {
	bool exists, known; /* known: the model learned of it while it was in use */
	bool idle;          /* nothing reaches it any more */
	uint32_t peer, config;
	struct vici_child sa;
	uint64_t told_in, told_out;
};

struct sim_peer {
	bool up, old_up;
	struct vici_ike sa, old; /* old: replaced, but still listed */
};

static struct sim {
	uint64_t seed;
	struct sim_peer peer[PEERS];
	struct sim_child child[SIM_SAS];
	uint32_t ike_uid, child_uid, spi, reqids; /* the last ones given */
	uint32_t index[PEERS][CONFIGS];           /* the tunnel must have kept this; 0: any */
	uint64_t in, out;                         /* packets reported to the model */
	bool deaf;                                /* nobody listens */
	bool overtaken;                           /* an event was, in this round */
} sim;

static uint32_t
sim_random(uint32_t below)
{
	sim.seed ^= sim.seed << 13; /* xorshift: the same on every machine */
	sim.seed ^= sim.seed >> 7;
	sim.seed ^= sim.seed << 17;
	return (uint32_t)(sim.seed >> 33) % below;
}

static bool
in_use(const struct sim_child *c)
{
	return c->exists && (c->sa.state == VICI_CHILD_INSTALLED || c->sa.state == VICI_CHILD_REKEYING);
}

static struct sim_child *
sim_live(uint32_t peer, uint32_t config)
{
	for (size_t i = 0; i < SIM_SAS; i++)
		if (in_use(&sim.child[i]) && sim.child[i].peer == peer && sim.child[i].config == config)
			return &sim.child[i];
	return NULL;
}

/* Record that the model has seen these counts. */
static void
sim_counts_seen(struct sim_child *c)
{
	c->known |= in_use(c);
	if (!c->known)
		return;
	sim.in += c->sa.packets_in - c->told_in;
	sim.out += c->sa.packets_out - c->told_out;
	c->told_in = c->sa.packets_in;
	c->told_out = c->sa.packets_out;
}

static void
sim_list(void)
{
	uint32_t first = sim_random(SIM_SAS), first_peer = sim_random(PEERS);
	bool old_first = sim_random(2);

	if (sim.deaf)
		return;
	at_random = true;
	vici_model_list_begin(model);
	for (uint32_t n = 0; n < PEERS; n++) {
		uint32_t at = (first_peer + n) % PEERS;
		struct sim_peer *p = &sim.peer[at];
		if (p->old_up && old_first)
			tell_ike(p->old);
		if (p->up)
			tell_ike(p->sa);
		for (uint32_t i = 0; i < SIM_SAS; i++) {
			struct sim_child *c = &sim.child[(first + i) % SIM_SAS];
			if (c->exists && c->peer == at) {
				tell_child(p->sa, c->sa);
				sim_counts_seen(c);
			}
		}
		if (p->old_up && !old_first)
			tell_ike(p->old);
		if (p->old_up && p->sa.version == 2)
			p->old_up = sim_random(2);
	}
	unsure = vici_model_list_end(model);
	at_random = false;
	all_is_true();
}

/* How often is this event received? A list may come first. */
static uint32_t
sim_times_heard(void)
{
	static const uint32_t times[] = { 1, 1, 1, 1, 1, 0, 2, 1 };
	uint32_t how = sim_random(COUNT(times));

	if (sim.deaf)
		return 0;
	if (how == COUNT(times) - 1 && !sim.overtaken) {
		sim.overtaken = true;
		sim_list();
	}
	return times[how];
}

#define SAY(...)                                                               \
	do {                                                                   \
		for (uint32_t times = sim_times_heard(); times > 0; times--) { \
			__VA_ARGS__;                                           \
		}                                                              \
	} while (0)

static void
sim_ike_name(struct vici_ike *sa, uint32_t peer)
{
	char name[16], id[16];
	snprintf(name, sizeof(name), "conn%u", peer / 2); /* each connection has two peers */
	snprintf(id, sizeof(id), "peer%u", peer);
	*sa = from_peer(ike(++sim.ike_uid, name), id, (uint8_t)(10 + peer));
	sa->version = peer % 3 == 0 ? 1 : 2;
	sa->spi_initiator = sa->spi_responder = 0xabc00000ull + ++sim.spi;
}

static struct sim_child *
sim_new_child(uint32_t peer, uint32_t config, uint32_t reqid)
{
	struct sim_child *c = sim.child;
	char name[16];
	while (c->exists && c < &sim.child[SIM_SAS - 1])
		c++;
	ck_assert(!c->exists);
	snprintf(name, sizeof(name), "child%u", config / 2);
	sim.spi += 2;
	*c = (struct sim_child){ .exists = true, .peer = peer, .config = config };
	c->sa = child(++sim.child_uid, name, reqid, sim.spi);
	c->sa.local_ts[0] = c->sa.remote_ts[0] = subnet(10, 1, (uint8_t)(peer * CONFIGS + config));
	return c;
}

static void
sim_child_up(uint32_t peer, uint32_t config)
{
	struct sim_child *c = sim_new_child(peer, config, ++sim.reqids);
	/* Charon gives the same reqid to the same selectors while there is an SA with them. */
	for (size_t i = 0; i < SIM_SAS; i++)
		if (sim.child[i].exists && &sim.child[i] != c && sim.child[i].peer == peer &&
		    sim.child[i].config == config)
			c->sa.reqid = sim.child[i].sa.reqid;
	SAY(tell_both(sim.peer[peer].sa, c->sa); sim_counts_seen(c));
}

static void
sim_peer_up(uint32_t peer)
{
	struct sim_peer *p = &sim.peer[peer];
	sim_ike_name(&p->sa, peer);
	p->up = true;
	SAY(tell_ike(p->sa));
	for (uint32_t config = 0; config < CONFIGS; config++)
		if (sim_random(4) > 0)
			sim_child_up(peer, config);
}

static void
sim_child_rekey(struct sim_child *old)
{
	struct sim_peer *p = &sim.peer[old->peer];
	if (!old->known)
		sim_list();
	if (!old->known)
		return;
	struct sim_child *now = sim_new_child(old->peer, old->config, old->sa.reqid);
	old->sa.state = p->sa.version == 1 ? VICI_CHILD_REKEYED : VICI_CHILD_DELETED;
	struct vici_child said = child_in(old->sa, p->sa.version == 1 ? VICI_CHILD_REKEYING : VICI_CHILD_REKEYED);
	SAY(child_rekey(p->sa, said, now->sa); sim_counts_seen(old); sim_counts_seen(now));
}

/* Its tunnel is down. Ignore SAs of it that are still listed. */
static void
sim_child_gone(struct sim_child *c)
{
	c->exists = false;
	sim.index[c->peer][c->config] = 0;
	for (size_t i = 0; i < SIM_SAS; i++) {
		struct sim_child *other = &sim.child[i];
		if (other->exists && other->peer == c->peer && other->config == c->config) {
			other->sa = with_packets(other->sa, other->told_in, other->told_out);
			other->idle = true;
		}
	}
}

static void
sim_child_down(struct sim_child *c)
{
	sim_child_gone(c);
	SAY(child_down(sim.peer[c->peer].sa, c->sa); sim_counts_seen(c));
}

static void
sim_ike_down(uint32_t peer)
{
	struct sim_peer *p = &sim.peer[peer];
	bool ike_first = p->sa.version == 2, old_up = p->old_up && !ike_first;
	bool down[SIM_SAS];

	p->up = p->old_up = false;
	memset(sim.index[peer], 0, sizeof(sim.index[peer]));
	for (size_t i = 0; i < SIM_SAS; i++) {
		down[i] = in_use(&sim.child[i]) && sim.child[i].peer == peer;
		if (sim.child[i].peer == peer)
			sim.child[i].exists = false;
	}
	if (ike_first)
		SAY(ike_down(p->sa));
	for (size_t i = 0; i < SIM_SAS; i++)
		if (down[i])
			SAY(child_down(p->sa, sim.child[i].sa); sim_counts_seen(&sim.child[i]));
	if (old_up)
		SAY(ike_down(p->old));
	if (!ike_first)
		SAY(ike_down(p->sa));
}

static void
sim_ike_rekey(uint32_t peer)
{
	struct sim_peer *p = &sim.peer[peer];
	if (p->old_up)
		return;
	p->old = ike_in(p->sa, p->sa.version == 1 ? VICI_IKE_REKEYING : VICI_IKE_REKEYED);
	p->old_up = true;
	sim_ike_name(&p->sa, peer);
	p->sa.initiator = sim_random(2);
	/* It may only be lost while nobody listens. Otherwise successors could not be known for all children. */
	if (p->sa.version == 1)
		SAY(tell_ike(p->sa));
	else
		for (uint32_t times = sim.deaf ? 0 : 1 + sim_random(2); times > 0; times--)
			ike_rekey(p->old, p->sa);
}

static void
sim_traffic(void)
{
	for (size_t i = 0; i < SIM_SAS; i++) {
		struct sim_child *c = &sim.child[i];
		if (c->exists && !c->idle && (in_use(c) || c->known))
			c->sa = with_packets(c->sa, c->sa.packets_in + sim_random(100),
					     c->sa.packets_out + (in_use(c) ? sim_random(100) : 0));
	}
}

static void
sim_crash(void)
{
	charon_is_away();
	for (uint32_t i = 0; i < PEERS; i++)
		sim.peer[i].up = sim.peer[i].old_up = false;
	memset(sim.child, 0, sizeof(sim.child));
	sim.ike_uid = sim.child_uid = sim.reqids = 0;
	if (sim_random(3) == 0) {
		LIST_TWICE();
		expect_tunnels(0);
	} else {
		vici_model_list_begin(model); /* the request was sent; the next events come before the answer */
	}
	for (uint32_t i = 0; i < PEERS; i++)
		if (sim_random(3) > 0)
			sim_peer_up(i);
}

static void
sim_away(void)
{
	sim.deaf = true;
	if (sim_random(2))
		charon_is_away();
	else
		daemon_restarts();
}

static void
sim_step(void)
{
	uint32_t peer = sim_random(PEERS), config = sim_random(CONFIGS);
	struct sim_peer *p = &sim.peer[peer];
	struct sim_child *live = sim_live(peer, config);

	switch (sim_random(12)) {
	case 0:
		if (!p->up)
			sim_peer_up(peer);
		break;
	case 1:
		if (p->up && sim_random(3) == 0)
			sim_ike_down(peer);
		break;
	case 2:
	case 3:
		if (live)
			sim_child_rekey(live);
		break;
	case 4:
		if (live)
			sim_child_down(live);
		break;
	case 5:
		if (p->up && !live)
			sim_child_up(peer, config);
		break;
	case 6:
		if (p->up)
			sim_ike_rekey(peer);
		break;
	case 7:
		if (p->old_up && p->sa.version == 1) {
			p->old_up = false;
			SAY(ike_down(p->old));
		}
		break;
	case 8:
		for (size_t i = 0; i < SIM_SAS; i++) /* the replaced SA disappears without an event */
			if (sim.child[i].exists && !in_use(&sim.child[i]) && sim_random(2))
				sim.child[i].exists = false;
		break;
	case 9:
	case 10:
		sim_traffic();
		break;
	case 11:
		sim_list();
		break;
	}
}

static uint32_t
selector_of(const struct ipm_tunnel *t)
{
	struct ipm_selector sel;
	ck_assert_uint_ne(t->sel_head, 0);
	ck_assert_int_eq(ipm_selector_read(seg, t->sel_head - 1, &sel), 0);
	return sel.local.first.bytes[2];
}

static void
expect_what_is_true(void)
{
	bool found[PEERS][CONFIGS] = { 0 };
	uint32_t peers_up = 0;

	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNELS); slot++) {
		struct ipm_tunnel t;
		if (ipm_tunnel_read(seg, slot, &t) < 0 || t.state != IPM_TUNNEL_UP)
			continue;
		uint32_t key = selector_of(&t), peer = key / CONFIGS, config = key % CONFIGS;
		struct sim_child *c = sim_live(peer, config);
		ck_assert_msg(c != NULL, "tunnel %u (peer %u, child %u) is not up", t.index, peer, config);
		ck_assert_msg(!found[peer][config], "peer %u, child %u is there twice", peer, config);
		found[peer][config] = true;
		ck_assert_str_eq(t.name, c->sa.name);
		ck_assert_str_eq(t.conn, sim.peer[peer].sa.name);
		ck_assert_uint_eq(t.uid, c->sa.uniqueid);
		ck_assert_msg(ipm_tunnel_ike_alive(seg, &t), "tunnel %u has lost its IKE SA", t.index);
		ck_assert_msg(!sim.index[peer][config] || sim.index[peer][config] == t.index,
			      "peer %u, child %u was tunnel %u and is %u", peer, config, sim.index[peer][config],
			      t.index);
		sim.index[peer][config] = t.index;
	}
	for (uint32_t peer = 0; peer < PEERS; peer++) {
		peers_up += sim.peer[peer].up;
		for (uint32_t config = 0; config < CONFIGS; config++)
			ck_assert_msg(found[peer][config] == (sim_live(peer, config) != NULL),
				      "peer %u, child %u is not shown", peer, config);
	}
	expect_ikes(peers_up);
	ck_assert_uint_eq(totals().in.pkts, sim.in);
	ck_assert_uint_eq(totals().out.pkts, sim.out);
}

START_TEST(whatever_was_heard_two_quiet_lists_make_it_true)
{
	sim = (struct sim){ .seed = 0x9e3779b97f4a7c15ull * (uint64_t)(_i + 1), .spi = 0xc0000000 };
	LIST_TWICE();
	for (int round = 0; round < SIM_ROUNDS; round++) {
		uint32_t fate = sim_random(12);
		sim.overtaken = false;
		if (fate == 0)
			sim_crash();
		else if (fate == 1)
			sim_away();
		for (uint32_t steps = 1 + sim_random(8); steps > 0; steps--)
			sim_step();
		sim.deaf = false;
		for (size_t i = 0; i < PEERS; i++)
			if (sim.peer[i].sa.version == 2) /* the replaced SA is only listed for a short time */
				sim.peer[i].old_up = false;
		sim_list();
		sim_list();
		expect_what_is_true();
		if (sim_random(4) == 0) {
			hold_time_is_over();
			expect_what_is_true();
			expect_held(0);
			for (uint32_t key = 0; key < PEERS * CONFIGS; key++)
				if (!sim_live(key / CONFIGS, key % CONFIGS))
					sim.index[key / CONFIGS][key % CONFIGS] = 0;
		}
	}
	LIST_TWICE();
	hold_until = ipm_now_ns();
	vici_model_expire(model, UINT64_MAX);
	ck_assert_uint_eq(rows(IPM_TUNNELS) + rows(IPM_SAS) + rows(IPM_SELECTORS) + rows(IPM_IKE_SAS), 0);
	ck_assert_uint_eq(totals().records_refused, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("vici_model_random");
	TCase *tc = tcase_create("random");
	tcase_add_checked_fixture(tc, given_a_gateway, gateway_ends);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, whatever_was_heard_two_quiet_lists_make_it_true, 0, 4);
	suite_add_tcase(suite, tc);
	return run_in_scratch("check_vici_model_random", suite);
}
