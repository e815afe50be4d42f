/* SPDX-License-Identifier: ISC */
/* Negotiations on the wire, with and without IKE SAs of another feed. */

#include "ike_message_fixture.h"

#define S NS_PER_SECOND

static char path_of[SCRATCH_PATH];
static struct ipm_writer *writer;
static struct ike_track *track;
static struct ike_watch *watch;
static uint32_t feed, other_feed;
static uint64_t now_ns;

static bool
is_local(void *arg, const struct ipm_addr *addr)
{
	(void)arg;
	return addr->len == 4 ? memcmp(addr->bytes, us4, 4) == 0 : addr->bytes[15] == 1;
}

static uint32_t capacity;

static void
starts(void)
{
	struct ipm_writer_options opt = {
		.path = path_of,
		.name = "gw",
		.capacity = { .ike_sas = capacity, .feeds = 2, .history = 64, .failures = 128, .events = 256 },
		.mode = 0600
	};
	struct ipm_error err;
	ck_assert_int_eq(ipm_writer_open(&writer, &opt, &err), 0);
	feed = (uint32_t)ipm_feed_open(writer, "ikewatch");
	other_feed = (uint32_t)ipm_feed_open(writer, "vici");
	track = ike_track_new(writer, feed, now_ns);
	watch = ike_watch_new(track, is_local, NULL);
	ck_assert_ptr_nonnull(watch);
}

static void
stops(void)
{
	ike_watch_free(watch);
	ike_track_free(track);
	ipm_writer_close(writer);
}

static void
given_a_gateway(void)
{
	path_in_scratch(path_of);
	now_ns = 1000 * S;
	capacity = 4096;
	starts();
}

static void
it_ends(void)
{
	stops();
	unlink(path_of);
}

static void
passes(uint64_t ns)
{
	for (uint64_t until = now_ns + ns; now_ns < until;) {
		now_ns += until - now_ns < S ? until - now_ns : S;
		ike_track_tick(track, now_ns);
	}
}

static void
comes_by(const struct path *p, const struct octets *msg)
{
	struct octets o = frame(p, msg);
	now_ns += 1000000;
	const struct ike_frame f = { .link = p->link, .data = o.at, .size = o.len, .stamp_ns = now_ns };
	ike_watch_frame(watch, &f, now_ns);
}

#define OUT true
#define IN  false

static void
sends(bool out, struct octets msg)
{
	comes_by(&(struct path){ DLT_SLL2, .out = out, .sport = 500, .dport = 500, .ifindex = 2 }, &msg);
}

/* The record of the IKE SA with these SPIs. */
static const struct ipm_ike_sa *
record(uint64_t spi_i, uint64_t spi_r)
{
	int slot = ipm_ike_named(writer, spi_i, spi_r, -1);
	return slot < 0 ? NULL : ipm_ike_peek(writer, (uint32_t)slot);
}

static const struct ipm_ike_sa *
expect_phase(uint64_t spi_i, uint64_t spi_r, enum ipm_ike_phase phase, enum ipm_ike_state state)
{
	const struct ipm_ike_sa *sa = record(spi_i, spi_r);
	ck_assert_ptr_nonnull(sa);
	ck_assert_msg(sa->phase == phase, "%s, not %s", ike_phase_text(sa->phase), ike_phase_text(phase));
	ck_assert_int_eq(sa->state, state);
	return sa;
}

static unsigned
records(void)
{
	unsigned n = 0;
	for (uint32_t slot = 0; slot < ipm_segment_used(ipm_writer_segment(writer), IPM_IKE_SAS); slot++)
		n += ipm_ike_peek(writer, slot)->index != 0;
	return n;
}

static const struct ipm_totals *
totals(void)
{
	return ipm_writer_totals(writer);
}

/* The feed of an IKE daemon reports an IKE SA. */
static uint32_t
daemon_tells(uint64_t spi_i, uint64_t spi_r, uint8_t version)
{
	struct ipm_ike_sa sa = { .state = IPM_IKE_ESTABLISHED,
				 .version = version,
				 .spi_initiator = spi_i,
				 .spi_responder = spi_r,
				 .feed = other_feed };
	int slot = ipm_ike_start(writer, &sa);
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

/* --- negotiations -------------------------------------------------------- */

static struct octets
main_mode(int n, uint64_t spi_i, uint64_t spi_r)
{
	struct octets o = message(1, IKE_V1_MAIN, n > 4, spi_i, n > 1 ? spi_r : 0, 0);
	if (n <= 2) {
		payload(&o, 1, v1_sa, sizeof(v1_sa));
	} else if (n <= 4) {
		blank(&o, 4, 256, (unsigned)n);
		blank(&o, 10, 32, (unsigned)n);
	} else {
		blank(&o, 5, 64, (unsigned)n);
	}
	return o;
}

static struct octets
aggressive_mode(int n, uint64_t spi_i, uint64_t spi_r)
{
	struct octets o = message(1, IKE_V1_AGGRESSIVE, n > 2, spi_i, n > 1 ? spi_r : 0, 0);
	uint8_t id[] = { 2, 0, 0, 0, (uint8_t)('0' + n), '.', 'l', 'a', 'b' };
	if (n <= 2) {
		payload(&o, 1, v1_sa, sizeof(v1_sa));
		blank(&o, 4, 128, (unsigned)n);
		payload(&o, 5, id, sizeof(id));
	} else {
		blank(&o, 8, 64, (unsigned)n);
	}
	return o;
}

static struct octets
quick_mode(int n, uint64_t spi_i, uint64_t spi_r, uint32_t id)
{
	struct octets o = message(1, IKE_V1_QUICK, 1, spi_i, spi_r, id);
	blank(&o, 8, 100, (unsigned)n);
	return o;
}

static struct octets
sa_init(bool response, uint64_t spi_i, uint64_t spi_r)
{
	struct octets o = message(2, IKE_V2_SA_INIT, response ? 0x20 : 0x08, spi_i, response ? spi_r : 0, 0);
	payload(&o, 33, v2_sa, sizeof(v2_sa));
	blank(&o, 34, 100, response);
	blank(&o, 40, 32, response);
	notify(&o, 2, 16388);
	notify(&o, 2, 16389);
	return o;
}

/* An encrypted message of @p octets. */
static struct octets
sealed(unsigned exchange, unsigned flags, uint64_t spi_i, uint64_t spi_r, uint32_t id, size_t octets)
{
	struct octets o = message(2, exchange, flags, spi_i, spi_r, id);
	blank(&o, 46, octets - 32, flags ^ id);
	return o;
}

#define I   0x08 /* from the initiator */
#define RSP 0x20

/* A whole Main Mode. @p begins: the direction of its first message. */
static void
main_mode_runs(bool begins, uint64_t spi_i, uint64_t spi_r)
{
	for (int n = 1; n <= 6; n++)
		sends((n % 2 == 1) == begins, main_mode(n, spi_i, spi_r));
}

/* We have sent the request of IKE_AUTH, which is not answered yet. */
static void
asks_for_auth(uint64_t spi_i, uint64_t spi_r)
{
	sends(OUT, sa_init(false, spi_i, 0));
	sends(IN, sa_init(true, spi_i, spi_r));
	sends(OUT, sealed(IKE_V2_AUTH, I, spi_i, spi_r, 1, 300));
}

START_TEST(main_mode_goes_through_its_states)
{
	bool ours = _i; /* who begins */
	static const enum ipm_ike_phase after[] = {
		IPM_PHASE_MM_NO_STATE, IPM_PHASE_MM_SA_SETUP, IPM_PHASE_MM_SA_SETUP,
		IPM_PHASE_MM_KEY_EXCH, IPM_PHASE_MM_KEY_EXCH, IPM_PHASE_MM_KEY_AUTH
	};
	size_t octets[2] = { 0 };
	for (int n = 1; n <= 6; n++) {
		struct octets o = main_mode(n, 7, 8);
		bool out = ours == (n % 2 == 1);
		sends(out, o);
		octets[out] += o.len;
		const struct ipm_ike_sa *sa = expect_phase(7, n > 1 ? 8 : 0, after[n - 1], IPM_IKE_NEGOTIATING);
		ck_assert_uint_eq(sa->mode, IPM_MODE_MAIN);
		ck_assert_uint_eq(sa->initiator, ours);
		ck_assert_uint_eq(sa->in.octets, octets[IN]);
		ck_assert_uint_eq(sa->out.octets, octets[OUT]);
		ck_assert_uint_eq(sa->local.bytes[3], 1);
		ck_assert_uint_eq(sa->remote.bytes[3], 2);
		if (n == 2) {
			ck_assert_uint_eq(sa->proposal.group, 14);
			ck_assert_uint_eq(sa->auth, IPM_AUTH_RSA);
		}
	}
	ck_assert_uint_eq(totals()->ike_active, 0);
	sends(ours, quick_mode(1, 7, 8, 0x1234)); /* who began begins this, too */
	const struct ipm_ike_sa *sa = expect_phase(7, 8, IPM_PHASE_QM_IDLE, IPM_IKE_ESTABLISHED);
	ck_assert_uint_eq(sa->in.exchanges, !ours);
	ck_assert_uint_eq(sa->out.exchanges, ours);
	ck_assert_uint_eq(sa->hard_ns, 3600 * S);
	ck_assert_uint_eq(totals()->ike_active, 1);
	ck_assert_uint_eq(totals()->ike_initiated, ours);
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(aggressive_mode_goes_through_its_states)
{
	bool ours = _i;
	static const enum ipm_ike_phase after[] = { IPM_PHASE_AG_NO_STATE, IPM_PHASE_AG_INIT_EXCH, IPM_PHASE_AG_AUTH };
	for (int n = 1; n <= 3; n++) {
		struct octets o = aggressive_mode(n, 7, 8);
		sends(ours == (n % 2 == 1), o);
		const struct ipm_ike_sa *sa = expect_phase(7, n > 1 ? 8 : 0, after[n - 1], IPM_IKE_NEGOTIATING);
		ck_assert_uint_eq(sa->mode, IPM_MODE_AGGRESSIVE);
	}
	const struct ipm_ike_sa *sa = record(7, 8);
	ck_assert_str_eq(ours ? sa->local_id : sa->remote_id, "1.lab");
	ck_assert_str_eq(ours ? sa->remote_id : sa->local_id, "2.lab");
	sends(ours, quick_mode(1, 7, 8, 0x1234));
	if (!ours) { /* the peer may send anything; our answer shows that we accept it */
		expect_phase(7, 8, IPM_PHASE_AG_AUTH, IPM_IKE_NEGOTIATING);
		sends(OUT, quick_mode(2, 7, 8, 0x1234));
	}
	sa = expect_phase(7, 8, IPM_PHASE_QM_IDLE, IPM_IKE_ESTABLISHED);
	ck_assert_uint_eq(sa->in.exchanges + sa->out.exchanges, 1);
}
END_TEST

START_TEST(in_fragments_it_goes_through_the_same_states)
{
	static const enum ipm_ike_phase after[] = { IPM_PHASE_AG_NO_STATE, IPM_PHASE_AG_INIT_EXCH, IPM_PHASE_AG_AUTH };
	for (int n = 1; n <= 3; n++) {
		struct octets o = aggressive_mode(n, 7, 8);
		for (uint8_t part = 1; n > 1 && part <= 3; part++) {
			uint8_t body[64] = { 0, (uint8_t)n, part, part == 3 };
			o = message(1, IKE_V1_AGGRESSIVE, 0, 7, 8, 0);
			payload(&o, 132, body, sizeof(body));
			sends(n % 2 == 1, o);
			expect_phase(7, 8, after[part == 3 ? n - 1 : n - 2], IPM_IKE_NEGOTIATING);
		}
		if (n == 1)
			sends(OUT, o);
	}
	ck_assert_uint_eq(record(7, 8)->in.pkts, 3);
	ck_assert_uint_eq(record(7, 8)->out.pkts, 4);
}
END_TEST

START_TEST(ikev2_goes_through_its_states)
{
	bool ours = _i;
	sends(ours, sa_init(false, 7, 0));
	expect_phase(7, 0, IPM_PHASE_V2_INIT, IPM_IKE_NEGOTIATING);
	sends(!ours, sa_init(true, 7, 8));
	const struct ipm_ike_sa *sa = expect_phase(7, 8, IPM_PHASE_V2_AUTH, IPM_IKE_NEGOTIATING);
	ck_assert_uint_eq(sa->proposal.encr, 20);
	ck_assert_uint_eq(sa->in.notifies, 2);
	ck_assert_uint_eq(sa->out.notifies, 2);
	sends(ours, sealed(IKE_V2_AUTH, I, 7, 8, 1, 300));
	expect_phase(7, 8, IPM_PHASE_V2_AUTH, IPM_IKE_NEGOTIATING);
	sends(!ours, sealed(IKE_V2_AUTH, RSP, 7, 8, 1, 250));
	expect_phase(7, 8, IPM_PHASE_V2_AUTH, IPM_IKE_NEGOTIATING);
	passes(2 * S);
	sa = expect_phase(7, 8, IPM_PHASE_V2_READY, IPM_IKE_ESTABLISHED);
	ck_assert_uint_eq(sa->initiator, ours);
	ck_assert_uint_eq(sa->in.exchanges + sa->out.exchanges, 0);
	ck_assert_uint_eq(totals()->ike_active, 1);
}
END_TEST

START_TEST(only_the_responder_says_what_its_spi_is)
{
	sends(IN, sa_init(false, 7, 0));
	struct octets o = message(2, IKE_V2_SA_INIT, I, 7, 99, 0);
	payload(&o, 33, v2_sa, sizeof(v2_sa));
	sends(IN, o);
	sends(OUT, sa_init(true, 7, 8));
	expect_phase(7, 8, IPM_PHASE_V2_AUTH, IPM_IKE_NEGOTIATING);
	ck_assert_uint_eq(records(), 1);
}
END_TEST

static void
v2_up(uint64_t spi_i, uint64_t spi_r)
{
	struct octets o = sa_init(false, spi_i, 0);
	sends(OUT, o);
	o = sa_init(true, spi_i, spi_r);
	sends(IN, o);
	o = sealed(IKE_V2_AUTH, I, spi_i, spi_r, 1, 300);
	sends(OUT, o);
	o = sealed(IKE_V2_AUTH, RSP, spi_i, spi_r, 1, 250);
	sends(IN, o);
	passes(2 * S);
	expect_phase(spi_i, spi_r, IPM_PHASE_V2_READY, IPM_IKE_ESTABLISHED);
}

START_TEST(a_cookie_and_another_group_are_asked_for_within_the_same_negotiation)
{
	struct octets first = sa_init(false, 7, 0), o;
	sends(OUT, first);
	o = message(2, IKE_V2_SA_INIT, RSP, 7, 0, 0);
	notify(&o, 2, IKE_N_COOKIE);
	sends(IN, o);
	o = first;
	notify(&o, 2, IKE_N_COOKIE);
	sends(OUT, o);
	o = message(2, IKE_V2_SA_INIT, RSP, 7, 99, 0);
	notify(&o, 2, IKE_N_INVALID_KE_PAYLOAD);
	sends(IN, o);
	expect_phase(7, 0, IPM_PHASE_V2_INIT, IPM_IKE_NEGOTIATING);
	o = first;
	o.at[200]++;
	sends(OUT, o);
	sends(IN, sa_init(true, 7, 8));
	const struct ipm_ike_sa *sa = expect_phase(7, 8, IPM_PHASE_V2_AUTH, IPM_IKE_NEGOTIATING);
	ck_assert_uint_eq(sa->out.pkts, 3);
	ck_assert_uint_eq(sa->in.pkts, 3);
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(eap_is_not_over_with_the_first_answer)
{
	sends(IN, sa_init(false, 7, 0));
	sends(OUT, sa_init(true, 7, 8));
	for (uint32_t id = 1; id <= 3; id++) {
		sends(IN, sealed(IKE_V2_AUTH, I, 7, 8, id, 200));
		passes(S / 2);
		sends(OUT, sealed(IKE_V2_AUTH, RSP, 7, 8, id, 500));
		passes(S / 2);
		expect_phase(7, 8, IPM_PHASE_V2_AUTH, IPM_IKE_NEGOTIATING);
	}
	passes(S);
	expect_phase(7, 8, IPM_PHASE_V2_READY, IPM_IKE_ESTABLISHED);
}
END_TEST

START_TEST(an_answer_with_room_for_no_more_than_an_error_is_no_success)
{
	asks_for_auth(7, 8);
	sends(IN, sealed(IKE_V2_AUTH, RSP, 7, 8, 1, 80));
	passes(10 * S);
	expect_phase(7, 8, IPM_PHASE_V2_AUTH, IPM_IKE_NEGOTIATING);
	passes(IKE_OWN_OPEN_NS);
	ck_assert_ptr_null(record(7, 8));
	ck_assert_uint_eq(totals()->ike_init_fails, 1);
	ck_assert_uint_eq(totals()->ike_previous, 0);
}
END_TEST

START_TEST(who_is_told_something_at_once_after_ike_auth_may_be_refused)
{
	asks_for_auth(7, 8);
	sends(IN, sealed(IKE_V2_AUTH, RSP, 7, 8, 1, 250));
	sends(OUT, sealed(IKE_V2_INFORMATIONAL, I, 7, 8, 2, 80));
	passes(5 * S);
	expect_phase(7, 8, IPM_PHASE_V2_AUTH, IPM_IKE_NEGOTIATING);
	sends(OUT, sealed(IKE_V2_INFORMATIONAL, I, 7, 8, 3, 80)); /* it was not */
	expect_phase(7, 8, IPM_PHASE_V2_READY, IPM_IKE_ESTABLISHED);
}
END_TEST

START_TEST(retransmissions_are_packets_and_nothing_else)
{
	v2_up(7, 8);
	struct octets o = sealed(IKE_V2_CREATE_CHILD_SA, I, 7, 8, 2, 200);
	for (int i = 0; i < 3; i++)
		sends(OUT, o);
	sends(OUT, sa_init(false, 7, 0)); /* the very first message again */
	const struct ipm_ike_sa *sa = record(7, 8);
	ck_assert_uint_eq(sa->out.pkts, 2 + 3 + 1);
	ck_assert_uint_eq(sa->out.exchanges, 1);
	ck_assert_uint_eq(sa->out.notifies, 2);
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(exchanges_of_phase_2_count_for_who_began_them_and_refusals_too)
{
	v2_up(7, 8);
	struct octets o;
	sends(OUT, sealed(IKE_V2_CREATE_CHILD_SA, I, 7, 8, 2, 200));
	sends(IN, sealed(IKE_V2_CREATE_CHILD_SA, RSP, 7, 8, 2, 180));
	sends(IN, sealed(IKE_V2_CREATE_CHILD_SA, 0, 7, 8, 0, 200));
	o = sealed(IKE_V2_CREATE_CHILD_SA, I | RSP, 7, 8, 0, 80);
	sends(OUT, o);
	sends(OUT, o);
	sends(IN, sealed(IKE_V2_INFORMATIONAL, 0, 7, 8, 1, 80));
	const struct ipm_ike_sa *sa = record(7, 8);
	ck_assert_uint_eq(sa->out.exchanges, 1);
	ck_assert_uint_eq(sa->out.exchange_rejects, 0);
	ck_assert_uint_eq(sa->in.exchanges, 1);
	ck_assert_uint_eq(sa->in.exchange_rejects, 1);
	ck_assert_uint_eq(totals()->ike_in.exchange_rejects, 1);
	ck_assert_uint_eq(sa->in.exchange_invalids + sa->out.exchange_invalids, 0);
}
END_TEST

START_TEST(phase_2_in_the_clear_is_invalid)
{
	v2_up(7, 8);
	struct octets o = message(2, IKE_V2_CREATE_CHILD_SA, 0, 7, 8, 0);
	payload(&o, 33, v2_sa, sizeof(v2_sa));
	sends(IN, o);
	const struct ipm_ike_sa *sa = record(7, 8);
	ck_assert_uint_eq(sa->in.exchange_invalids, 1);
	ck_assert_uint_eq(sa->in.exchanges, 0);
}
END_TEST

START_TEST(quick_modes_are_told_apart_by_their_message_ids)
{
	main_mode_runs(OUT, 7, 8);
	for (uint32_t id = 1; id <= 5; id++)
		for (int n = 1; n <= 3; n++)
			sends((n % 2 == 1) == (id % 2 == 1), quick_mode(n, 7, 8, id * 0x1000001));
	const struct ipm_ike_sa *sa = record(7, 8);
	ck_assert_uint_eq(sa->out.exchanges, 3);
	ck_assert_uint_eq(sa->in.exchanges, 2);
}
END_TEST

START_TEST(what_is_malformed_is_a_drop_of_the_ike_sa_that_it_names)
{
	v2_up(7, 8);
	struct octets o = sealed(IKE_V2_INFORMATIONAL, 0, 7, 8, 0, 80);
	o.at[30] = 0xff;
	sends(IN, o);
	const struct ipm_ike_sa *sa = record(7, 8);
	ck_assert_uint_eq(sa->in.drops, 1);
	ck_assert_uint_eq(sa->in.pkts, 2);                  /* a drop is not also a packet */
	o = sealed(IKE_V2_INFORMATIONAL, 0, 17, 18, 0, 80); /* nobody's */
	o.at[17] = 0x40;
	sends(IN, o);
	o.len = 20;
	sends(IN, o);
	ck_assert_uint_eq(totals()->ike_in.drops, 3);
	ck_assert_uint_eq(totals()->ike_in.pkts, 2);
	ck_assert_uint_eq(ike_watch_counts(watch)->faults, 3);
}
END_TEST

START_TEST(one_packet_on_two_interfaces_is_one_packet)
{
	struct octets o = sa_init(false, 7, 0);
	struct path eth = { DLT_SLL2, .sport = 500, .dport = 500, .ifindex = 2 }, bond = eth;
	bond.ifindex = 9;
	comes_by(&eth, &o);
	comes_by(&bond, &o);
	ck_assert_uint_eq(record(7, 0)->in.pkts, 1);
	now_ns += S / 2; /* sent again */
	comes_by(&eth, &o);
	comes_by(&bond, &o);
	ck_assert_uint_eq(record(7, 0)->in.pkts, 2);
	ck_assert_uint_eq(ike_watch_counts(watch)->twice, 2);
}
END_TEST

START_TEST(what_passes_through_is_not_ours)
{
	struct octets o = sa_init(false, 7, 0), f;
	f = frame(&(struct path){ DLT_SLL2, .sport = 500, .dport = 500 }, &o);
	f.at[20 + 19]++; /* to another address */
	const struct ike_frame through = { .link = DLT_SLL2, .data = f.at, .size = f.len };
	ike_watch_frame(watch, &through, now_ns);
	/* It comes from an address of ours, but it is inbound. */
	comes_by(&(struct path){ DLT_SLL2, .out = true, .sport = 500, .dport = 500, .type = 1 }, &o);
	ck_assert_uint_eq(ike_watch_counts(watch)->foreign, 2);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(half_open_ones_expire)
{
	sends(IN, main_mode(1, 7, 0));
	sends(OUT, sa_init(false, 17, 0));
	passes(IKE_HALF_OPEN_NS - S);
	ck_assert_uint_eq(records(), 2);
	passes(2 * S);
	ck_assert_uint_eq(records(), 1); /* daemons repeat messages: ours stays longer */
	passes(IKE_OWN_OPEN_NS);
	ck_assert_uint_eq(records(), 0);
	ck_assert_uint_eq(totals()->ike_in.pkts, 1);
	ck_assert_uint_eq(totals()->ike_init_fails, 1); /* nobody answered */
	ck_assert_uint_eq(totals()->ike_resp_fails, 0); /* anybody can say hello */
	ck_assert_uint_eq(totals()->ike_previous, 0);
	struct ipm_failure fail;
	ck_assert_int_eq(ipm_failure_read(ipm_writer_segment(writer), IPM_IKE_FAILURES, 0, &fail), 0);
	ck_assert_uint_eq(fail.reason, IPM_FAIL_PEER_LOST);
}
END_TEST

START_TEST(a_refusal_in_the_clear_is_the_reason_of_the_failure)
{
	struct octets o;
	sends(OUT, sa_init(false, 7, 0));
	o = message(2, IKE_V2_SA_INIT, RSP, 7, 8, 0);
	notify(&o, 2, IKE_N_NO_PROPOSAL_CHOSEN);
	sends(IN, o);
	sends(IN, main_mode(1, 17, 0));
	o = message(1, IKE_V1_INFORMATIONAL, 0, 17, 18, 5);
	notify(&o, 1, IKE_N_NO_PROPOSAL_CHOSEN);
	sends(OUT, o);
	passes(IKE_HALF_OPEN_NS + S);
	ck_assert_uint_eq(records(), 0);
	ck_assert_uint_eq(totals()->ike_init_fails, 1);
	ck_assert_uint_eq(totals()->ike_resp_fails, 1);
	for (uint32_t slot = 0; slot < 2; slot++) {
		struct ipm_failure fail;
		ck_assert_int_eq(ipm_failure_read(ipm_writer_segment(writer), IPM_IKE_FAILURES, slot, &fail), 0);
		ck_assert_uint_eq(fail.reason, IPM_FAIL_PROPOSAL);
	}
}
END_TEST

START_TEST(no_more_failures_are_recorded_than_a_minute_has_room_for)
{
	for (uint64_t spi = 1000; spi < 1000 + IKE_FAILURES_MAX + 10; spi++)
		sends(OUT, sa_init(false, spi, 0));
	passes(IKE_OWN_OPEN_NS + S);
	ck_assert_uint_eq(records(), 0);
	ck_assert_uint_eq(totals()->ike_init_fails, IKE_FAILURES_MAX);
}
END_TEST

START_TEST(a_flood_pushes_out_nobody_who_answers)
{
	v2_up(7, 8);
	struct octets o = main_mode(1, 17, 0); /* we began it */
	sends(OUT, o);
	sends(IN, main_mode(1, 27, 0)); /* one whose peer comes back */
	sends(OUT, main_mode(2, 27, 28));
	sends(IN, main_mode(3, 27, 28));
	for (uint64_t spi = 1000; spi < 1000 + 5 * IKE_HALF_OPEN_MAX; spi++) {
		sends(IN, sa_init(false, spi, 0));
	}
	ck_assert_uint_eq(records(), IKE_HALF_OPEN_MAX + 1);
	expect_phase(7, 8, IPM_PHASE_V2_READY, IPM_IKE_ESTABLISHED);
	expect_phase(17, 0, IPM_PHASE_MM_NO_STATE, IPM_IKE_NEGOTIATING);
	expect_phase(27, 28, IPM_PHASE_MM_SA_SETUP, IPM_IKE_NEGOTIATING);
	ck_assert_ptr_nonnull(record(1000 + 5 * IKE_HALF_OPEN_MAX - 1, 0));
	ck_assert_uint_eq(ike_track_pushed_out(track), 4 * IKE_HALF_OPEN_MAX + 2);
	ck_assert_uint_eq(totals()->ike_in.pkts, 2 + 2 + 5 * IKE_HALF_OPEN_MAX);
	ck_assert_uint_eq(totals()->ike_resp_fails, 0);
	ck_assert_uint_eq(totals()->next_ike, 2); /* and none of them used an index */
	/* And with unknown SPIs. */
	for (uint64_t spi = 1; spi < 3 * IKE_UNKNOWN_MAX; spi++) {
		sends(IN, sealed(IKE_V2_INFORMATIONAL, 0, spi << 20, spi, 0, 80));
	}
	passes(IKE_UNKNOWN_NS + S);
	ck_assert_uint_eq(totals()->ike_in.drops, 3 * IKE_UNKNOWN_MAX - 1);
	expect_phase(7, 8, IPM_PHASE_V2_READY, IPM_IKE_ESTABLISHED);
}
END_TEST

START_TEST(half_open_ones_leave_most_of_a_small_segment_alone)
{
	stops();
	unlink(path_of);
	capacity = 16;
	starts();
	for (uint64_t spi = 1; spi <= 100; spi++) {
		struct octets o = sa_init(false, spi, 0);
		sends(IN, o);
	}
	ck_assert_uint_eq(records(), 4);
	ck_assert_uint_eq(totals()->records_refused, 0);
}
END_TEST

/* --- with an IKE daemon's feed ------------------------------------------- */

START_TEST(what_a_daemon_has_a_record_of_counts_there)
{
	ike_track_daemon(track, true);
	uint32_t slot = daemon_tells(7, 8, 2);
	sends(IN, sealed(IKE_V2_CREATE_CHILD_SA, 0, 7, 8, 5, 200));
	ck_assert_uint_eq(records(), 1);
	ck_assert_uint_eq(ipm_ike_peek(writer, slot)->in.exchanges, 1);
	ck_assert_uint_eq(ipm_ike_peek(writer, slot)->phase, IPM_PHASE_V2_READY);
	ck_assert_uint_eq(ipm_ike_peek(writer, slot)->feed, other_feed);
}
END_TEST

START_TEST(what_came_by_before_the_daemon_told_is_not_lost)
{
	ike_track_daemon(track, true);
	sends(IN, sealed(IKE_V2_INFORMATIONAL, 0, 7, 8, 5, 200));
	sends(OUT, sealed(IKE_V2_INFORMATIONAL, I | RSP, 7, 8, 5, 100));
	passes(3 * S);
	ck_assert_uint_eq(records(), 0); /* it will */
	uint32_t slot = daemon_tells(7, 8, 2);
	passes(S);
	ck_assert_uint_eq(ipm_ike_peek(writer, slot)->in.octets, 200);
	ck_assert_uint_eq(ipm_ike_peek(writer, slot)->out.octets, 100);
	ck_assert_uint_eq(totals()->ike_in.octets, 200);
	passes(2 * IKE_UNKNOWN_NS);
	ck_assert_uint_eq(totals()->ike_in.drops, 0);
}
END_TEST

START_TEST(a_negotiation_becomes_the_daemons_record)
{
	ike_track_daemon(track, true);
	main_mode_runs(OUT, 7, 8);
	/* As the daemon's feed does this. */
	int slot = ipm_ike_named(writer, 7, 8, -1);
	struct ipm_ike_sa sa = *ipm_ike_peek(writer, (uint32_t)slot);
	sa.feed = other_feed;
	sa.state = IPM_IKE_ESTABLISHED;
	sa.established_ns = now_ns;
	ipm_ike_put(writer, (uint32_t)slot, &sa);
	passes(S);
	expect_phase(7, 8, IPM_PHASE_MM_KEY_AUTH, IPM_IKE_ESTABLISHED);
	sends(OUT, quick_mode(1, 7, 8, 9));
	const struct ipm_ike_sa *now = expect_phase(7, 8, IPM_PHASE_QM_IDLE, IPM_IKE_ESTABLISHED);
	ck_assert_uint_eq(now->out.pkts, 4);
	ck_assert_uint_eq(now->out.exchanges, 1);
	ck_assert_uint_eq(now->mode, IPM_MODE_MAIN);
	ck_assert_uint_eq(now->feed, other_feed);
	ck_assert_uint_eq(totals()->ike_active, 1);
	/* The daemon ends it. The last messages still count, for the gateway and in the history. */
	ipm_ike_stop(writer, (uint32_t)slot, IPM_REASON_NORMAL);
	sends(IN, quick_mode(2, 7, 8, 9));
	struct ipm_ike_history was;
	ck_assert_int_eq(ipm_ike_history_read(ipm_writer_segment(writer), 0, &was), 0);
	ck_assert_uint_eq(was.sa.in.pkts, 4);
	ck_assert_uint_eq(was.sa.out.pkts, 4);
	ck_assert_uint_eq(totals()->ike_in.pkts, 4);
	ck_assert_uint_eq(totals()->ike_in.drops, 0);
	ck_assert_uint_eq(records(), 0);
	passes(3 * IKE_ENDED_NS);
	ck_assert_uint_eq(totals()->ike_in.drops, 0);
}
END_TEST

START_TEST(without_a_quick_mode_it_is_in_use_after_a_while_if_the_daemon_says_so)
{
	ike_track_daemon(track, true);
	for (int n = 1; n <= 3; n++)
		sends(n % 2 == 1, aggressive_mode(n, 7, 8));
	uint32_t slot = daemon_tells(7, 8, 1); /* it began its own record, and ours joins it */
	struct octets o = message(1, IKE_V1_INFORMATIONAL, 1, 7, 8, 3);
	blank(&o, 8, 60, 1);
	sends(IN, o);
	ck_assert_uint_eq(records(), 1);
	ck_assert_uint_eq(ipm_ike_peek(writer, slot)->out.pkts, 2);
	ck_assert_uint_eq(ipm_ike_peek(writer, slot)->in.pkts, 2);
	ck_assert_uint_eq(ipm_ike_peek(writer, slot)->phase, IPM_PHASE_AG_AUTH);
	passes(IKE_GRACE_NS + S);
	ck_assert_uint_eq(ipm_ike_peek(writer, slot)->phase, IPM_PHASE_QM_IDLE);
}
END_TEST

START_TEST(after_a_rekey_both_pairs_of_spis_count_for_the_one_record)
{
	ike_track_daemon(track, true);
	uint32_t slot = daemon_tells(7, 8, 2);
	sends(IN, sealed(IKE_V2_CREATE_CHILD_SA, 0, 7, 8, 5, 200));
	struct ipm_ike_sa sa = *ipm_ike_peek(writer, slot);
	sa.spi_initiator = 17;
	sa.spi_responder = 18;
	ipm_ike_put(writer, slot, &sa);
	sends(OUT, sealed(IKE_V2_INFORMATIONAL, I, 17, 18, 0, 100));
	sends(IN, sealed(IKE_V2_INFORMATIONAL, 0, 7, 8, 6, 80));
	ck_assert_uint_eq(ipm_ike_peek(writer, slot)->in.octets, 280);
	ck_assert_uint_eq(ipm_ike_peek(writer, slot)->out.octets, 100);
	passes(1000 * S);
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(a_daemon_that_does_not_tell_of_it_has_not_got_it)
{
	ike_track_daemon(track, true);
	asks_for_auth(7, 8);
	sends(IN, sealed(IKE_V2_AUTH, RSP, 7, 8, 1, 250));
	passes(IKE_GRACE_NS + S); /* rejected, with a notification within IKE_AUTH */
	ck_assert_int_eq(record(7, 8)->state, IPM_IKE_NEGOTIATING);
	passes(IKE_OWN_OPEN_NS);
	ck_assert_uint_eq(records(), 0);
	ck_assert_uint_eq(totals()->ike_init_fails, 0); /* the daemon's feed reports failures */
}
END_TEST

START_TEST(another_daemon_may_have_it)
{
	ike_track_daemon(track, true);
	main_mode_runs(OUT, 7, 8);
	sends(OUT, quick_mode(1, 7, 8, 9));
	passes(IKE_GRACE_NS + S);
	ck_assert_int_eq(record(7, 8)->state, IPM_IKE_NEGOTIATING);
	sends(OUT, quick_mode(1, 7, 8, 10));
	expect_phase(7, 8, IPM_PHASE_QM_IDLE, IPM_IKE_ESTABLISHED);
}
END_TEST

START_TEST(what_the_daemon_does_not_claim_ends_when_it_is_silent)
{
	v2_up(7, 8); /* while no feed reported anything */
	ike_track_daemon(track, true);
	passes(IKE_UNCLAIMED_NS - 10 * S);
	ck_assert_uint_eq(records(), 1);
	passes(11 * S);
	ck_assert_uint_eq(records(), 0);
	ck_assert_uint_eq(totals()->ike_previous, 1);
}
END_TEST

/* --- without one --------------------------------------------------------- */

START_TEST(one_that_is_older_than_we_are_is_known_by_our_own_messages)
{
	sends(IN, sealed(IKE_V2_INFORMATIONAL, 0, 7, 8, 5, 80));
	ck_assert_uint_eq(records(), 0); /* anybody could send that */
	sends(OUT, sealed(IKE_V2_INFORMATIONAL, I | RSP, 7, 8, 5, 80));
	const struct ipm_ike_sa *sa = record(7, 8);
	ck_assert_ptr_nonnull(sa);
	ck_assert_int_eq(sa->state, IPM_IKE_ESTABLISHED);
	ck_assert_uint_eq(sa->initiator, 1);
	ck_assert_uint_eq(sa->in.octets, 80);
	ck_assert_uint_eq(sa->proposal.encr, IPM_TRANSFORM_OTHER); /* not: none */
	ck_assert_uint_eq(totals()->ike_in.octets, 80);
}
END_TEST

START_TEST(what_names_no_ike_sa_is_dropped)
{
	struct octets o;
	sends(IN, sealed(IKE_V2_INFORMATIONAL, 0, 7, 8, 5, 80));
	o = message(2, IKE_V2_INFORMATIONAL, I | RSP, 7, 8, 5);
	notify(&o, 2, IKE_N_INVALID_SPI);
	sends(OUT, o);
	passes(IKE_UNKNOWN_NS + S);
	ck_assert_uint_eq(totals()->ike_in.drops, 1);
	ck_assert_uint_eq(totals()->ike_in.pkts, 0);
	ck_assert_uint_eq(totals()->ike_out.pkts, 1); /* it was sent */
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(a_rekey_within_the_ike_sa_keeps_its_record)
{
	v2_up(7, 8);
	uint32_t index = record(7, 8)->index;
	sends(OUT, sealed(IKE_V2_CREATE_CHILD_SA, I, 7, 8, 2, 300));
	sends(IN, sealed(IKE_V2_CREATE_CHILD_SA, RSP, 7, 8, 2, 300));
	sends(OUT, sealed(IKE_V2_INFORMATIONAL, I, 7, 8, 3, 80));
	sends(IN, sealed(IKE_V2_INFORMATIONAL, RSP, 7, 8, 3, 80));
	uint64_t octets = record(7, 8)->out.octets;
	sends(OUT, sealed(IKE_V2_INFORMATIONAL, I, 17, 18, 0, 80));
	sends(IN, sealed(IKE_V2_INFORMATIONAL, RSP, 17, 18, 0, 80));
	const struct ipm_ike_sa *sa = expect_phase(17, 18, IPM_PHASE_V2_READY, IPM_IKE_ESTABLISHED);
	ck_assert_uint_eq(sa->index, index);
	ck_assert_uint_eq(sa->refreshes, 1);
	ck_assert_uint_eq(sa->out.octets, octets + 80);
	ck_assert_uint_eq(records(), 1);
	ck_assert_uint_eq(totals()->ike_active, 1);
	passes(2000 * S);
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(ikev1_that_negotiates_again_keeps_its_record)
{
	for (uint64_t spi = 7; spi <= 17; spi += 10) {
		main_mode_runs(OUT, spi, spi + 1);
		struct octets o = quick_mode(1, spi, spi + 1, 9);
		sends(OUT, o);
	}
	const struct ipm_ike_sa *sa = expect_phase(17, 18, IPM_PHASE_QM_IDLE, IPM_IKE_ESTABLISHED);
	ck_assert_uint_eq(sa->index, 1);
	ck_assert_uint_eq(sa->refreshes, 1);
	ck_assert_uint_eq(sa->out.pkts, 8);
	ck_assert_uint_eq(sa->in.pkts, 6);
	ck_assert_uint_eq(records(), 1);
	ck_assert_uint_eq(totals()->ike_active, 1);
	ck_assert_uint_eq(totals()->ike_out.pkts, 8);
}
END_TEST

START_TEST(ikev1_that_negotiates_again_needs_no_quick_mode)
{
	main_mode_runs(IN, 7, 8);
	sends(IN, quick_mode(1, 7, 8, 9));
	/* The tunnels stay, and the new IKE SA is silent. */
	main_mode_runs(IN, 17, 18);
	passes(IKE_GRACE_NS - S);
	ck_assert_uint_eq(records(), 2);
	passes(3 * IKE_HALF_OPEN_NS);
	const struct ipm_ike_sa *sa = expect_phase(17, 18, IPM_PHASE_QM_IDLE, IPM_IKE_ESTABLISHED);
	ck_assert_uint_eq(sa->index, 1);
	ck_assert_uint_eq(sa->refreshes, 1);
	ck_assert_uint_eq(sa->in.pkts, 7);
	ck_assert_uint_eq(sa->out.pkts, 6);
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(ikev1_that_negotiates_again_and_is_refused_is_not_up)
{
	struct octets o;
	main_mode_runs(OUT, 7, 8);
	sends(OUT, quick_mode(1, 7, 8, 9));
	main_mode_runs(OUT, 17, 18);
	o = message(1, IKE_V1_INFORMATIONAL, 1, 17, 18, 3);
	blank(&o, 8, 60, 1);
	sends(OUT, o);
	passes(IKE_OWN_OPEN_NS + S);
	ck_assert_ptr_null(record(17, 18));
	ck_assert_uint_eq(expect_phase(7, 8, IPM_PHASE_QM_IDLE, IPM_IKE_ESTABLISHED)->refreshes, 0);
	ck_assert_uint_eq(totals()->ike_rest_out.pkts, 4);
	ck_assert_uint_eq(totals()->ike_rest_in.pkts, 3);
}
END_TEST

START_TEST(a_peer_that_does_not_answer_is_lost)
{
	v2_up(7, 8);
	struct octets o = sealed(IKE_V2_INFORMATIONAL, I, 7, 8, 2, 80);
	for (int i = 0; i < 5; i++) {
		sends(OUT, o);
		passes(IKE_UNANSWERED_NS / 5 - S);
	}
	ck_assert_uint_eq(records(), 1);
	passes(10 * S);
	ck_assert_uint_eq(records(), 0);
	ck_assert_uint_eq(totals()->ike_previous, 1);
	struct ipm_ike_history was;
	ck_assert_int_eq(ipm_ike_history_read(ipm_writer_segment(writer), 0, &was), 0);
	ck_assert_uint_eq(was.reason, IPM_REASON_PEER_LOST);
	ck_assert_uint_eq(was.sa.out.pkts, 7);
}
END_TEST

START_TEST(one_that_was_replaced_ends_when_it_is_silent)
{
	v2_up(7, 8);
	passes(100 * S);
	v2_up(17, 18);
	passes(IKE_REPLACED_NS - 3 * S);
	ck_assert_uint_eq(records(), 2);
	passes(4 * S);
	ck_assert_uint_eq(records(), 1);
	ck_assert_ptr_nonnull(record(17, 18));
}
END_TEST

START_TEST(an_ikev1_sa_ends_with_its_lifetime)
{
	main_mode_runs(OUT, 7, 8);
	sends(OUT, quick_mode(1, 7, 8, 9));
	passes(3599 * S);
	ck_assert_uint_eq(records(), 1);
	passes(2 * S);
	ck_assert_uint_eq(records(), 0);
	ck_assert_uint_eq(totals()->ike_previous, 1);
}
END_TEST

START_TEST(another_run_goes_on_with_what_the_last_one_knew)
{
	v2_up(7, 8);
	sends(IN, main_mode(1, 17, 0));
	uint32_t index = record(7, 8)->index;
	stops();
	starts();
	ck_assert_uint_eq(records(), 2);
	sends(IN, sealed(IKE_V2_INFORMATIONAL, 0, 7, 8, 0, 80));
	ck_assert_uint_eq(record(7, 8)->in.pkts, 3);
	ck_assert_uint_eq(record(7, 8)->index, index);
	sends(OUT, main_mode(2, 17, 18));
	expect_phase(17, 18, IPM_PHASE_MM_SA_SETUP, IPM_IKE_NEGOTIATING);
	passes(IKE_HALF_OPEN_NS + S);
	ck_assert_uint_eq(records(), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ike_track");
	TCase *tc = tcase_create("tracker");
	tcase_add_checked_fixture(tc, given_a_gateway, it_ends);
	tcase_add_loop_test(tc, main_mode_goes_through_its_states, 0, 2);
	tcase_add_loop_test(tc, aggressive_mode_goes_through_its_states, 0, 2);
	tcase_add_test(tc, in_fragments_it_goes_through_the_same_states);
	tcase_add_loop_test(tc, ikev2_goes_through_its_states, 0, 2);
	tcase_add_test(tc, only_the_responder_says_what_its_spi_is);
	tcase_add_test(tc, a_cookie_and_another_group_are_asked_for_within_the_same_negotiation);
	tcase_add_test(tc, eap_is_not_over_with_the_first_answer);
	tcase_add_test(tc, an_answer_with_room_for_no_more_than_an_error_is_no_success);
	tcase_add_test(tc, who_is_told_something_at_once_after_ike_auth_may_be_refused);
	tcase_add_test(tc, retransmissions_are_packets_and_nothing_else);
	tcase_add_test(tc, exchanges_of_phase_2_count_for_who_began_them_and_refusals_too);
	tcase_add_test(tc, phase_2_in_the_clear_is_invalid);
	tcase_add_test(tc, quick_modes_are_told_apart_by_their_message_ids);
	tcase_add_test(tc, what_is_malformed_is_a_drop_of_the_ike_sa_that_it_names);
	tcase_add_test(tc, one_packet_on_two_interfaces_is_one_packet);
	tcase_add_test(tc, what_passes_through_is_not_ours);
	tcase_add_test(tc, half_open_ones_expire);
	tcase_add_test(tc, a_refusal_in_the_clear_is_the_reason_of_the_failure);
	tcase_add_test(tc, no_more_failures_are_recorded_than_a_minute_has_room_for);
	tcase_add_test(tc, a_flood_pushes_out_nobody_who_answers);
	tcase_add_test(tc, half_open_ones_leave_most_of_a_small_segment_alone);
	suite_add_tcase(suite, tc);
	tc = tcase_create("with an IKE daemon's feed");
	tcase_add_checked_fixture(tc, given_a_gateway, it_ends);
	tcase_add_test(tc, what_a_daemon_has_a_record_of_counts_there);
	tcase_add_test(tc, what_came_by_before_the_daemon_told_is_not_lost);
	tcase_add_test(tc, a_negotiation_becomes_the_daemons_record);
	tcase_add_test(tc, without_a_quick_mode_it_is_in_use_after_a_while_if_the_daemon_says_so);
	tcase_add_test(tc, after_a_rekey_both_pairs_of_spis_count_for_the_one_record);
	tcase_add_test(tc, a_daemon_that_does_not_tell_of_it_has_not_got_it);
	tcase_add_test(tc, another_daemon_may_have_it);
	tcase_add_test(tc, what_the_daemon_does_not_claim_ends_when_it_is_silent);
	suite_add_tcase(suite, tc);
	tc = tcase_create("without one");
	tcase_add_checked_fixture(tc, given_a_gateway, it_ends);
	tcase_add_test(tc, one_that_is_older_than_we_are_is_known_by_our_own_messages);
	tcase_add_test(tc, what_names_no_ike_sa_is_dropped);
	tcase_add_test(tc, a_rekey_within_the_ike_sa_keeps_its_record);
	tcase_add_test(tc, ikev1_that_negotiates_again_keeps_its_record);
	tcase_add_test(tc, ikev1_that_negotiates_again_needs_no_quick_mode);
	tcase_add_test(tc, ikev1_that_negotiates_again_and_is_refused_is_not_up);
	tcase_add_test(tc, a_peer_that_does_not_answer_is_lost);
	tcase_add_test(tc, one_that_was_replaced_ends_when_it_is_silent);
	tcase_add_test(tc, an_ikev1_sa_ends_with_its_lifetime);
	tcase_add_test(tc, another_run_goes_on_with_what_the_last_one_knew);
	suite_add_tcase(suite, tc);
	return run_in_scratch("check_ike_track", suite);
}
