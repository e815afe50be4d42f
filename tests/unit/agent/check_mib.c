/* SPDX-License-Identifier: ISC */
/* What the MIB tables promise: which cells there are, what is in them, and which comes next. No SNMP master needed. */
#include <netinet/in.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ipm_int.h"
#include "mib_fixture.h"

#define GIB (1ull << 30)

/* --- helpers: segments --------------------------------------------------------------------------------------- */

/* Those of CISCO-IPSEC-FLOW-MONITOR-MIB come first; the others are check_mib_maps.c's. */
static unsigned
flow_view_count(void)
{
	static const mib_subid flow[] = { FLOW_MIB };
	unsigned t = 0;
	while (t < mib_view_count && memcmp(mib_views[t]->oid, flow, sizeof(flow)) == 0)
		t++;
	return t;
}

static void
given_tables(void)
{
	capacity = (struct ipm_capacity){ .ike_sas = 20,
					  .tunnels = 20,
					  .selectors = 40,
					  .sas = 40,
					  .feeds = 2,
					  .events = 4,
					  .history = 16,
					  .failures = 32 };
	mib = mib_new(mib_views, flow_view_count());
	ck_assert_ptr_nonnull(mib);
	master_ns = ipm_now_ns() - 10 * SECOND;
	w = NULL;
}

/* Of a feed that can know all there is, so that every column has its cells. */
static struct ipm_writer *
given_knowing_segment(void)
{
	struct ipm_writer *made = given_segment();
	feed_knows(made, ALL_CAPS, UINT64_MAX);
	return made;
}

static void
serve_both(struct ipm_writer *one, struct ipm_writer *two)
{
	const struct ipm_segment *seg[] = { ipm_writer_segment(one), ipm_writer_segment(two) };
	ipm_writer_commit(one);
	ipm_writer_commit(two);
	ck_assert_int_eq(mib_serve(mib, seg, 2), 0);
}

/* Most tests: one segment, empty as yet, and served. */
static void
given_a_served_segment(void)
{
	given_tables();
	w = given_knowing_segment();
	serve(w);
}

static uint32_t
given_tunnel(struct ipm_writer *writer)
{
	struct ipm_tunnel tunnel = {
		.state = IPM_TUNNEL_UP, .encap = IPM_ENCAP_TUNNEL, .key_type = IPM_KEY_IKE, .protocol = 50
	};
	return ok(ipm_tunnel_start(writer, &tunnel));
}

static uint32_t
given_ike(struct ipm_writer *writer)
{
	struct ipm_ike_sa sa = { .state = IPM_IKE_ESTABLISHED, .version = 2 };
	return ok(ipm_ike_start(writer, &sa));
}

static uint32_t
given_sa(struct ipm_writer *writer, uint32_t tunnel, uint32_t spi)
{
	struct ipm_sa sa = { .direction = IPM_IN, .protocol = 50, .state = IPM_SA_ACTIVE, .spi = spi };
	return ok(ipm_sa_start(writer, tunnel, &sa));
}

static void
given_selectors(struct ipm_writer *writer, uint32_t tunnel, uint16_t port, uint32_t n)
{
	struct ipm_selector sel[8];
	memset(sel, 0, sizeof(sel));
	for (uint32_t i = 0; i < n; i++) {
		sel[i].local.type = sel[i].remote.type = IPM_SEL_SINGLE;
		sel[i].local.port_first = sel[i].local.port_last = (uint16_t)(port + i);
	}
	ck_assert_int_eq(ipm_tunnel_select(writer, tunnel, sel, n), 0);
}

static void
tunnel_becomes(struct ipm_writer *writer, uint32_t slot, enum ipm_tunnel_state state)
{
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(writer, slot);
	tunnel.state = (uint8_t)state;
	ipm_tunnel_put(writer, slot, &tunnel);
}

static void
counts(struct ipm_writer *writer, uint32_t sa, uint64_t pkts, uint64_t octets)
{
	struct ipm_traffic now = { .pkts = pkts, .octets = octets, .raw_octets = octets };
	ipm_sa_count(writer, sa, &now);
}

/* The writer starts, or ends, its work on a record: what a reader sees who comes in between, or after it died. */
static void
half_written(struct ipm_writer *writer, enum ipm_section_kind kind, uint32_t slot)
{
	atomic_fetch_add(&ipm_record_at(ipm_writer_segment(writer), kind, slot)->seq, 1);
}

static void
whole_again(struct ipm_writer *writer, enum ipm_section_kind kind, uint32_t slot)
{
	half_written(writer, kind, slot); /* the sequence number is even again */
}

/* --- helpers: names and values ---------------------------------------------------------------------------------- */

/* A request later the answer may still be from the rows as they were: rows are not made anew without pause. */
static void
expect_soon(enum mib_result expected, const char *cell)
{
	struct mib_value value;
	uint64_t give_up = ipm_now_ns() + 20 * SECOND;
	do {
		mib_request(mib, master_ns);
		if (get(cell, &value) == expected)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
	} while (ipm_now_ns() < give_up);
	ck_abort_msg("%s: still %d, expected %d", cell, (int)get(cell, &value), (int)expected);
}

static void
expect_row_soon(const char *cell)
{
	expect_soon(MIB_OK, cell);
}

static void
expect_no_row_soon(const char *cell)
{
	expect_soon(MIB_NO_INSTANCE, cell);
}

/* --- a gateway, and every cell that it has ------------------------------------------------------------------------ */

static struct ipm_sel_side
single(const char *addr, uint8_t protocol, uint16_t port_first, uint16_t port_last)
{
	return (struct ipm_sel_side){ .type = IPM_SEL_SINGLE,
				      .protocol = protocol,
				      .port_first = port_first,
				      .port_last = port_last,
				      .first = address(addr),
				      .last = address(addr) };
}

static struct ipm_sel_side
range(const char *first, const char *last, uint8_t protocol, uint16_t port_first, uint16_t port_last)
{
	struct ipm_sel_side side = single(first, protocol, port_first, port_last);
	side.type = IPM_SEL_RANGE;
	side.last = address(last);
	return side;
}

static struct ipm_sel_side
subnet(const char *first, uint8_t prefix, const char *last)
{
	struct ipm_sel_side side = range(first, last, 0, 0, 65535);
	side.type = IPM_SEL_SUBNET;
	side.prefix = prefix;
	return side;
}

static uint32_t
sa_of(uint32_t tunnel, enum ipm_direction direction, uint8_t protocol, uint32_t spi)
{
	struct ipm_sa sa = {
		.direction = (uint8_t)direction, .protocol = protocol, .state = IPM_SA_ACTIVE, .spi = spi
	};
	const struct ipm_tunnel *t = ipm_tunnel_peek(w, tunnel);
	sa.proposal = direction == IPM_IN ? t->in_sa : t->out_sa;
	return ok(ipm_sa_start(w, tunnel, &sa));
}

static void
given_ike_sas(void)
{
	uint64_t now = ipm_now_ns();
	uint32_t one = ok(ipm_ike_start(w, &(struct ipm_ike_sa){ .state = IPM_IKE_ESTABLISHED,
								 .version = 2,
								 .auth = IPM_AUTH_PSK,
								 .initiator = 1,
								 .local = address("192.0.2.1"),
								 .remote = address("198.51.100.7"),
								 .proposal = { .encr = IPM_ENCR_AES_GCM_16,
									       .prf = IPM_PRF_HMAC_SHA2_256,
									       .group = IPM_GROUP_CURVE25519 },
								 .created_ns = now - 5 * SECOND,
								 .soft_ns = 10800 * SECOND,
								 .hard_ns = 14400 * SECOND,
								 .local_id = "192.0.2.1",
								 .remote_id = "gw.example.net" }));
	ipm_ike_refresh(w, one);
	/* Being negotiated: no index, and no row; and 2 was somebody's. */
	ok(ipm_ike_start(w, &(struct ipm_ike_sa){ .state = IPM_IKE_NEGOTIATING, .version = 2 }));
	ipm_writer_totals(w)->next_ike++;
	/* 3: IKEv1 over IPv6, without limits */
	ok(ipm_ike_start(w, &(struct ipm_ike_sa){ .state = IPM_IKE_DELETING,
						  .version = 1,
						  .mode = IPM_MODE_AGGRESSIVE,
						  .auth = IPM_AUTH_RSA,
						  .local = address("2001:db8::1"),
						  .remote = address("2001:db8::2"),
						  .proposal = { .encr = IPM_ENCR_3DES,
								.prf = IPM_PRF_HMAC_SHA1,
								.integ = IPM_INTEG_HMAC_SHA1_96,
								.group = IPM_GROUP_MODP_1024 },
						  .created_ns = now + 900 * SECOND, /* not in the past: age 0 */
						  .local_id = "2001:db8::1",
						  .remote_id = "C=DE, O=Example, CN=gw" }));
	/* 4: held, no row */
	ok(ipm_ike_start(w, &(struct ipm_ike_sa){ .state = IPM_IKE_ESTABLISHED, .version = 2, .held = 1 }));
	/* 5: gone, so in the history */
	uint32_t gone = ok(ipm_ike_start(w, &(struct ipm_ike_sa){ .state = IPM_IKE_ESTABLISHED,
								  .version = 1,
								  .mode = IPM_MODE_MAIN,
								  .auth = IPM_AUTH_ECDSA,
								  .local = address("192.0.2.1"),
								  .remote = address("203.0.113.9"),
								  .proposal = { .encr = IPM_ENCR_AES_CBC,
										.prf = IPM_PRF_HMAC_SHA2_512,
										.group = IPM_GROUP_MODP_2048 },
								  .created_ns = now - 4 * SECOND,
								  .soft_ns = 100 * SECOND,
								  .hard_ns = 200 * SECOND,
								  .local_id = "192.0.2.1",
								  .remote_id = "vpn.example.org" }));
	ipm_ike_refresh(w, gone);
	ipm_ike_refresh(w, gone);
	struct ipm_ike_sa *carried = ipm_payload(ipm_record_at(ipm_writer_segment(w), IPM_IKE_SAS, gone));
	carried->in = (struct ipm_ike_traffic){ (1ull << 32) + 21, 22, 23, 24, 25, 26, 27, 28 };
	carried->out = (struct ipm_ike_traffic){ 31, 32, 33, 34, 35, 36, 37, 38 };
	ipm_ike_stop(w, gone, IPM_REASON_PEER_DELETE);
}

/* 1: AES-GCM, rekeyed once: the old inbound SA is expiring, the old outbound one gone. */
static void
given_tunnel_aead(void)
{
	uint32_t t = ok(ipm_tunnel_start(
		w, &(struct ipm_tunnel){ .state = IPM_TUNNEL_UP,
					 .encap = IPM_ENCAP_TUNNEL,
					 .key_type = IPM_KEY_IKE,
					 .protocol = 50,
					 .ike_index = 1,
					 .ike_slot = 0,
					 .local = address("192.0.2.1"),
					 .remote = address("198.51.100.7"),
					 .in_sa = { .encr = IPM_ENCR_AES_GCM_16, .group = IPM_GROUP_CURVE25519 },
					 .out_sa = { .encr = IPM_ENCR_AES_GCM_16, .group = IPM_GROUP_CURVE25519 },
					 .created_ns = ipm_now_ns() - 3 * SECOND,
					 .soft_ns = 3000 * SECOND,
					 .hard_ns = 3600 * SECOND }));
	uint32_t in = sa_of(t, IPM_IN, 50, 0xc0000001), out = sa_of(t, IPM_OUT, 50, 0xffffffff);
	struct ipm_traffic in_count = {
		.octets = (3ull << 32) + 5,
		.raw_octets = (3ull << 32) + 5,
		.pkts = 1000,
		.drops = { [IPM_DROP_REPLAY] = 7, [IPM_DROP_AUTH] = 2, [IPM_DROP_CRYPT] = 0, [IPM_DROP_MALFORMED] = 1 }
	};
	struct ipm_traffic out_count = {
		.octets = 4294967295, .raw_octets = 4294967295, .pkts = 2000, .drops = { [IPM_DROP_CRYPT] = 4 }
	};
	ipm_sa_count(w, in, &in_count);
	ipm_sa_count(w, out, &out_count);
	ipm_tunnel_refresh(w, t);
	counts(w, sa_of(t, IPM_IN, 50, 0xc0000003), 1, 100);
	sa_of(t, IPM_OUT, 50, 1);
	struct ipm_sa expiring = *ipm_sa_peek(w, in);
	expiring.state = IPM_SA_EXPIRING;
	ipm_sa_put(w, in, &expiring);
	ipm_sa_stop(w, out);
	struct ipm_selector sel[] = {
		{ .local = subnet("10.1.0.0", 16, "10.1.255.255"), .remote = subnet("0.0.0.0", 0, "255.255.255.255") },
		{ .local = single("10.1.0.5", 6, 443, 443), .remote = range("10.2.0.10", "10.2.0.20", 6, 1024, 65535) },
		{ .local = subnet("192.0.2.128", 25, "192.0.2.255"),
		  .remote = subnet("198.51.100.0", 32, "198.51.100.0") },
	};
	ck_assert_int_eq(ipm_tunnel_select(w, t, sel, 3), 0);
}

/* 2: AES-CBC with HMAC and IPComp, IPv6, transport mode, lives for an amount of data. */
static void
given_tunnel_compressed(void)
{
	uint32_t t = ok(ipm_tunnel_start(
		w, &(struct ipm_tunnel){ .state = IPM_TUNNEL_UP,
					 .encap = IPM_ENCAP_TRANSPORT,
					 .key_type = IPM_KEY_IKE,
					 .protocol = 50,
					 .ike_index = 3,
					 .ike_slot = 2,
					 .ipcomp = 1,
					 .local = address("2001:db8::1"),
					 .remote = address("2001:db8::2"),
					 .in_sa = { .encr = IPM_ENCR_AES_CBC, .integ = IPM_INTEG_HMAC_SHA2_256_128 },
					 .out_sa = { .encr = IPM_ENCR_AES_CBC,
						     .integ = IPM_INTEG_HMAC_SHA2_256_128,
						     .group = IPM_GROUP_MODP_2048 },
					 .soft_ns = 1800 * SECOND,
					 .soft_octets = 3 * GIB,
					 .hard_octets = 4 * GIB }));
	struct ipm_traffic in = { .octets = 700, .raw_octets = 1400, .pkts = 7 };
	struct ipm_traffic out = { .octets = 1ull << 32, .raw_octets = (1ull << 32) + 1, .pkts = 9 };
	ipm_sa_count(w, sa_of(t, IPM_IN, 50, 0xc0000011), &in);
	ipm_sa_count(w, sa_of(t, IPM_OUT, 50, 0xc0000012), &out);
	sa_of(t, IPM_IN, 108, 0x1234);
	struct ipm_selector sel[] = {
		{ .local = subnet("2001:db8:1::", 64, "2001:db8:1::ffff:ffff:ffff:ffff"),
		  .remote = subnet("::", 0, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff") },
		{ .local = single("2001:db8::1", 17, 500, 500),
		  .remote = range("2001:db8::10", "2001:db8::1f", 17, 0, 65535) },
	};
	ck_assert_int_eq(ipm_tunnel_select(w, t, sel, 2), 0);
}

/* 3: held, so without rows; but it has carried something. */
static void
given_tunnel_held(void)
{
	uint32_t t = ok(ipm_tunnel_start(w, &(struct ipm_tunnel){ .state = IPM_TUNNEL_HELD,
								  .protocol = 50,
								  .in_sa = { .encr = IPM_ENCR_AES_GCM_16 } }));
	counts(w, sa_of(t, IPM_IN, 50, 0xc0000021), 10, 1000);
	given_selectors(w, t, 1, 1);
}

/* 4: AH with manual keys: there is no IKE SA, and the addresses are not known. */
static void
given_tunnel_manual(void)
{
	uint32_t t = ok(ipm_tunnel_start(w, &(struct ipm_tunnel){ .state = IPM_TUNNEL_UP,
								  .encap = IPM_ENCAP_TRANSPORT,
								  .key_type = IPM_KEY_MANUAL,
								  .protocol = 51,
								  .in_sa = { .integ = IPM_INTEG_HMAC_SHA2_512_256 },
								  .out_sa = { .integ = IPM_TRANSFORM_OTHER } }));
	counts(w, sa_of(t, IPM_IN, 51, 0x100), 1, 64);
	sa_of(t, IPM_OUT, 51, 0x101);
	struct ipm_selector sel = { .local = single("192.0.2.1", 1, 0, 65535),
				    .remote = single("192.0.2.9", 255, 65535, 0) }; /* OPAQUE ports */
	ck_assert_int_eq(ipm_tunnel_select(w, t, &sel, 1), 0);
}

/* 5: BEET without encryption, made by the IKE SA that is held. */
static void
given_tunnel_null(void)
{
	uint32_t t = ok(ipm_tunnel_start(
		w, &(struct ipm_tunnel){ .state = IPM_TUNNEL_UP,
					 .encap = IPM_ENCAP_BEET,
					 .key_type = IPM_KEY_IKE,
					 .protocol = 50,
					 .ike_index = 4,
					 .ike_slot = 3,
					 .local = address("192.0.2.1"),
					 .remote = address("203.0.113.3"),
					 .in_sa = { .encr = IPM_ENCR_NULL, .integ = IPM_INTEG_HMAC_SHA1_96 },
					 .out_sa = { .encr = IPM_TRANSFORM_OTHER },
					 .hard_ns = 60 * SECOND,
					 .hard_octets = 2048 }));
	struct ipm_traffic in = { .octets = 10, .raw_octets = 10, .pkts = 2, .drops = { [IPM_DROP_POLICY] = 1 } };
	ipm_sa_count(w, sa_of(t, IPM_IN, 50, 0x200), &in);
	sa_of(t, IPM_OUT, 50, 0x201);
	struct ipm_selector sel = { .local = single("192.0.2.1", 17, 0, 0),
				    .remote = single("203.0.113.3", 17, 53, 53) };
	ck_assert_int_eq(ipm_tunnel_select(w, t, &sel, 1), 0);
}

/* 6: gone, so in the history; one cipher in, another out, and IPComp. */
static void
given_tunnel_gone(void)
{
	uint32_t t = ok(ipm_tunnel_start(w, &(struct ipm_tunnel){ .state = IPM_TUNNEL_UP,
								  .encap = IPM_ENCAP_TRANSPORT,
								  .key_type = IPM_KEY_IKE,
								  .protocol = 50,
								  .ike_index = 1,
								  .ike_slot = 0,
								  .ipcomp = 1,
								  .local = address("192.0.2.1"),
								  .remote = address("198.51.100.7"),
								  .in_sa = { .encr = IPM_ENCR_AES_CBC,
									     .integ = IPM_INTEG_HMAC_SHA2_512_256,
									     .group = IPM_GROUP_MODP_2048 },
								  .out_sa = { .encr = IPM_ENCR_3DES,
									      .integ = IPM_INTEG_HMAC_SHA1_96,
									      .group = IPM_GROUP_MODP_3072 },
								  .created_ns = ipm_now_ns() - 2 * SECOND,
								  .soft_ns = 900 * SECOND,
								  .hard_ns = 1000 * SECOND,
								  .hard_octets = 8192 }));
	struct ipm_traffic in = {
		.octets = (1ull << 32) + 600,
		.raw_octets = (2ull << 32) + 700,
		.pkts = 8,
		.drops = { [IPM_DROP_REPLAY] = 1, [IPM_DROP_AUTH] = 2, [IPM_DROP_CRYPT] = 3, [IPM_DROP_MALFORMED] = 4 }
	};
	struct ipm_traffic out = {
		.octets = (2ull << 32) + 900,
		.raw_octets = (3ull << 32) + 950,
		.pkts = 11,
		.drops = { [IPM_DROP_REPLAY] = 0, [IPM_DROP_AUTH] = 5, [IPM_DROP_CRYPT] = 6, [IPM_DROP_MALFORMED] = 7 }
	};
	uint32_t first = sa_of(t, IPM_IN, 50, 0x301);
	ipm_sa_count(w, first, &in);
	ipm_sa_count(w, sa_of(t, IPM_OUT, 50, 0x302), &out);
	ipm_tunnel_refresh(w, t);
	sa_of(t, IPM_IN, 50, 0x303);
	ipm_sa_stop(w, first);
	struct ipm_selector sel[] = {
		{ .local = subnet("10.6.0.0", 16, "10.6.255.255"),
		  .remote = range("10.7.0.1", "10.7.0.9", 17, 500, 500) },
		{ .local = single("192.0.2.1", 6, 22, 22), .remote = subnet("10.8.0.0", 24, "10.8.0.255") },
	};
	ck_assert_int_eq(ipm_tunnel_select(w, t, sel, 2), 0);
	ipm_tunnel_stop(w, t, IPM_REASON_SEQ_ROLLOVER);
}

/* Two of each kind: now, and all that can be told; before the master started, and hardly anything. */
static void
given_failures(void)
{
	ipm_fail(w, IPM_IKE_FAILURES,
		 &(struct ipm_failure){ .reason = IPM_FAIL_AUTH,
					.local = address("192.0.2.1"),
					.remote = address("198.51.100.7"),
					.local_id = "192.0.2.1",
					.remote_id = "gw.example.net" });
	ipm_fail(w, IPM_IKE_FAILURES,
		 &(struct ipm_failure){ .reason = IPM_FAIL_CAPACITY, .time_ns = master_ns - SECOND });
	ipm_fail(w, IPM_TUNNEL_FAILURES,
		 &(struct ipm_failure){ .reason = IPM_FAIL_DECRYPT,
					.local = address("192.0.2.1"),
					.remote = address("2001:db8::9"),
					.packet_src = address("2001:db8::9"),
					.packet_dst = address("192.0.2.1"),
					.tunnel_index = 1,
					.spi = 0x7fffffff });
	ipm_fail(w, IPM_TUNNEL_FAILURES,
		 &(struct ipm_failure){ .reason = IPM_FAIL_IN_AUTH, .time_ns = master_ns - SECOND, .spi = 0x80000000 });
}

static void
given_a_gateway(void)
{
	given_a_served_segment();
	given_ike_sas();
	given_tunnel_aead();
	given_tunnel_compressed();
	given_tunnel_held();
	given_tunnel_manual();
	given_tunnel_null();
	given_tunnel_gone();
	given_failures();
	struct ipm_totals *t = ipm_writer_totals(w);
	t->ike_in = (struct ipm_ike_traffic){ (1ull << 32) + 101, 102, 103, 104, 105, 106, 107, 108 };
	t->ike_out = (struct ipm_ike_traffic){ 111, 112, 113, 114, 115, 116, 117, 118 };
	t->ike_init_fails = 120, t->ike_resp_fails = 121, t->ike_capacity_fails = 122, t->ike_auth_fails = 123;
	t->ike_decrypt_fails = 124, t->ike_hash_fails = 125, t->ike_no_sa_fails = 126;
	ipm_dropped(w, IPM_OUT, IPM_DROP_POLICY, 126);
	ipm_dropped(w, IPM_IN, IPM_DROP_NO_SA, 128);
	ipm_dropped(w, IPM_OUT, IPM_DROP_CAPACITY, 129);
	ipm_writer_commit(w);
	serve(w);
	mib_show_old(mib, true);
	mib_request(mib, master_ns);
}

/* The index of each row of the tables; everything else is a scalar. OIDs are below FLOW_MIB. */
#define ROWS_MAX 10
/* type, length and characters of either identity; cikePeerIntIndex */
#define PEER_1                                                                            \
	"1.9.49.57.50.46.48.46.50.46.49."                            /* 192.0.2.1 */      \
	"2.14.103.119.46.101.120.97.109.112.108.101.46.110.101.116." /* gw.example.net */ \
	"1"
#define PEER_3                                                                                                        \
	"1.11.50.48.48.49.58.100.98.56.58.58.49."                                        /* 2001:db8::1 */            \
	"2.22.67.61.68.69.44.32.79.61.69.120.97.109.112.108.101.44.32.67.78.61.103.119." /* C=DE, O=Example, CN=gw */ \
	"1"
static const struct {
	const char *entry;
	const char *row[ROWS_MAX];
} rows[] = {
	{ "1.2.2.1", { PEER_1, PEER_3 } },
	{ "1.2.3.1", { "1", "3" } },
	{ "1.2.4.1", { PEER_1 ".1", PEER_3 ".2" } },
	{ "1.3.2.1", { "1", "2", "4", "5" } },
	{ "1.3.3.1", { "1.1", "1.2", "1.3", "2.1", "2.2", "4.1", "5.1" } },
	{ "1.3.4.1", { "1.1", "1.3", "1.4", "2.1", "2.2", "2.3", "4.1", "4.2", "5.1", "5.2" } },
	{ "1.4.2.1.1", { "1" } },
	{ "1.4.3.1.1", { "1" } },
	{ "1.4.3.2.1", { "1", "2" } },
	{ "1.5.2.1.1", { "1", "2" } },
	{ "1.5.3.1.1", { "1", "2" } },
};

/*
 * One line is a scalar, or a column with its value in each row. "-": there is no such cell; "~": a clock runs,
 * it is this much or up to a minute more. Addresses as they are written, everything else as text or number.
 */
static const struct {
	const char *name, *oid;
	enum mib_type type;
	const char *value[ROWS_MAX];
} expected[] = {
	/* clang-format off */
	{ "cipSecMibLevel",                 "1.1.1",      MIB_INTEGER,   { "1" } },
	{ "cikeGlobalActiveTunnels",        "1.2.1.1",    MIB_GAUGE,     { "2" } },
	{ "cikeGlobalPreviousTunnels",      "1.2.1.2",    MIB_COUNTER,   { "1" } },
	{ "cikeGlobalInOctets",             "1.2.1.3",    MIB_COUNTER,   { "101" } },
	{ "cikeGlobalInPkts",               "1.2.1.4",    MIB_COUNTER,   { "102" } },
	{ "cikeGlobalInDropPkts",           "1.2.1.5",    MIB_COUNTER,   { "103" } },
	{ "cikeGlobalInNotifys",            "1.2.1.6",    MIB_COUNTER,   { "104" } },
	{ "cikeGlobalInP2Exchgs",           "1.2.1.7",    MIB_COUNTER,   { "105" } },
	{ "cikeGlobalInP2ExchgInvalids",    "1.2.1.8",    MIB_COUNTER,   { "106" } },
	{ "cikeGlobalInP2ExchgRejects",     "1.2.1.9",    MIB_COUNTER,   { "107" } },
	{ "cikeGlobalInP2SaDelRequests",    "1.2.1.10",   MIB_COUNTER,   { "108" } },
	{ "cikeGlobalOutOctets",            "1.2.1.11",   MIB_COUNTER,   { "111" } },
	{ "cikeGlobalOutPkts",              "1.2.1.12",   MIB_COUNTER,   { "112" } },
	{ "cikeGlobalOutDropPkts",          "1.2.1.13",   MIB_COUNTER,   { "113" } },
	{ "cikeGlobalOutNotifys",           "1.2.1.14",   MIB_COUNTER,   { "114" } },
	{ "cikeGlobalOutP2Exchgs",          "1.2.1.15",   MIB_COUNTER,   { "115" } },
	{ "cikeGlobalOutP2ExchgInvalids",   "1.2.1.16",   MIB_COUNTER,   { "116" } },
	{ "cikeGlobalOutP2ExchgRejects",    "1.2.1.17",   MIB_COUNTER,   { "117" } },
	{ "cikeGlobalOutP2SaDelRequests",   "1.2.1.18",   MIB_COUNTER,   { "118" } },
	{ "cikeGlobalInitTunnels",          "1.2.1.19",   MIB_COUNTER,   { "1" } },
	{ "cikeGlobalInitTunnelFails",      "1.2.1.20",   MIB_COUNTER,   { "120" } },
	{ "cikeGlobalRespTunnelFails",      "1.2.1.21",   MIB_COUNTER,   { "121" } },
	{ "cikeGlobalSysCapFails",          "1.2.1.22",   MIB_COUNTER,   { "122" } },
	{ "cikeGlobalAuthFails",            "1.2.1.23",   MIB_COUNTER,   { "123" } },
	{ "cikeGlobalDecryptFails",         "1.2.1.24",   MIB_COUNTER,   { "124" } },
	{ "cikeGlobalHashValidFails",       "1.2.1.25",   MIB_COUNTER,   { "125" } },
	{ "cikeGlobalNoSaFails",            "1.2.1.26",   MIB_COUNTER,   { "126" } },
	/*                                                                 1                3 */
	{ "cikeTunLocalType",               "1.2.3.1.2",  MIB_INTEGER,   { "1",             "1" } },
	{ "cikeTunLocalValue",              "1.2.3.1.3",  MIB_OCTETS,    { "192.0.2.1",     "2001:db8::1" } },
	{ "cikeTunLocalAddr",               "1.2.3.1.4",  MIB_OCTETS,    { "192.0.2.1",     "2001:db8::1" } },
	{ "cikeTunLocalName",               "1.2.3.1.5",  MIB_OCTETS,    { "",              "" } },
	{ "cikeTunRemoteType",              "1.2.3.1.6",  MIB_INTEGER,   { "2",             "2" } },
	{ "cikeTunRemoteValue",             "1.2.3.1.7",  MIB_OCTETS,    { "gw.example.net", "C=DE, O=Example, CN=gw" } },
	{ "cikeTunRemoteAddr",              "1.2.3.1.8",  MIB_OCTETS,    { "198.51.100.7",  "2001:db8::2" } },
	{ "cikeTunRemoteName",              "1.2.3.1.9",  MIB_OCTETS,    { "",              "" } },
	{ "cikeTunNegoMode",                "1.2.3.1.10", MIB_INTEGER,   { "1",             "2" } },
	{ "cikeTunDiffHellmanGrp",          "1.2.3.1.11", MIB_INTEGER,   { "32",            "3" } },
	{ "cikeTunEncryptAlgo",             "1.2.3.1.12", MIB_INTEGER,   { "6",             "3" } },
	{ "cikeTunHashAlgo",                "1.2.3.1.13", MIB_INTEGER,   { "4",             "3" } },
	{ "cikeTunAuthMethod",              "1.2.3.1.14", MIB_INTEGER,   { "2",             "3" } },
	{ "cikeTunLifeTime",                "1.2.3.1.15", MIB_INTEGER,   { "14400",         "2147483647" } },
	{ "cikeTunActiveTime",              "1.2.3.1.16", MIB_INTEGER,   { "500~",          "0" } },
	{ "cikeTunSaRefreshThreshold",      "1.2.3.1.17", MIB_INTEGER,   { "3600",          "1" } },
	{ "cikeTunTotalRefreshes",          "1.2.3.1.18", MIB_COUNTER,   { "1",             "0" } },
	{ "cikeTunInOctets",                "1.2.3.1.19", MIB_COUNTER,   { "0",             "0" } },
	{ "cikeTunInPkts",                  "1.2.3.1.20", MIB_COUNTER,   { "0",             "0" } },
	{ "cikeTunInDropPkts",              "1.2.3.1.21", MIB_COUNTER,   { "0",             "0" } },
	{ "cikeTunInNotifys",               "1.2.3.1.22", MIB_COUNTER,   { "0",             "0" } },
	{ "cikeTunInP2Exchgs",              "1.2.3.1.23", MIB_COUNTER,   { "0",             "0" } },
	{ "cikeTunInP2ExchgInvalids",       "1.2.3.1.24", MIB_COUNTER,   { "0",             "0" } },
	{ "cikeTunInP2ExchgRejects",        "1.2.3.1.25", MIB_COUNTER,   { "0",             "0" } },
	{ "cikeTunInP2SaDelRequests",       "1.2.3.1.26", MIB_COUNTER,   { "0",             "0" } },
	{ "cikeTunOutOctets",               "1.2.3.1.27", MIB_COUNTER,   { "0",             "0" } },
	{ "cikeTunOutPkts",                 "1.2.3.1.28", MIB_COUNTER,   { "0",             "0" } },
	{ "cikeTunOutDropPkts",             "1.2.3.1.29", MIB_COUNTER,   { "0",             "0" } },
	{ "cikeTunOutNotifys",              "1.2.3.1.30", MIB_COUNTER,   { "0",             "0" } },
	{ "cikeTunOutP2Exchgs",             "1.2.3.1.31", MIB_COUNTER,   { "0",             "0" } },
	{ "cikeTunOutP2ExchgInvalids",      "1.2.3.1.32", MIB_COUNTER,   { "0",             "0" } },
	{ "cikeTunOutP2ExchgRejects",       "1.2.3.1.33", MIB_COUNTER,   { "0",             "0" } },
	{ "cikeTunOutP2SaDelRequests",      "1.2.3.1.34", MIB_COUNTER,   { "0",             "0" } },
	{ "cikeTunStatus",                  "1.2.3.1.35", MIB_INTEGER,   { "1",             "1" } },
	{ "cipSecGlobalActiveTunnels",      "1.3.1.1",    MIB_GAUGE,     { "4" } },
	{ "cipSecGlobalPreviousTunnels",    "1.3.1.2",    MIB_COUNTER,   { "1" } },
	{ "cipSecGlobalInOctets",           "1.3.1.3",    MIB_COUNTER,   { "2479" } },
	{ "cipSecGlobalHcInOctets",         "1.3.1.4",    MIB_COUNTER64, { "17179871663" } },
	{ "cipSecGlobalInOctWraps",         "1.3.1.5",    MIB_COUNTER,   { "4" } },
	{ "cipSecGlobalInDecompOctets",     "1.3.1.6",    MIB_COUNTER,   { "3279" } },
	{ "cipSecGlobalHcInDecompOctets",   "1.3.1.7",    MIB_COUNTER64, { "21474839759" } },
	{ "cipSecGlobalInDecompOctWraps",   "1.3.1.8",    MIB_COUNTER,   { "5" } },
	{ "cipSecGlobalInPkts",             "1.3.1.9",    MIB_COUNTER,   { "1029" } },
	{ "cipSecGlobalInDrops",            "1.3.1.10",   MIB_COUNTER,   { "141" } },
	{ "cipSecGlobalInReplayDrops",      "1.3.1.11",   MIB_COUNTER,   { "8" } },
	{ "cipSecGlobalInAuths",            "1.3.1.12",   MIB_COUNTER,   { "1033" } },
	{ "cipSecGlobalInAuthFails",        "1.3.1.13",   MIB_COUNTER,   { "4" } },
	{ "cipSecGlobalInDecrypts",         "1.3.1.14",   MIB_COUNTER,   { "1026" } },
	{ "cipSecGlobalInDecryptFails",     "1.3.1.15",   MIB_COUNTER,   { "3" } },
	{ "cipSecGlobalOutOctets",          "1.3.1.16",   MIB_COUNTER,   { "899" } },
	{ "cipSecGlobalHcOutOctets",        "1.3.1.17",   MIB_COUNTER64, { "17179870083" } },
	{ "cipSecGlobalOutOctWraps",        "1.3.1.18",   MIB_COUNTER,   { "4" } },
	{ "cipSecGlobalOutUncompOctets",    "1.3.1.19",   MIB_COUNTER,   { "950" } },
	{ "cipSecGlobalHcOutUncompOctets",  "1.3.1.20",   MIB_COUNTER64, { "21474837430" } },
	{ "cipSecGlobalOutUncompOctWraps",  "1.3.1.21",   MIB_COUNTER,   { "5" } },
	{ "cipSecGlobalOutPkts",            "1.3.1.22",   MIB_COUNTER,   { "2020" } },
	{ "cipSecGlobalOutDrops",           "1.3.1.23",   MIB_COUNTER,   { "277" } },
	{ "cipSecGlobalOutAuths",           "1.3.1.24",   MIB_COUNTER,   { "2025" } },
	{ "cipSecGlobalOutAuthFails",       "1.3.1.25",   MIB_COUNTER,   { "5" } },
	{ "cipSecGlobalOutEncrypts",        "1.3.1.26",   MIB_COUNTER,   { "2020" } },
	{ "cipSecGlobalOutEncryptFails",    "1.3.1.27",   MIB_COUNTER,   { "10" } },
	{ "cipSecGlobalProtocolUseFails",   "1.3.1.28",   MIB_COUNTER,   { "127" } },
	{ "cipSecGlobalNoSaFails",          "1.3.1.29",   MIB_COUNTER,   { "128" } },
	{ "cipSecGlobalSysCapFails",        "1.3.1.30",   MIB_COUNTER,   { "129" } },
	/*                                                                 1               2              4             5 */
	{ "cipSecTunIkeTunnelIndex",        "1.3.2.1.2",  MIB_INTEGER,   { "1",            "3",           "-",          "4" } },
	{ "cipSecTunIkeTunnelAlive",        "1.3.2.1.3",  MIB_INTEGER,   { "1",            "1",           "2",          "2" } },
	{ "cipSecTunLocalAddr",             "1.3.2.1.4",  MIB_OCTETS,    { "192.0.2.1",    "2001:db8::1", "0.0.0.0",    "192.0.2.1" } },
	{ "cipSecTunRemoteAddr",            "1.3.2.1.5",  MIB_OCTETS,    { "198.51.100.7", "2001:db8::2", "0.0.0.0",    "203.0.113.3" } },
	{ "cipSecTunKeyType",               "1.3.2.1.6",  MIB_INTEGER,   { "1",            "1",           "2",          "1" } },
	{ "cipSecTunEncapMode",             "1.3.2.1.7",  MIB_INTEGER,   { "1",            "2",           "2",          "3" } },
	{ "cipSecTunLifeSize",              "1.3.2.1.8",  MIB_INTEGER,   { "2147483647",   "4194304",     "2147483647", "2" } },
	{ "cipSecTunLifeTime",              "1.3.2.1.9",  MIB_INTEGER,   { "3600",         "1800",        "2147483647", "60" } },
	{ "cipSecTunActiveTime",            "1.3.2.1.10", MIB_INTEGER,   { "300~",         "0~",          "0~",         "0~" } },
	{ "cipSecTunSaLifeSizeThreshold",   "1.3.2.1.11", MIB_INTEGER,   { "1",            "1048576",     "1",          "1" } },
	{ "cipSecTunSaLifeTimeThreshold",   "1.3.2.1.12", MIB_INTEGER,   { "600",          "1",           "1",          "1" } },
	{ "cipSecTunTotalRefreshes",        "1.3.2.1.13", MIB_COUNTER,   { "1",            "0",           "0",          "0" } },
	{ "cipSecTunExpiredSaInstances",    "1.3.2.1.14", MIB_COUNTER,   { "1",            "0",           "0",          "0" } },
	{ "cipSecTunCurrentSaInstances",    "1.3.2.1.15", MIB_GAUGE,     { "3",            "3",           "2",          "2" } },
	{ "cipSecTunInSaDiffHellmanGrp",    "1.3.2.1.16", MIB_INTEGER,   { "32",           "1",           "1",          "1" } },
	{ "cipSecTunInSaEncryptAlgo",       "1.3.2.1.17", MIB_INTEGER,   { "6",            "4",           "1",          "1" } },
	{ "cipSecTunInSaAhAuthAlgo",        "1.3.2.1.18", MIB_INTEGER,   { "1",            "1",           "6",          "1" } },
	{ "cipSecTunInSaEspAuthAlgo",       "1.3.2.1.19", MIB_INTEGER,   { "9",            "4",           "1",          "3" } },
	{ "cipSecTunInSaDecompAlgo",        "1.3.2.1.20", MIB_INTEGER,   { "1",            "2",           "1",          "1" } },
	{ "cipSecTunOutSaDiffHellmanGrp",   "1.3.2.1.21", MIB_INTEGER,   { "32",           "15",          "1",          "1" } },
	{ "cipSecTunOutSaEncryptAlgo",      "1.3.2.1.22", MIB_INTEGER,   { "6",            "4",           "1",          "99" } },
	{ "cipSecTunOutSaAhAuthAlgo",       "1.3.2.1.23", MIB_INTEGER,   { "1",            "1",           "99",         "1" } },
	{ "cipSecTunOutSaEspAuthAlgo",      "1.3.2.1.24", MIB_INTEGER,   { "9",            "4",           "1",          "99" } },
	{ "cipSecTunOutSaCompAlgo",         "1.3.2.1.25", MIB_INTEGER,   { "1",            "2",           "1",          "1" } },
	{ "cipSecTunInOctets",              "1.3.2.1.26", MIB_COUNTER,   { "105",          "700",         "64",         "10" } },
	{ "cipSecTunHcInOctets",            "1.3.2.1.27", MIB_COUNTER64, { "12884901993",  "700",         "64",         "10" } },
	{ "cipSecTunInOctWraps",            "1.3.2.1.28", MIB_COUNTER,   { "3",            "0",           "0",          "0" } },
	{ "cipSecTunInDecompOctets",        "1.3.2.1.29", MIB_COUNTER,   { "105",          "1400",        "64",         "10" } },
	{ "cipSecTunHcInDecompOctets",      "1.3.2.1.30", MIB_COUNTER64, { "12884901993",  "1400",        "64",         "10" } },
	{ "cipSecTunInDecompOctWraps",      "1.3.2.1.31", MIB_COUNTER,   { "3",            "0",           "0",          "0" } },
	{ "cipSecTunInPkts",                "1.3.2.1.32", MIB_COUNTER,   { "1001",         "7",           "1",          "2" } },
	{ "cipSecTunInDropPkts",            "1.3.2.1.33", MIB_COUNTER,   { "3",            "0",           "0",          "1" } },
	{ "cipSecTunInReplayDropPkts",      "1.3.2.1.34", MIB_COUNTER,   { "7",            "0",           "0",          "0" } },
	{ "cipSecTunInAuths",               "1.3.2.1.35", MIB_COUNTER,   { "1003",         "7",           "1",          "2" } },
	{ "cipSecTunInAuthFails",           "1.3.2.1.36", MIB_COUNTER,   { "2",            "0",           "0",          "0" } },
	{ "cipSecTunInDecrypts",            "1.3.2.1.37", MIB_COUNTER,   { "1001",         "7",           "0",          "0" } },
	{ "cipSecTunInDecryptFails",        "1.3.2.1.38", MIB_COUNTER,   { "0",            "0",           "0",          "0" } },
	{ "cipSecTunOutOctets",             "1.3.2.1.39", MIB_COUNTER,   { "4294967295",   "0",           "0",          "0" } },
	{ "cipSecTunHcOutOctets",           "1.3.2.1.40", MIB_COUNTER64, { "4294967295",   "4294967296",  "0",          "0" } },
	{ "cipSecTunOutOctWraps",           "1.3.2.1.41", MIB_COUNTER,   { "0",            "1",           "0",          "0" } },
	{ "cipSecTunOutUncompOctets",       "1.3.2.1.42", MIB_COUNTER,   { "4294967295",   "1",           "0",          "0" } },
	{ "cipSecTunHcOutUncompOctets",     "1.3.2.1.43", MIB_COUNTER64, { "4294967295",   "4294967297",  "0",          "0" } },
	{ "cipSecTunOutUncompOctWraps",     "1.3.2.1.44", MIB_COUNTER,   { "0",            "1",           "0",          "0" } },
	{ "cipSecTunOutPkts",               "1.3.2.1.45", MIB_COUNTER,   { "2000",         "9",           "0",          "0" } },
	{ "cipSecTunOutDropPkts",           "1.3.2.1.46", MIB_COUNTER,   { "4",            "0",           "0",          "0" } },
	{ "cipSecTunOutAuths",              "1.3.2.1.47", MIB_COUNTER,   { "2000",         "9",           "0",          "0" } },
	{ "cipSecTunOutAuthFails",          "1.3.2.1.48", MIB_COUNTER,   { "0",            "0",           "0",          "0" } },
	{ "cipSecTunOutEncrypts",           "1.3.2.1.49", MIB_COUNTER,   { "2000",         "9",           "0",          "0" } },
	{ "cipSecTunOutEncryptFails",       "1.3.2.1.50", MIB_COUNTER,   { "4",            "0",           "0",          "0" } },
	{ "cipSecTunStatus",                "1.3.2.1.51", MIB_INTEGER,   { "1",            "1",           "1",          "1" } },
	/*                                                                 1.1            1.2            1.3                2.1             2.2             4.1            5.1 */
	{ "cipSecEndPtLocalName",           "1.3.3.1.2",  MIB_OCTETS,    { "",            "",            "",                "",             "",             "",            "" } },
	{ "cipSecEndPtLocalType",           "1.3.3.1.3",  MIB_INTEGER,   { "3",           "1",           "3",               "3",            "1",            "1",           "1" } },
	{ "cipSecEndPtLocalAddr1",          "1.3.3.1.4",  MIB_OCTETS,    { "10.1.0.0",    "10.1.0.5",    "192.0.2.128",     "2001:db8:1::", "2001:db8::1",  "192.0.2.1",   "192.0.2.1" } },
	{ "cipSecEndPtLocalAddr2",          "1.3.3.1.5",  MIB_OCTETS,    { "255.255.0.0", "10.1.0.5",    "255.255.255.128", "ffff:ffff:ffff:ffff::", "2001:db8::1", "192.0.2.1", "192.0.2.1" } },
	{ "cipSecEndPtLocalProtocol",       "1.3.3.1.6",  MIB_INTEGER,   { "0",           "6",           "0",               "0",            "17",           "1",           "17" } },
	{ "cipSecEndPtLocalPort",           "1.3.3.1.7",  MIB_INTEGER,   { "0",           "443",         "0",               "0",            "500",          "0",           "0" } },
	{ "cipSecEndPtRemoteName",          "1.3.3.1.8",  MIB_OCTETS,    { "",            "",            "",                "",             "",             "",            "" } },
	{ "cipSecEndPtRemoteType",          "1.3.3.1.9",  MIB_INTEGER,   { "3",           "2",           "3",               "3",            "2",            "1",           "1" } },
	{ "cipSecEndPtRemoteAddr1",         "1.3.3.1.10", MIB_OCTETS,    { "0.0.0.0",     "10.2.0.10",   "198.51.100.0",    "::",           "2001:db8::10", "192.0.2.9",   "203.0.113.3" } },
	{ "cipSecEndPtRemoteAddr2",         "1.3.3.1.11", MIB_OCTETS,    { "0.0.0.0",     "10.2.0.20",   "255.255.255.255", "::",           "2001:db8::1f", "192.0.2.9",   "203.0.113.3" } },
	{ "cipSecEndPtRemoteProtocol",      "1.3.3.1.12", MIB_INTEGER,   { "0",           "6",           "0",               "0",            "17",           "255",         "17" } },
	{ "cipSecEndPtRemotePort",          "1.3.3.1.13", MIB_INTEGER,   { "0",           "0",           "0",               "0",            "0",            "0",           "53" } },
	/*                                                                 1.1           1.3           1.4  2.1           2.2           2.3     4.1    4.2    5.1    5.2 */
	{ "cipSecSpiDirection",             "1.3.4.1.2",  MIB_INTEGER,   { "1",          "1",          "2", "1",          "2",          "1",    "1",   "2",   "1",   "2" } },
	{ "cipSecSpiValue",                 "1.3.4.1.3",  MIB_GAUGE,     { "3221225473", "3221225475", "1", "3221225489", "3221225490", "4660", "256", "257", "512", "513" } },
	{ "cipSecSpiProtocol",              "1.3.4.1.4",  MIB_INTEGER,   { "2",          "2",          "2", "2",          "2",          "3",    "1",   "1",   "2",   "2" } },
	{ "cipSecSpiStatus",                "1.3.4.1.5",  MIB_INTEGER,   { "2",          "1",          "1", "1",          "1",          "1",    "1",   "1",   "1",   "1" } },
	/* peers and their tunnels; what has been (of selectors, the last first); the switches */
	{ "cikePeerLocalAddr",                "1.2.2.1.6",      MIB_OCTETS,    { "192.0.2.1", "2001:db8::1" } },
	{ "cikePeerRemoteAddr",               "1.2.2.1.7",      MIB_OCTETS,    { "198.51.100.7", "2001:db8::2" } },
	{ "cikePeerActiveTime",               "1.2.2.1.8",      MIB_INTEGER,   { "500~", "0" } },
	{ "cikePeerActiveTunnelIndex",        "1.2.2.1.9",      MIB_INTEGER,   { "1", "3" } },
	{ "cikePeerCorrIpSecTunIndex",        "1.2.4.1.7",      MIB_INTEGER,   { "1", "2" } },
	{ "cipSecHistTableSize",              "1.4.1.1.1",      MIB_INTEGER,   { "16" } },
	{ "cipSecHistCheckPoint",             "1.4.1.1.2",      MIB_INTEGER,   { "1" } },
	{ "cikeTunHistTermReason",            "1.4.2.1.1.2",    MIB_INTEGER,   { "4" } },
	{ "cikeTunHistActiveIndex",           "1.4.2.1.1.3",    MIB_INTEGER,   { "5" } },
	{ "cikeTunHistPeerLocalType",         "1.4.2.1.1.4",    MIB_INTEGER,   { "1" } },
	{ "cikeTunHistPeerLocalValue",        "1.4.2.1.1.5",    MIB_OCTETS,    { "192.0.2.1" } },
	{ "cikeTunHistPeerIntIndex",          "1.4.2.1.1.6",    MIB_INTEGER,   { "1" } },
	{ "cikeTunHistPeerRemoteType",        "1.4.2.1.1.7",    MIB_INTEGER,   { "2" } },
	{ "cikeTunHistPeerRemoteValue",       "1.4.2.1.1.8",    MIB_OCTETS,    { "vpn.example.org" } },
	{ "cikeTunHistLocalAddr",             "1.4.2.1.1.9",    MIB_OCTETS,    { "192.0.2.1" } },
	{ "cikeTunHistLocalName",             "1.4.2.1.1.10",   MIB_OCTETS,    { "" } },
	{ "cikeTunHistRemoteAddr",            "1.4.2.1.1.11",   MIB_OCTETS,    { "203.0.113.9" } },
	{ "cikeTunHistRemoteName",            "1.4.2.1.1.12",   MIB_OCTETS,    { "" } },
	{ "cikeTunHistNegoMode",              "1.4.2.1.1.13",   MIB_INTEGER,   { "1" } },
	{ "cikeTunHistDiffHellmanGrp",        "1.4.2.1.1.14",   MIB_INTEGER,   { "15" } },
	{ "cikeTunHistEncryptAlgo",           "1.4.2.1.1.15",   MIB_INTEGER,   { "4" } },
	{ "cikeTunHistHashAlgo",              "1.4.2.1.1.16",   MIB_INTEGER,   { "6" } },
	{ "cikeTunHistAuthMethod",            "1.4.2.1.1.17",   MIB_INTEGER,   { "6" } },
	{ "cikeTunHistLifeTime",              "1.4.2.1.1.18",   MIB_INTEGER,   { "200" } },
	{ "cikeTunHistStartTime",             "1.4.2.1.1.19",   MIB_TICKS,     { "600~" } },
	{ "cikeTunHistActiveTime",            "1.4.2.1.1.20",   MIB_INTEGER,   { "400~" } },
	{ "cikeTunHistTotalRefreshes",        "1.4.2.1.1.21",   MIB_COUNTER,   { "2" } },
	{ "cikeTunHistTotalSas",              "1.4.2.1.1.22",   MIB_COUNTER,   { "3" } },
	{ "cikeTunHistInOctets",              "1.4.2.1.1.23",   MIB_COUNTER,   { "21" } },
	{ "cikeTunHistInPkts",                "1.4.2.1.1.24",   MIB_COUNTER,   { "22" } },
	{ "cikeTunHistInDropPkts",            "1.4.2.1.1.25",   MIB_COUNTER,   { "23" } },
	{ "cikeTunHistInNotifys",             "1.4.2.1.1.26",   MIB_COUNTER,   { "24" } },
	{ "cikeTunHistInP2Exchgs",            "1.4.2.1.1.27",   MIB_COUNTER,   { "25" } },
	{ "cikeTunHistInP2ExchgInvalids",     "1.4.2.1.1.28",   MIB_COUNTER,   { "26" } },
	{ "cikeTunHistInP2ExchgRejects",      "1.4.2.1.1.29",   MIB_COUNTER,   { "27" } },
	{ "cikeTunHistInP2SaDelRequests",     "1.4.2.1.1.30",   MIB_COUNTER,   { "28" } },
	{ "cikeTunHistOutOctets",             "1.4.2.1.1.31",   MIB_COUNTER,   { "31" } },
	{ "cikeTunHistOutPkts",               "1.4.2.1.1.32",   MIB_COUNTER,   { "32" } },
	{ "cikeTunHistOutDropPkts",           "1.4.2.1.1.33",   MIB_COUNTER,   { "33" } },
	{ "cikeTunHistOutNotifys",            "1.4.2.1.1.34",   MIB_COUNTER,   { "34" } },
	{ "cikeTunHistOutP2Exchgs",           "1.4.2.1.1.35",   MIB_COUNTER,   { "35" } },
	{ "cikeTunHistOutP2ExchgInvalids",    "1.4.2.1.1.36",   MIB_COUNTER,   { "36" } },
	{ "cikeTunHistOutP2ExchgRejects",     "1.4.2.1.1.37",   MIB_COUNTER,   { "37" } },
	{ "cikeTunHistOutP2SaDelRequests",    "1.4.2.1.1.38",   MIB_COUNTER,   { "38" } },
	{ "cipSecTunHistTermReason",          "1.4.3.1.1.2",    MIB_INTEGER,   { "6" } },
	{ "cipSecTunHistActiveIndex",         "1.4.3.1.1.3",    MIB_INTEGER,   { "6" } },
	{ "cipSecTunHistIkeTunnelIndex",      "1.4.3.1.1.4",    MIB_INTEGER,   { "1" } },
	{ "cipSecTunHistLocalAddr",           "1.4.3.1.1.5",    MIB_OCTETS,    { "192.0.2.1" } },
	{ "cipSecTunHistRemoteAddr",          "1.4.3.1.1.6",    MIB_OCTETS,    { "198.51.100.7" } },
	{ "cipSecTunHistKeyType",             "1.4.3.1.1.7",    MIB_INTEGER,   { "1" } },
	{ "cipSecTunHistEncapMode",           "1.4.3.1.1.8",    MIB_INTEGER,   { "2" } },
	{ "cipSecTunHistLifeSize",            "1.4.3.1.1.9",    MIB_INTEGER,   { "8" } },
	{ "cipSecTunHistLifeTime",            "1.4.3.1.1.10",   MIB_INTEGER,   { "1000" } },
	{ "cipSecTunHistStartTime",           "1.4.3.1.1.11",   MIB_TICKS,     { "800~" } },
	{ "cipSecTunHistActiveTime",          "1.4.3.1.1.12",   MIB_INTEGER,   { "200~" } },
	{ "cipSecTunHistTotalRefreshes",      "1.4.3.1.1.13",   MIB_COUNTER,   { "1" } },
	{ "cipSecTunHistTotalSas",            "1.4.3.1.1.14",   MIB_COUNTER,   { "3" } },
	{ "cipSecTunHistInSaDiffHellmanGrp",  "1.4.3.1.1.15",   MIB_INTEGER,   { "15" } },
	{ "cipSecTunHistInSaEncryptAlgo",     "1.4.3.1.1.16",   MIB_INTEGER,   { "4" } },
	{ "cipSecTunHistInSaAhAuthAlgo",      "1.4.3.1.1.17",   MIB_INTEGER,   { "1" } },
	{ "cipSecTunHistInSaEspAuthAlgo",     "1.4.3.1.1.18",   MIB_INTEGER,   { "6" } },
	{ "cipSecTunHistInSaDecompAlgo",      "1.4.3.1.1.19",   MIB_INTEGER,   { "2" } },
	{ "cipSecTunHistOutSaDiffHellmanGrp", "1.4.3.1.1.20",   MIB_INTEGER,   { "16" } },
	{ "cipSecTunHistOutSaEncryptAlgo",    "1.4.3.1.1.21",   MIB_INTEGER,   { "3" } },
	{ "cipSecTunHistOutSaAhAuthAlgo",     "1.4.3.1.1.22",   MIB_INTEGER,   { "1" } },
	{ "cipSecTunHistOutSaEspAuthAlgo",    "1.4.3.1.1.23",   MIB_INTEGER,   { "3" } },
	{ "cipSecTunHistOutSaCompAlgo",       "1.4.3.1.1.24",   MIB_INTEGER,   { "2" } },
	{ "cipSecTunHistInOctets",            "1.4.3.1.1.25",   MIB_COUNTER,   { "600" } },
	{ "cipSecTunHistHcInOctets",          "1.4.3.1.1.26",   MIB_COUNTER64, { "4294967896" } },
	{ "cipSecTunHistInOctWraps",          "1.4.3.1.1.27",   MIB_COUNTER,   { "1" } },
	{ "cipSecTunHistInDecompOctets",      "1.4.3.1.1.28",   MIB_COUNTER,   { "700" } },
	{ "cipSecTunHistHcInDecompOctets",    "1.4.3.1.1.29",   MIB_COUNTER64, { "8589935292" } },
	{ "cipSecTunHistInDecompOctWraps",    "1.4.3.1.1.30",   MIB_COUNTER,   { "2" } },
	{ "cipSecTunHistInPkts",              "1.4.3.1.1.31",   MIB_COUNTER,   { "8" } },
	{ "cipSecTunHistInDropPkts",          "1.4.3.1.1.32",   MIB_COUNTER,   { "9" } },
	{ "cipSecTunHistInReplayDropPkts",    "1.4.3.1.1.33",   MIB_COUNTER,   { "1" } },
	{ "cipSecTunHistInAuths",             "1.4.3.1.1.34",   MIB_COUNTER,   { "10" } },
	{ "cipSecTunHistInAuthFails",         "1.4.3.1.1.35",   MIB_COUNTER,   { "2" } },
	{ "cipSecTunHistInDecrypts",          "1.4.3.1.1.36",   MIB_COUNTER,   { "8" } },
	{ "cipSecTunHistInDecryptFails",      "1.4.3.1.1.37",   MIB_COUNTER,   { "3" } },
	{ "cipSecTunHistOutOctets",           "1.4.3.1.1.38",   MIB_COUNTER,   { "900" } },
	{ "cipSecTunHistHcOutOctets",         "1.4.3.1.1.39",   MIB_COUNTER64, { "8589935492" } },
	{ "cipSecTunHistOutOctWraps",         "1.4.3.1.1.40",   MIB_COUNTER,   { "2" } },
	{ "cipSecTunHistOutUncompOctets",     "1.4.3.1.1.41",   MIB_COUNTER,   { "950" } },
	{ "cipSecTunHistHcOutUncompOctets",   "1.4.3.1.1.42",   MIB_COUNTER64, { "12884902838" } },
	{ "cipSecTunHistOutUncompOctWraps",   "1.4.3.1.1.43",   MIB_COUNTER,   { "3" } },
	{ "cipSecTunHistOutPkts",             "1.4.3.1.1.44",   MIB_COUNTER,   { "11" } },
	{ "cipSecTunHistOutDropPkts",         "1.4.3.1.1.45",   MIB_COUNTER,   { "18" } },
	{ "cipSecTunHistOutAuths",            "1.4.3.1.1.46",   MIB_COUNTER,   { "16" } },
	{ "cipSecTunHistOutAuthFails",        "1.4.3.1.1.47",   MIB_COUNTER,   { "5" } },
	{ "cipSecTunHistOutEncrypts",         "1.4.3.1.1.48",   MIB_COUNTER,   { "11" } },
	{ "cipSecTunHistOutEncryptFails",     "1.4.3.1.1.49",   MIB_COUNTER,   { "6" } },
	{ "cipSecEndPtHistTunIndex",          "1.4.3.2.1.2",    MIB_INTEGER,   { "6", "6" } },
	{ "cipSecEndPtHistActiveIndex",       "1.4.3.2.1.3",    MIB_INTEGER,   { "2", "1" } },
	{ "cipSecEndPtHistLocalName",         "1.4.3.2.1.4",    MIB_OCTETS,    { "", "" } },
	{ "cipSecEndPtHistLocalType",         "1.4.3.2.1.5",    MIB_INTEGER,   { "1", "3" } },
	{ "cipSecEndPtHistLocalAddr1",        "1.4.3.2.1.6",    MIB_OCTETS,    { "192.0.2.1", "10.6.0.0" } },
	{ "cipSecEndPtHistLocalAddr2",        "1.4.3.2.1.7",    MIB_OCTETS,    { "192.0.2.1", "255.255.0.0" } },
	{ "cipSecEndPtHistLocalProtocol",     "1.4.3.2.1.8",    MIB_INTEGER,   { "6", "0" } },
	{ "cipSecEndPtHistLocalPort",         "1.4.3.2.1.9",    MIB_INTEGER,   { "22", "0" } },
	{ "cipSecEndPtHistRemoteName",        "1.4.3.2.1.10",   MIB_OCTETS,    { "", "" } },
	{ "cipSecEndPtHistRemoteType",        "1.4.3.2.1.11",   MIB_INTEGER,   { "3", "2" } },
	{ "cipSecEndPtHistRemoteAddr1",       "1.4.3.2.1.12",   MIB_OCTETS,    { "10.8.0.0", "10.7.0.1" } },
	{ "cipSecEndPtHistRemoteAddr2",       "1.4.3.2.1.13",   MIB_OCTETS,    { "255.255.255.0", "10.7.0.9" } },
	{ "cipSecEndPtHistRemoteProtocol",    "1.4.3.2.1.14",   MIB_INTEGER,   { "0", "17" } },
	{ "cipSecEndPtHistRemotePort",        "1.4.3.2.1.15",   MIB_INTEGER,   { "0", "500" } },
	{ "cipSecFailTableSize",              "1.5.1.1.1",      MIB_INTEGER,   { "32" } },
	{ "cikeFailReason",                   "1.5.2.1.1.2",    MIB_INTEGER,   { "5", "9" } },
	{ "cikeFailTime",                     "1.5.2.1.1.3",    MIB_TICKS,     { "1000~", "0" } },
	{ "cikeFailLocalType",                "1.5.2.1.1.4",    MIB_INTEGER,   { "1", "2" } },
	{ "cikeFailLocalValue",               "1.5.2.1.1.5",    MIB_OCTETS,    { "192.0.2.1", "" } },
	{ "cikeFailRemoteType",               "1.5.2.1.1.6",    MIB_INTEGER,   { "2", "2" } },
	{ "cikeFailRemoteValue",              "1.5.2.1.1.7",    MIB_OCTETS,    { "gw.example.net", "" } },
	{ "cikeFailLocalAddr",                "1.5.2.1.1.8",    MIB_OCTETS,    { "192.0.2.1", "-" } },
	{ "cikeFailRemoteAddr",               "1.5.2.1.1.9",    MIB_OCTETS,    { "198.51.100.7", "-" } },
	{ "cipSecFailReason",                 "1.5.3.1.1.2",    MIB_INTEGER,   { "7", "9" } },
	{ "cipSecFailTime",                   "1.5.3.1.1.3",    MIB_TICKS,     { "1000~", "0" } },
	{ "cipSecFailTunnelIndex",            "1.5.3.1.1.4",    MIB_INTEGER,   { "1", "-" } },
	{ "cipSecFailSaSpi",                  "1.5.3.1.1.5",    MIB_INTEGER,   { "2147483647", "-" } },
	{ "cipSecFailPktSrcAddr",             "1.5.3.1.1.6",    MIB_OCTETS,    { "2001:db8::9", "-" } },
	{ "cipSecFailPktDstAddr",             "1.5.3.1.1.7",    MIB_OCTETS,    { "192.0.2.1", "-" } },
	{ "cipSecTrapCntlIkeTunnelStart",     "1.6.1",          MIB_INTEGER,   { "2" } },
	{ "cipSecTrapCntlIkeTunnelStop",      "1.6.2",          MIB_INTEGER,   { "2" } },
	{ "cipSecTrapCntlIkeSysFailure",      "1.6.3",          MIB_INTEGER,   { "2" } },
	{ "cipSecTrapCntlIkeCertCrlFailure",  "1.6.4",          MIB_INTEGER,   { "2" } },
	{ "cipSecTrapCntlIkeProtocolFail",    "1.6.5",          MIB_INTEGER,   { "2" } },
	{ "cipSecTrapCntlIkeNoSa",            "1.6.6",          MIB_INTEGER,   { "2" } },
	{ "cipSecTrapCntlIpSecTunnelStart",   "1.6.7",          MIB_INTEGER,   { "2" } },
	{ "cipSecTrapCntlIpSecTunnelStop",    "1.6.8",          MIB_INTEGER,   { "2" } },
	{ "cipSecTrapCntlIpSecSysFailure",    "1.6.9",          MIB_INTEGER,   { "2" } },
	{ "cipSecTrapCntlIpSecSetUpFailure",  "1.6.10",         MIB_INTEGER,   { "2" } },
	{ "cipSecTrapCntlIpSecEarlyTunTerm",  "1.6.11",         MIB_INTEGER,   { "2" } },
	{ "cipSecTrapCntlIpSecProtocolFail",  "1.6.12",         MIB_INTEGER,   { "2" } },
	{ "cipSecTrapCntlIpSecNoSa",          "1.6.13",         MIB_INTEGER,   { "2" } },
	/* clang-format on */
};

static const char *published_oid(const char *name);

struct cell {
	const char *label;
	struct name name;
	size_t column; /* so many sub-identifiers of it name the column */
	struct mib_value value;
	uint64_t slack; /* how much more the number may be */
};
static struct cell cells[1000]; /* what "expected" says, in the order of the names */
static size_t cell_count;

static int
cell_order(const void *a, const void *b)
{
	return name_order(&((const struct cell *)a)->name, &((const struct cell *)b)->name);
}

static struct mib_value
value_of(const char *column, enum mib_type type, const char *text, uint64_t *slack)
{
	struct mib_value value = { .type = type };
	char *end = NULL;
	*slack = 0;
	if (type == MIB_OCTETS && strstr(column, "Addr")) {
		struct ipm_addr addr = address(text);
		value.len = addr.len;
		memcpy(value.octets, addr.bytes, addr.len);
	} else if (type == MIB_OCTETS) {
		value.len = (uint32_t)strlen(text);
		memcpy(value.octets, text, value.len);
	} else {
		value.number = strtoull(text, &end, 10);
		*slack = *end == '~' ? 6000 : 0;
	}
	return value;
}

/* The rows of the table that @p oid is a column of; NULL: it is a scalar. */
static const char *const *
rows_for(const char *oid)
{
	for (size_t i = 0; i < MIB_COUNT(rows); i++) {
		size_t len = strlen(rows[i].entry);
		if (strncmp(oid, rows[i].entry, len) == 0 && oid[len] == '.')
			return rows[i].row;
	}
	return NULL;
}

static void
expect_cell(const char *label, const char *oid, enum mib_type type, const char *row, const char *text)
{
	struct cell *cell = &cells[cell_count];
	ck_assert_uint_lt(cell_count, MIB_COUNT(cells));
	ck_assert_msg(text != NULL, "%s: say what there is in each row", label);
	if (strcmp(text, "-") == 0)
		return;
	*cell = (struct cell){ .label = label, .name = { { FLOW_MIB }, 9 } };
	name_add(&cell->name, oid);
	cell->column = cell->name.len;
	name_add(&cell->name, row);
	cell->value = value_of(label, type, text, &cell->slack);
	cell_count++;
}

/* There is one gateway, so what is said of it is what the scalar of that name says. False: there is no such column. */
static bool
expect_gateway_cell(const char *label, enum mib_type type, const char *text)
{
	static const struct {
		const char *scalar, *column, *entry;
	} pairs[] = { { "cikeGlobal", "cikePhase1GW", "1.2.5.1." }, { "cipSecGlobal", "cipSecPhase2GW", "1.3.5.1." } };
	for (size_t i = 0; i < MIB_COUNT(pairs); i++) {
		char column[64];
		size_t len = strlen(pairs[i].scalar);
		if (strncmp(label, pairs[i].scalar, len) != 0)
			continue;
		snprintf(column, sizeof(column), "%s%s", pairs[i].column, label + len);
		const char *oid = published_oid(column);
		if (!oid)
			return false;
		ck_assert_msg(strncmp(oid, pairs[i].entry, strlen(pairs[i].entry)) == 0, "%s is %s", column, oid);
		expect_cell(label, oid, type, "1", text);
		return true;
	}
	return false;
}

static void
expected_cells(void)
{
	size_t gateway_cells = 0;
	cell_count = 0;
	for (size_t i = 0; i < MIB_COUNT(expected); i++) {
		const char *const *row = rows_for(expected[i].oid);
		if (!row) {
			expect_cell(expected[i].name, expected[i].oid, expected[i].type, "0", expected[i].value[0]);
			gateway_cells += expect_gateway_cell(expected[i].name, expected[i].type, expected[i].value[0]);
		}
		for (size_t r = 0; row && r < ROWS_MAX && row[r]; r++)
			expect_cell(expected[i].name, expected[i].oid, expected[i].type, row[r], expected[i].value[r]);
	}
	ck_assert_uint_eq(gateway_cells, 26 + 26);
	qsort(cells, cell_count, sizeof(cells[0]), cell_order);
}

static void
given_a_gateway_and_its_cells(void)
{
	given_a_gateway();
	expected_cells();
}

static void
expect_value(const struct cell *cell, const struct mib_value *value)
{
	const char *where = name_text(&cell->name);
	ck_assert_msg(value->type == cell->value.type, "%s %s: type %d, expected %d", cell->label, where,
		      (int)value->type, (int)cell->value.type);
	if (value->type == MIB_OCTETS)
		ck_assert_msg(value->len == cell->value.len &&
				      memcmp(value->octets, cell->value.octets, value->len) == 0,
			      "%s %s: other octets than expected", cell->label, where);
	else
		ck_assert_msg(value->number >= cell->value.number && value->number <= cell->value.number + cell->slack,
			      "%s %s: %llu, expected %llu", cell->label, where, (unsigned long long)value->number,
			      (unsigned long long)cell->value.number);
}

static const struct name nothing;

static size_t
walk(struct cell *found, size_t room)
{
	size_t n = 0;
	struct name at = nothing;
	for (;;) {
		struct cell cell = { .label = "walk" };
		if (next(&at, false, &nothing, &cell.name, &cell.value) != MIB_OK)
			return n;
		ck_assert_msg(name_order(&at, &cell.name) < 0, "%s after %s", name_text(&cell.name), name_text(&at));
		ck_assert_uint_lt(n, room);
		found[n++] = cell;
		at = cell.name;
	}
}

/* --- the published MIB ------------------------------------------------------------------------------------------- */

struct object {
	char name[64], oid[64], kind[16], type[16], access[24], range[256], size[32], rest[256];
	struct name at;
};

static const struct object *
published(size_t *count)
{
	static struct object list[600];
	static size_t n;
	char path[512], line[1024];
	const char *top = getenv("top_srcdir");

	*count = n;
	if (n)
		return list;
	snprintf(path, sizeof(path), "%s/tests/data/CISCO-IPSEC-FLOW-MONITOR-MIB.objects", top ? top : ".");
	FILE *file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s is not there", path);
	while (fgets(line, sizeof(line), file)) {
		struct object *o = &list[n];
		if (line[0] == '#')
			continue;
		ck_assert_uint_lt(n, MIB_COUNT(list));
		int got = sscanf(line, "%63s %63s %15s %15[^\t]\t%23s %255s %31s %255s", o->name, o->oid, o->kind,
				 o->type, o->access, o->range, o->size, o->rest);
		ck_assert_msg(got == 8, "%s: cannot read \"%s\"", path, line);
		name_add(&o->at, o->oid);
		n++;
	}
	fclose(file);
	ck_assert_uint_gt(n, 300);
	*count = n;
	return list;
}

/* The scalar or column with this OID that may be read; NULL: none. */
static const struct object *
published_at(const mib_subid *oid, size_t len)
{
	size_t n;
	const struct object *list = published(&n);
	for (size_t i = 0; i < n; i++) {
		if (list[i].at.len == len && memcmp(list[i].at.id, oid, len * sizeof(*oid)) == 0)
			return (strcmp(list[i].kind, "scalar") == 0 || strcmp(list[i].kind, "column") == 0) &&
					       strcmp(list[i].access, "not-accessible") != 0
				       ? &list[i]
				       : NULL;
	}
	return NULL;
}

/* Below FLOW_MIB; NULL: nothing of this name is published. */
static const char *
published_oid(const char *name)
{
	static const char flow_mib[] = "1.3.6.1.4.1.9.9.171.";
	size_t n;
	const struct object *list = published(&n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0 && strncmp(list[i].oid, flow_mib, strlen(flow_mib)) == 0)
			return list[i].oid + strlen(flow_mib);
	return NULL;
}

static enum mib_type
type_named(const char *name)
{
	static const struct {
		const char *name;
		enum mib_type type;
	} types[] = { { "INTEGER", MIB_INTEGER },    { "OCTET STRING", MIB_OCTETS }, { "Counter32", MIB_COUNTER },
		      { "Gauge32", MIB_GAUGE },      { "Unsigned32", MIB_GAUGE },    { "TimeTicks", MIB_TICKS },
		      { "Counter64", MIB_COUNTER64 } };
	for (size_t i = 0; i < MIB_COUNT(types); i++)
		if (strcmp(types[i].name, name) == 0)
			return types[i].type;
	ck_abort_msg("what is a %s?", name);
}

/* Is @p number in "1..5,9", or one of "up(1),down(2)"? */
static bool
in_range(const char *range, uint64_t number)
{
	char copy[256], *save = NULL;
	snprintf(copy, sizeof(copy), "%s", range);
	for (char *part = strtok_r(copy, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
		char *label = strchr(part, '('), *dots = strstr(part, "..");
		uint64_t low = strtoull(label ? label + 1 : part, NULL, 10);
		uint64_t high = dots ? strtoull(dots + 2, NULL, 10) : low;
		if (number >= low && number <= high)
			return true;
	}
	return false;
}

/* What we add to the published enumerations (DESIGN.md, "Algorithm numbers"), by the end of the column's name. */
static bool
in_our_additions(const char *column, uint64_t number)
{
	static const struct {
		const char *end, *range;
	} ours[] = {
		{ "EncryptAlgo", "4..9,99" }, { "AuthAlgo", "4..9,99" },        { "HashAlgo", "4..6,99" },
		{ "AuthMethod", "6..8,99" },  { "DiffHellmanGrp", "4..38,99" }, { "EncapMode", "3" },
		{ "NegoMode", "99" },
	};
	for (size_t i = 0; i < MIB_COUNT(ours); i++) {
		size_t len = strlen(column), end = strlen(ours[i].end);
		if (len >= end && strcmp(column + len - end, ours[i].end) == 0 && in_range(ours[i].range, number))
			return true;
	}
	return false;
}

static mib_subid
last_column(const struct mib_table *table)
{
	return table->cols[table->ncols - 1].id;
}

START_TEST(tables_and_their_columns_are_in_the_order_of_their_oids)
{
	for (unsigned t = 0; t < mib_view_count; t++) {
		const struct mib_table *table = mib_views[t];
		struct name here = nothing, before = nothing;
		for (unsigned c = 1; c < table->ncols; c++)
			ck_assert_msg(table->cols[c - 1].id < table->cols[c].id, "%s before %s",
				      table->cols[c - 1].name, table->cols[c].name);
		if (t == 0)
			continue;
		memcpy(here.id, table->oid, (here.len = table->oid_len) * sizeof(here.id[0]));
		memcpy(before.id, mib_views[t - 1]->oid, (before.len = mib_views[t - 1]->oid_len) * sizeof(here.id[0]));
		ck_assert_msg(name_order(&before, &here) < 0, "%s before %s", mib_views[t - 1]->name, table->name);
		if (before.len <= here.len && memcmp(before.id, here.id, before.len * sizeof(here.id[0])) == 0)
			ck_assert_msg(here.len > before.len && here.id[before.len] > last_column(mib_views[t - 1]),
				      "%s within %s, and not behind its columns", table->name, mib_views[t - 1]->name);
	}
}
END_TEST

START_TEST(every_column_of_ours_is_published_under_its_name_number_and_type)
{
	for (unsigned t = 0; t < flow_view_count(); t++)
		for (unsigned c = 0; c < mib_views[t]->ncols; c++) {
			const struct mib_col *col = &mib_views[t]->cols[c];
			struct name name = name_of(col->name);
			const struct object *object = published_at(name.id, name.len);
			ck_assert_msg(object != NULL, "%s: nothing readable is published at %s", col->name,
				      name_text(&name));
			ck_assert_str_eq(object->name, col->name);
			ck_assert_msg(type_named(object->type) == (enum mib_type)col->type, "%s: type %d, expected %s",
				      col->name, col->type, object->type);
		}
}
END_TEST

START_TEST(every_published_object_is_there)
{
	size_t n, covered = 0;
	const struct object *list = published(&n);
	for (size_t i = 0; i < n; i++) {
		const struct name name = list[i].at;
		if (!published_at(name.id, name.len))
			continue;
		for (unsigned t = 0; t < mib_view_count; t++) {
			const struct mib_table *table = mib_views[t];
			if (name.len != table->oid_len + 1 ||
			    memcmp(name.id, table->oid, table->oid_len * sizeof(name.id[0])) != 0)
				continue;
			struct name ours = name_of(list[i].name); /* says so when there is none */
			ck_assert_msg(name_order(&name, &ours) == 0, "%s: published at %s, ours is at %s", list[i].name,
				      list[i].oid, name_text(&ours));
			covered++;
		}
	}
	ck_assert_uint_eq(covered, 343); /* all that can be read */
}
END_TEST

START_TEST(every_value_is_in_the_range_of_its_object)
{
	static struct cell found[MIB_COUNT(cells)];
	size_t n = walk(found, MIB_COUNT(found));
	for (size_t i = 0; i < n; i++) {
		size_t column = found[i].name.len; /* without the row's index, which is as long as it is */
		const struct object *object = NULL;
		while (!object && --column > 0)
			object = published_at(found[i].name.id, column);
		ck_assert_msg(object != NULL, "%s", name_text(&found[i].name));
		if (found[i].value.type == MIB_OCTETS)
			ck_assert_msg(in_range(object->size, found[i].value.len), "%s: %u octets, published are %s",
				      object->name, found[i].value.len, object->size);
		else if (strcmp(object->range, "-") != 0)
			ck_assert_msg(in_range(object->range, found[i].value.number) ||
					      in_our_additions(object->name, found[i].value.number),
				      "%s: %llu, published are %s", name_text(&found[i].name),
				      (unsigned long long)found[i].value.number, object->range);
		else if (found[i].value.type != MIB_COUNTER64)
			ck_assert_uint_le(found[i].value.number, UINT32_MAX);
	}
}
END_TEST

/* --- one list, three tests ---------------------------------------------------------------------------------------- */

START_TEST(a_walk_gives_every_expected_cell_and_no_other)
{
	static struct cell found[MIB_COUNT(cells)];
	size_t n = walk(found, MIB_COUNT(found));
	for (size_t i = 0; i < n && i < cell_count; i++) {
		ck_assert_msg(name_order(&found[i].name, &cells[i].name) == 0, "%s, expected %s %s",
			      name_text(&found[i].name), cells[i].label, name_text(&cells[i].name));
		expect_value(&cells[i], &found[i].value);
	}
	ck_assert_uint_eq(n, cell_count);
}
END_TEST

START_TEST(get_of_every_cell_equals_what_the_walk_gave)
{
	static struct cell found[MIB_COUNT(cells)];
	size_t n = walk(found, MIB_COUNT(found));
	ck_assert_uint_eq(n, cell_count);
	for (size_t i = 0; i < n; i++) {
		struct mib_value value;
		memset(&value, 0xa5, sizeof(value));
		ck_assert_int_eq(mib_get(mib, found[i].name.id, found[i].name.len, &value), MIB_OK);
		expect_value(&cells[i], &value);
		expect_value(&found[i], &value);
	}
}
END_TEST

START_TEST(getnext_from_each_cell_gives_the_one_behind_it)
{
	for (size_t i = 0; i < cell_count; i++) {
		struct name found;
		struct mib_value value;
		mib_request(mib, master_ns);
		enum mib_result rc = next(&cells[i].name, false, &nothing, &found, &value);
		if (i + 1 == cell_count) {
			ck_assert_int_eq(rc, MIB_END);
			break;
		}
		ck_assert_int_eq(rc, MIB_OK);
		ck_assert_msg(name_order(&found, &cells[i + 1].name) == 0, "%s after %s, expected %s",
			      name_text(&found), name_text(&cells[i].name), name_text(&cells[i + 1].name));
		expect_value(&cells[i + 1], &value);
	}
}
END_TEST

/* The answer as anyone would work it out: go through the list of all cells. NULL: none. */
static const struct cell *
naive_next(const struct name *from, bool inclusive, const struct name *end)
{
	for (size_t i = 0; i < cell_count; i++) {
		int order = name_order(&cells[i].name, from);
		if (order > 0 || (order == 0 && inclusive))
			return end->len && name_order(&cells[i].name, end) >= 0 ? NULL : &cells[i];
	}
	return NULL;
}

static void
expect_as_naive(const struct name *from, bool inclusive, const struct name *end)
{
	const struct cell *cell = naive_next(from, inclusive, end);
	struct name found;
	struct mib_value value;
	enum mib_result rc = next(from, inclusive, end, &found, &value);
	ck_assert_msg(rc == (cell ? MIB_OK : MIB_END), "%s%s to %s: result %d, expected %s", name_text(from),
		      inclusive ? " inclusive" : "", name_text(end), (int)rc,
		      cell ? name_text(&cell->name) : "the end");
	if (!cell)
		return;
	ck_assert_msg(name_order(&found, &cell->name) == 0, "%s%s to %s: %s, expected %s", name_text(from),
		      inclusive ? " inclusive" : "", name_text(end), name_text(&found), name_text(&cell->name));
	expect_value(cell, &value);
}

/* GET finds it when it is in the list, and not otherwise. */
static void
expect_get_as_naive(const struct name *name)
{
	const struct cell *cell = naive_next(name, true, &nothing);
	struct mib_value value;
	enum mib_result rc = mib_get(mib, name->id, name->len, &value);
	if (cell && name_order(&cell->name, name) == 0) {
		ck_assert_int_eq(rc, MIB_OK);
		expect_value(cell, &value);
		return;
	}
	bool object = false;
	for (size_t i = 0; i < cell_count && !object; i++) {
		size_t column = cells[i].column;
		object = name->len >= column && memcmp(name->id, cells[i].name.id, column * sizeof(name->id[0])) == 0;
	}
	ck_assert_msg(rc == (object ? MIB_NO_INSTANCE : MIB_NO_OBJECT), "GET %s: %d", name_text(name), (int)rc);
}

START_TEST(getnext_from_every_prefix_gives_what_is_behind_it)
{
	for (size_t i = 0; i < cell_count; i++)
		for (size_t len = 0; len <= cells[i].name.len; len++) {
			struct name from = cells[i].name;
			from.len = len;
			mib_request(mib, master_ns);
			expect_as_naive(&from, false, &nothing);
			expect_as_naive(&from, true, &nothing);
		}
}
END_TEST

START_TEST(an_inclusive_range_begins_with_its_first_cell)
{
	for (size_t i = 0; i < cell_count; i++) {
		struct name found;
		struct mib_value value;
		ck_assert_int_eq(next(&cells[i].name, true, &nothing, &found, &value), MIB_OK);
		ck_assert_int_eq(name_order(&found, &cells[i].name), 0);
		expect_value(&cells[i], &value);
	}
}
END_TEST

START_TEST(the_end_of_a_range_is_not_part_of_it)
{
	for (size_t i = 0; i + 1 < cell_count; i++) {
		struct name found;
		struct mib_value value;
		ck_assert_int_eq(next(&cells[i].name, false, &cells[i + 1].name, &found, &value), MIB_END);
		ck_assert_int_eq(next(&cells[i].name, true, &cells[i].name, &found, &value), MIB_END);
		struct name behind = cells[i + 1].name;
		behind.id[behind.len++] = 0;
		ck_assert_int_eq(next(&cells[i].name, false, &behind, &found, &value), MIB_OK);
		ck_assert_int_eq(name_order(&found, &cells[i + 1].name), 0);
	}
}
END_TEST

static uint32_t
random_below(uint64_t *seed, uint32_t below)
{
	*seed ^= *seed << 13; /* xorshift: the same on every machine */
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed >> 33) % below;
}

/* A name near that of a cell: cut, longer, or with another number somewhere. */
static struct name
made_up(uint64_t *seed)
{
	struct name name = cells[random_below(seed, (uint32_t)cell_count)].name;
	for (uint32_t changes = random_below(seed, 3); changes > 0; changes--) {
		/* mostly near the end, where the columns and rows are */
		uint32_t len = (uint32_t)name.len, span = len > 3 && random_below(seed, 4) ? 3 : len;
		size_t at = len - 1 - random_below(seed, span);
		switch (random_below(seed, 6)) {
		case 0:
			name.len = at + 1;
			break;
		case 1:
			name.id[name.len++] = random_below(seed, 4);
			break;
		case 2:
			name.id[at]++;
			break;
		case 3:
			name.id[at] -= name.id[at] > 0;
			break;
		case 4:
			name.id[at] = random_below(seed, 60);
			break;
		default:
			name.id[at] = random_below(seed, 2) ? UINT32_MAX : 65536 + name.id[at];
		}
	}
	return name;
}

START_TEST(getnext_and_get_of_made_up_names_answer_as_a_search_through_all_cells_does)
{
	uint64_t seed = 171;
	for (int i = 0; i < 20000; i++) {
		struct name from = made_up(&seed), end = made_up(&seed);
		if (random_below(&seed, 4) == 0)
			end = nothing;
		if (random_below(&seed, 4))
			mib_request(mib, master_ns);
		expect_as_naive(&from, random_below(&seed, 2), &end);
		expect_get_as_naive(&from);
	}
}
END_TEST

START_TEST(what_cannot_be_read_is_told_apart)
{
	struct mib_value value;
	struct name table = { { FLOW_MIB, 1, 3, 2 }, 12 }, entry = { { FLOW_MIB, 1, 3, 2, 1 }, 13 };
	struct name index = { { FLOW_MIB, 1, 3, 2, 1, 1, 1 }, 15 }, beyond = { { FLOW_MIB, 1, 3, 2, 1, 52, 1 }, 15 };
	ck_assert_int_eq(mib_get(mib, table.id, table.len, &value), MIB_NO_OBJECT);
	ck_assert_int_eq(mib_get(mib, entry.id, entry.len, &value), MIB_NO_OBJECT);
	ck_assert_int_eq(mib_get(mib, index.id, index.len, &value), MIB_NO_OBJECT);
	ck_assert_int_eq(mib_get(mib, beyond.id, beyond.len, &value), MIB_NO_OBJECT);
	ck_assert_int_eq(mib_get(mib, nothing.id, 0, &value), MIB_NO_OBJECT);
	expect_no_instance("cipSecTunStatus");
	expect_no_instance("cipSecTunStatus.3");
	expect_no_instance("cipSecTunStatus.1.1");
	expect_no_instance("cipSecTunIkeTunnelIndex.4");
	expect_no_instance("cipSecSpiStatus.1");
	expect_no_instance("cipSecMibLevel");
	expect_no_instance("cipSecMibLevel.1");
	expect_no_instance("cipSecMibLevel.0.0");
}
END_TEST

/* --- conversions ------------------------------------------------------------------------------------------------ */

static struct mib_value
converted(mib_convert *convert, const void *record, const void *field)
{
	struct mib_cell cell = { .record = record, .now_ns = 100 * SECOND };
	struct mib_value value = { .type = MIB_INTEGER };
	if (!convert(&cell, field, &value))
		ck_abort_msg("there is no such cell");
	return value;
}

/* For what needs nothing but its field. */
static uint64_t
number(mib_convert *convert, const void *field)
{
	return converted(convert, field, field).number;
}

START_TEST(a_64_bit_counter_is_seen_as_its_two_halves_and_as_a_whole)
{
	static const struct {
		uint64_t octets;
		uint32_t low, wraps;
	} table[] = {
		{ 4294967295, 4294967295, 0 },
		{ 4294967296, 0, 1 },
		{ (3ull << 32) | 5, 5, 3 },
		{ UINT64_MAX, 4294967295, 4294967295 },
	};
	uint32_t sa = given_sa(w, given_tunnel(w), 0xc0ffee);
	for (size_t i = 0; i < MIB_COUNT(table); i++) {
		counts(w, sa, i, table[i].octets);
		expect_row_soon("cipSecTunStatus.1");
		mib_request(mib, master_ns);
		expect_number("cipSecTunHcInOctets.1", table[i].octets);
		expect_number("cipSecTunInOctets.1", table[i].low);
		expect_number("cipSecTunInOctWraps.1", table[i].wraps);
	}
}
END_TEST

#define NONE  1
#define OTHER 99

struct algo {
	uint16_t iana;
	unsigned number;
};

static unsigned
algo_expected(const struct algo *table, size_t count, uint32_t iana)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].iana == iana)
			return table[i].number;
	return OTHER;
}

/* As an assertion, but for loops over all numbers: a check that holds costs nothing. */
static void
expect_algo(const char *what, uint32_t iana, uint64_t got, uint64_t expect)
{
	if (got != expect)
		ck_abort_msg("%s %u: %llu, expected %llu", what, iana, (unsigned long long)got,
			     (unsigned long long)expect);
}

static const struct algo ciphers[] = {
	{ 2, 2 },  { 3, 3 },  { 11, NONE }, { 12, 4 }, { 13, 5 }, { 14, 7 }, { 15, 7 }, { 16, 7 }, { 18, 6 },
	{ 19, 6 }, { 20, 6 }, { 21, NONE }, { 23, 9 }, { 28, 8 }, { 29, 7 }, { 30, 6 }, { 31, 8 },
};
static const struct algo integrity[] = {
	{ 1, 2 }, { 6, 2 }, { 2, 3 }, { 7, 3 }, { 12, 4 }, { 13, 5 }, { 14, 6 }, { 5, 7 }, { 8, 8 },
};
static const struct algo hashes[] = { { 1, 2 }, { 2, 3 }, { 5, 4 }, { 6, 5 }, { 7, 6 } };

enum { ESP = 50, AH = 51 };

/* What both directions of a tunnel say, which must be the same. */
static uint64_t
tunnel_number(mib_convert *in, mib_convert *out, uint8_t protocol, const struct ipm_proposal *p)
{
	const struct ipm_tunnel tunnel = { .protocol = protocol, .in_sa = *p, .out_sa = *p };
	ck_assert_uint_eq(number(in, &tunnel), number(out, &tunnel));
	return number(in, &tunnel);
}

START_TEST(every_cipher_has_its_number_and_one_that_is_not_known_is_other_and_never_none)
{
	for (uint32_t encr = 0; encr <= UINT16_MAX; encr++) {
		struct ipm_proposal p = { .encr = (uint16_t)encr };
		unsigned expect = algo_expected(ciphers, MIB_COUNT(ciphers), encr);
		expect_algo("IKE cipher", encr, number(mib_encrypt_algo_any, &p), expect);
		expect_algo("ESP cipher", encr, tunnel_number(mib_in_encrypt_any, mib_out_encrypt_any, ESP, &p),
			    expect);
		expect_algo("AH cipher", encr, tunnel_number(mib_in_encrypt_any, mib_out_encrypt_any, AH, &p), NONE);
	}
}
END_TEST

START_TEST(every_integrity_algorithm_has_its_number_and_one_that_is_not_known_is_other)
{
	for (uint32_t integ = 0; integ <= UINT16_MAX; integ++) {
		struct ipm_proposal p = { .encr = IPM_ENCR_AES_CBC, .integ = (uint16_t)integ };
		unsigned expect = algo_expected(integrity, MIB_COUNT(integrity), integ);
		expect_algo("AH of an AH tunnel", integ, tunnel_number(mib_in_ah_auth_any, mib_out_ah_auth_any, AH, &p),
			    expect);
		expect_algo("ESP of an AH tunnel", integ,
			    tunnel_number(mib_in_esp_auth_any, mib_out_esp_auth_any, AH, &p), NONE);
		expect_algo("AH of an ESP tunnel", integ,
			    tunnel_number(mib_in_ah_auth_any, mib_out_ah_auth_any, ESP, &p), NONE);
		expect_algo("ESP of an ESP tunnel", integ,
			    tunnel_number(mib_in_esp_auth_any, mib_out_esp_auth_any, ESP, &p), integ ? expect : NONE);
	}
}
END_TEST

START_TEST(esp_without_an_integrity_transform_is_aead_none_or_not_known_as_its_cipher_says)
{
	static const struct algo table[] = {
		{ 1, NONE },   { 2, NONE },   { 3, NONE },   { 7, NONE },     { 11, NONE },     { 12, NONE },
		{ 13, NONE },  { 23, NONE },  { 24, NONE },  { 14, 9 },       { 15, 9 },        { 16, 9 },
		{ 18, 9 },     { 19, 9 },     { 20, 9 },     { 21, 9 },       { 25, 9 },        { 26, 9 },
		{ 27, 9 },     { 28, 9 },     { 29, 9 },     { 30, 9 },       { 31, 9 },        { 0, OTHER },
		{ 32, OTHER }, { 35, OTHER }, { 36, OTHER }, { 1024, OTHER }, { 65535, OTHER },
	};
	for (size_t i = 0; i < MIB_COUNT(table); i++) {
		struct ipm_proposal p = { .encr = table[i].iana };
		uint64_t got = tunnel_number(mib_in_esp_auth_any, mib_out_esp_auth_any, ESP, &p);
		ck_assert_msg(got == table[i].number, "cipher %u: %llu, expected %u", table[i].iana,
			      (unsigned long long)got, table[i].number);
	}
}
END_TEST

START_TEST(every_hash_has_its_number_and_one_that_is_not_known_is_other)
{
	for (uint32_t prf = 0; prf <= UINT16_MAX; prf++) {
		struct ipm_proposal p = { .prf = (uint16_t)prf };
		expect_algo("PRF", prf, number(mib_ike_hash_any, &p), algo_expected(hashes, MIB_COUNT(hashes), prf));
	}
}
END_TEST

START_TEST(a_group_is_its_number_plus_one)
{
	static const struct algo table[] = {
		{ 0, NONE }, { 1, 2 },   { 2, 3 },   { 5, 6 },
		{ 14, 15 },  { 31, 32 }, { 37, 38 }, { IPM_TRANSFORM_OTHER, OTHER },
	};
	for (size_t i = 0; i < MIB_COUNT(table); i++) {
		struct ipm_proposal p = { .group = table[i].iana };
		ck_assert_uint_eq(number(mib_dh_group_any, &p), table[i].number);
	}
}
END_TEST

START_TEST(authentication_methods_have_their_numbers_and_what_is_not_known_is_other)
{
	for (unsigned auth = 0; auth <= UINT8_MAX; auth++) {
		uint8_t field = (uint8_t)auth;
		unsigned expect = auth == IPM_AUTH_PSK     ? 2
				  : auth == IPM_AUTH_RSA   ? 3
				  : auth == IPM_AUTH_ECDSA ? 6
				  : auth == IPM_AUTH_EAP   ? 7
				  : auth == IPM_AUTH_EDDSA ? 8
							   : OTHER;
		ck_assert_uint_eq(number(mib_ike_auth_any, &field), expect);
	}
}
END_TEST

START_TEST(ikev1_modes_are_told_and_ikev2_hides_identities_as_main_mode_does)
{
	static const struct {
		uint8_t version, mode;
		unsigned number;
	} table[] = {
		{ 1, IPM_MODE_MAIN, 1 },
		{ 1, IPM_MODE_AGGRESSIVE, 2 },
		{ 1, IPM_MODE_UNKNOWN, OTHER },
		{ 2, IPM_MODE_UNKNOWN, 1 },
	};
	for (size_t i = 0; i < MIB_COUNT(table); i++) {
		struct ipm_ike_sa sa = { .version = table[i].version, .mode = table[i].mode };
		ck_assert_uint_eq(number(mib_ike_mode_any, &sa), table[i].number);
	}
}
END_TEST

START_TEST(compression_in_use_is_told)
{
	const uint8_t off = 0, on = 1;
	ck_assert_uint_eq(number(mib_comp_algo_any, &off), NONE);
	ck_assert_uint_eq(number(mib_comp_algo_any, &on), 2);
}
END_TEST

START_TEST(lifetimes_are_the_hard_limit_or_else_the_soft_one_and_thresholds_at_least_one)
{
	static const struct {
		uint64_t soft_ms, hard_ms; /* 0: no limit */
		uint32_t life, threshold;
	} table[] = {
		{ 0, 0, 2147483647, 1 },
		{ 3000000, 0, 3000, 1 },
		{ 0, 3600000, 3600, 1 },
		{ 3000000, 3600000, 3600, 600 },
		{ 3600000, 3600000, 3600, 1 },
		{ 3599500, 3600000, 3600, 1 },
		{ 4000000, 3600000, 3600, 1 }, /* soft behind hard: never reached */
		{ 0, 999, 1, 1 },              /* a limit, if a short one */
		{ 500, 0, 1, 1 },              /* likewise */
		{ 0, 2147483647000, 2147483647, 1 },
		{ 1000, 4000000000000, 2147483647, 2147483647 },
	};
	for (size_t i = 0; i < MIB_COUNT(table); i++) {
		uint64_t soft = table[i].soft_ms, hard = table[i].hard_ms;
		struct ipm_ike_sa ike = { .soft_ns = soft * 1000000, .hard_ns = hard * 1000000 };
		struct ipm_tunnel tunnel = { .soft_ns = soft * 1000000,
					     .hard_ns = hard * 1000000,
					     .soft_octets = soft * 1024 / 1000,
					     .hard_octets = hard * 1024 / 1000 };
		ck_assert_uint_eq(number(mib_ike_life_any, &ike), table[i].life);
		ck_assert_uint_eq(number(conversion_of("cikeTunSaRefreshThreshold"), &ike), table[i].threshold);
		ck_assert_uint_eq(number(mib_tun_life_time_any, &tunnel), table[i].life);
		ck_assert_uint_eq(number(conversion_of("cipSecTunSaLifeTimeThreshold"), &tunnel), table[i].threshold);
		ck_assert_uint_eq(number(mib_tun_life_size_any, &tunnel), table[i].life);
		ck_assert_uint_eq(number(conversion_of("cipSecTunSaLifeSizeThreshold"), &tunnel), table[i].threshold);
	}
}
END_TEST

START_TEST(an_age_is_in_hundredths_of_a_second_and_ends_at_what_an_integer_can_say)
{
	static const struct {
		uint64_t now_ns, since_ns;
		uint32_t age;
	} table[] = {
		{ 100 * SECOND, 100 * SECOND, 0 },           { 100 * SECOND, 101 * SECOND, 0 }, /* not yet */
		{ 100 * SECOND, 100 * SECOND - 9999999, 0 }, { 100 * SECOND, 100 * SECOND - 10000000, 1 },
		{ 100 * SECOND, 1 * SECOND, 9900 },          { 21474836470000000 + 1, 1, 2147483647 },
		{ 21474836480000000 + 1, 1, 2147483647 },    { UINT64_MAX, 0, 2147483647 },
	};
	for (size_t i = 0; i < MIB_COUNT(table); i++) {
		struct mib_cell cell = { .now_ns = table[i].now_ns };
		struct mib_value value;
		ck_assert(mib_age(&cell, &table[i].since_ns, &value));
		ck_assert_uint_eq(value.number, table[i].age);
	}
}
END_TEST

static void
expect_octets(struct mib_value value, uint32_t len, const char *octets)
{
	ck_assert_uint_eq(value.len, len);
	ck_assert_mem_eq(value.octets, octets, len);
}

START_TEST(an_address_has_4_or_16_octets_and_one_that_is_not_known_is_all_zeroes)
{
	struct ipm_addr v4 = address("192.0.2.1"), v6 = address("2001:db8::1"), none = { .bytes = { 1, 2, 3, 4 } };
	expect_octets(converted(mib_addr_any, &v4, &v4), 4, "\xc0\x00\x02\x01");
	expect_octets(converted(mib_addr_any, &v6, &v6), 16, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01");
	expect_octets(converted(mib_addr_any, &none, &none), 4, "\0\0\0\0");
}
END_TEST

START_TEST(a_prefix_of_any_length_makes_its_mask)
{
	for (unsigned len = 4; len <= 16; len += 12)
		for (unsigned prefix = 0; prefix <= 8 * len; prefix++) {
			struct ipm_sel_side side = { .type = IPM_SEL_SUBNET, .prefix = (uint8_t)prefix };
			side.first.len = side.last.len = (uint8_t)len;
			struct mib_value mask = converted(mib_sel_addr2_any, &side, &side);
			ck_assert_uint_eq(mask.len, len);
			for (unsigned bit = 0; bit < 8 * len; bit++)
				ck_assert_msg(((mask.octets[bit / 8] >> (7 - bit % 8)) & 1) == (bit < prefix),
					      "/%u: bit %u", prefix, bit);
		}
}
END_TEST

START_TEST(the_second_address_is_a_ranges_end_and_a_single_address_again)
{
	struct ipm_sel_side one = single("10.0.0.1", 0, 0, 65535), some = range("10.0.0.1", "10.0.0.9", 0, 0, 65535);
	ck_assert_uint_eq(number(mib_sel_type_any, &one), 1);
	expect_octets(converted(mib_sel_addr1_any, &one, &one), 4, "\x0a\0\0\x01");
	expect_octets(converted(mib_sel_addr2_any, &one, &one), 4, "\x0a\0\0\x01");
	ck_assert_uint_eq(number(mib_sel_type_any, &some), 2);
	expect_octets(converted(mib_sel_addr1_any, &some, &some), 4, "\x0a\0\0\x01");
	expect_octets(converted(mib_sel_addr2_any, &some, &some), 4, "\x0a\0\0\x09");
}
END_TEST

START_TEST(a_port_is_told_when_it_is_one)
{
	static const struct {
		uint16_t first, last, port;
	} table[] = {
		{ 0, 65535, 0 }, { 443, 443, 443 },       { 1024, 65535, 0 },
		{ 0, 0, 0 },     { 65535, 65535, 65535 }, { 65535, 0, 0 },
	};
	for (size_t i = 0; i < MIB_COUNT(table); i++) {
		struct ipm_sel_side side = { .port_first = table[i].first, .port_last = table[i].last };
		ck_assert_uint_eq(number(mib_sel_port_any, &side), table[i].port);
	}
}
END_TEST

START_TEST(replays_are_counted_apart_from_all_other_drops_of_packets_that_come_in)
{
	const struct ipm_traffic t = { .drops = { [IPM_DROP_REPLAY] = 1,
						  [IPM_DROP_WINDOW] = 2,
						  [IPM_DROP_AUTH] = 10,
						  [IPM_DROP_CRYPT] = 100,
						  [IPM_DROP_MALFORMED] = 1000,
						  [IPM_DROP_POLICY] = 10000,
						  [IPM_DROP_EXPIRED] = 100000,
						  [IPM_DROP_CAPACITY] = 1000000,
						  [IPM_DROP_OTHER] = 10000000 } };
	ck_assert_uint_eq(number(mib_replay_drops_any, &t), 3);
	ck_assert_uint_eq(number(mib_in_drops_any, &t), 11111110);
	ck_assert_uint_eq(number(mib_out_drops_any, &t), 11111113);
	ck_assert_uint_eq(number(mib_auth_fails_any, &t), 10);
	ck_assert_uint_eq(number(mib_crypt_fails_any, &t), 100);
}
END_TEST

START_TEST(drops_wrap_as_a_32_bit_counter_does)
{
	const struct ipm_traffic t = {
		.drops = { [IPM_DROP_REPLAY] = (1ull << 32) + 3, [IPM_DROP_AUTH] = UINT32_MAX, [IPM_DROP_CRYPT] = 2 }
	};
	ck_assert_uint_eq(number(mib_replay_drops_any, &t), 3);
	ck_assert_uint_eq(number(mib_in_drops_any, &t), 1);
	ck_assert_uint_eq(number(mib_out_drops_any, &t), 4);
	ck_assert_uint_eq(number(mib_auth_fails_any, &t), UINT32_MAX);
}
END_TEST

START_TEST(a_peer_is_known_by_address_or_by_name)
{
	static const struct {
		char id[IPM_ID_MAX];
		unsigned type;
	} table[] = {
		{ "192.0.2.1", 1 },
		{ "2001:db8::1", 1 },
		{ "::", 1 },
		{ "gw.example.net", 2 },
		{ "C=DE, CN=gw", 2 },
		{ "joe@example.net", 2 },
		{ "", 2 },
		{ "%any", 2 },
		{ "192.0.2.1.example", 2 },
		{ "192.0.2.256", 2 },
		{ "2001:DB8::1", 1 },
		{ "::ffff:192.0.2.1", 1 },
		{ "fd09:0:0:1::2", 1 },
		{ "2001:db8:1:2:3:4:5:6", 1 },
		/* Key IDs of eight octets, as charon prints them. */
		{ "6b:c3:a4:d1:e2:f3:a4:b5", 2 },
		{ "6b:c3:a4:00:00:f3:a4:05", 2 },
		{ "00:00:00:00:00:00:00:01", 2 },
		/* No address is written like that. */
		{ "2001:0db8::1", 2 },
		{ "2001:db8:0:0:0:0:0:1", 2 },
	};
	for (size_t i = 0; i < MIB_COUNT(table); i++)
		ck_assert_msg(number(mib_id_type_any, table[i].id) == table[i].type, "\"%s\"", table[i].id);
}
END_TEST

START_TEST(an_identity_is_told_in_full_and_without_its_nul)
{
	char id[IPM_ID_MAX];
	memset(id, 'x', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	ck_assert_uint_eq(converted(mib_id_any, id, id).len, 255);
	expect_octets(converted(mib_id_any, id, "gw\0rest"), 2, "gw");
	ck_assert_uint_eq(converted(mib_id_any, id, "").len, 0);
}
END_TEST

START_TEST(an_sa_of_a_protocol_that_the_mib_does_not_know_has_no_such_cell)
{
	const uint8_t ah = 51, esp = 50, comp = 108, tcp = 6;
	struct mib_cell cell = { 0 };
	struct mib_value value;
	ck_assert_uint_eq(number(conversion_of("cipSecSpiProtocol"), &ah), 1);
	ck_assert_uint_eq(number(conversion_of("cipSecSpiProtocol"), &esp), 2);
	ck_assert_uint_eq(number(conversion_of("cipSecSpiProtocol"), &comp), 3);
	ck_assert(!conversion_of("cipSecSpiProtocol")(&cell, &tcp, &value));
}
END_TEST

/* --- rows that come and go ------------------------------------------------------------------------------------------
 */

START_TEST(a_tunnel_that_goes_while_a_request_is_answered_has_no_instance_and_the_next_row_follows)
{
	given_tunnel(w);
	uint32_t two = given_tunnel(w);
	given_tunnel(w);
	expect_row_soon("cipSecTunStatus.3");
	mib_request(mib, master_ns);
	expect_number("cipSecTunStatus.1", 1);
	ipm_tunnel_stop(w, two, IPM_REASON_NORMAL);
	expect_no_instance("cipSecTunStatus.2");
	expect_next("cipSecTunStatus.1", "cipSecTunStatus.3");
}
END_TEST

START_TEST(a_slot_that_was_given_to_another_row_while_a_request_is_answered_is_not_confused)
{
	mib_serve(mib, NULL, 0);
	ipm_writer_close(w);
	capacity.tunnels = capacity.selectors = capacity.sas = 2; /* so that a slot is used again at once */
	w = given_knowing_segment();
	uint32_t one = given_tunnel(w), two = given_tunnel(w);
	given_sa(w, one, 0x1001);
	given_sa(w, two, 0x2001);
	given_selectors(w, one, 80, 1);
	given_selectors(w, two, 81, 1);
	serve(w);
	mib_request(mib, master_ns);
	expect_number("cipSecTunStatus.2", 1);
	expect_number("cipSecEndPtLocalPort.2.1", 81);
	expect_number("cipSecSpiValue.2.1", 0x2001);

	ipm_tunnel_stop(w, one, IPM_REASON_NORMAL);
	uint32_t three = given_tunnel(w);
	given_sa(w, three, 0x3001);
	given_selectors(w, three, 443, 1);
	ck_assert_uint_eq(three, one);
	expect_no_instance("cipSecTunStatus.1");
	expect_no_instance("cipSecEndPtLocalPort.1.1");
	expect_no_instance("cipSecSpiValue.1.1");
	expect_next("cipSecTunStatus", "cipSecTunStatus.2");
	expect_next("cipSecEndPtLocalPort", "cipSecEndPtLocalPort.2.1");
	expect_next("cipSecSpiValue", "cipSecSpiValue.2.1");

	expect_row_soon("cipSecTunStatus.3");
	expect_row_soon("cipSecEndPtLocalPort.3.1");
	expect_row_soon("cipSecSpiValue.3.1");
	expect_number("cipSecEndPtLocalPort.3.1", 443);
	expect_number("cipSecSpiValue.3.1", 0x3001);
	expect_no_instance("cipSecSpiValue.1.1");
}
END_TEST

START_TEST(rows_neither_come_nor_go_while_a_request_is_answered)
{
	mib_request(mib, master_ns);
	expect_no_instance("cipSecTunStatus.1");
	expect_no_instance("cipSecSpiStatus.1.1");
	given_sa(w, given_tunnel(w), 0xc0ffee);
	expect_no_instance("cipSecTunStatus.1");
	expect_no_instance("cipSecSpiStatus.1.1");
	expect_row_soon("cipSecTunStatus.1");
	expect_row_soon("cipSecSpiStatus.1.1");
}
END_TEST

START_TEST(all_columns_of_a_row_agree_within_a_request_whatever_the_writer_does)
{
	uint32_t one = given_sa(w, given_tunnel(w), 0x1001), two = given_sa(w, given_tunnel(w), 0x2001);
	counts(w, one, 1, 4294967295);
	counts(w, two, 2, 2000);
	expect_row_soon("cipSecTunStatus.2");
	mib_request(mib, master_ns);
	expect_number("cipSecTunInOctets.1", 4294967295);
	expect_number("cipSecTunInOctets.2", 2000); /* pollers ask for one column of many rows, then for the next */
	counts(w, one, 3, 4294967296);
	counts(w, two, 4, 4000);
	expect_number("cipSecTunHcInOctets.1", 4294967295);
	expect_number("cipSecTunHcInOctets.2", 2000);
	expect_next("cipSecTunInOctWraps", "cipSecTunInOctWraps.1");
	expect_number("cipSecTunInOctWraps.1", 0);
	expect_number("cipSecTunInPkts.1", 1);
	expect_number("cipSecTunInPkts.2", 2);
	mib_request(mib, master_ns);
	expect_number("cipSecTunInOctets.1", 0);
	expect_number("cipSecTunInOctWraps.1", 1);
	expect_number("cipSecTunInPkts.1", 3);
	expect_number("cipSecTunInOctets.2", 4000);
}
END_TEST

START_TEST(columns_of_many_rows_agree_when_they_are_asked_for_column_by_column)
{
	uint32_t sa[20];
	char cell[40];
	for (uint32_t i = 0; i < 20; i++)
		counts(w, sa[i] = given_sa(w, given_tunnel(w), 0x1001), 100 + i, 1);
	expect_row_soon("cipSecTunStatus.20");
	mib_request(mib, master_ns);
	for (uint32_t i = 0; i < 20; i++) {
		snprintf(cell, sizeof(cell), "cipSecTunInPkts.%u", i + 1);
		expect_number(cell, 100 + i);
	}
	for (uint32_t i = 0; i < 20; i++)
		counts(w, sa[i], 200 + i, 2);
	for (uint32_t i = 0; i < 20; i++) {
		snprintf(cell, sizeof(cell), "cipSecTunInOctets.%u", i + 1);
		expect_number(cell, 1);
	}
}
END_TEST

START_TEST(a_request_may_ask_for_every_row_there_is)
{
	mib_serve(mib, NULL, 0);
	ipm_writer_close(w);
	capacity.tunnels = capacity.sas = 3000;
	w = given_knowing_segment();
	for (uint32_t i = 1; i <= 3000; i++)
		counts(w, given_sa(w, given_tunnel(w), 0x1000 + i), i, 1);
	serve(w);
	mib_request(mib, master_ns);
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 1; i <= 3000; i++) {
			char cell[40];
			snprintf(cell, sizeof(cell), "cipSecTunInPkts.%u", i);
			expect_number(cell, i);
		}
}
END_TEST

START_TEST(a_held_tunnel_has_no_rows_nor_have_its_selectors_and_sas_and_all_come_back)
{
	uint32_t one = given_tunnel(w), two = given_tunnel(w);
	given_sa(w, one, 0x1001);
	given_sa(w, two, 0x2001);
	given_selectors(w, one, 80, 2);
	given_selectors(w, two, 90, 2);
	expect_row_soon("cipSecTunStatus.1");
	expect_row_soon("cipSecEndPtLocalType.1.2");
	expect_row_soon("cipSecSpiStatus.1.1");
	tunnel_becomes(w, one, IPM_TUNNEL_HELD);
	expect_no_row_soon("cipSecTunStatus.1");
	expect_no_row_soon("cipSecEndPtLocalType.1.1");
	expect_no_row_soon("cipSecEndPtLocalType.1.2");
	expect_no_row_soon("cipSecSpiStatus.1.1");
	expect_next("cipSecTunStatus", "cipSecTunStatus.2");
	expect_next("cipSecEndPtLocalType", "cipSecEndPtLocalType.2.1");
	expect_next("cipSecSpiStatus", "cipSecSpiStatus.2.1");
	tunnel_becomes(w, one, IPM_TUNNEL_UP);
	expect_row_soon("cipSecTunStatus.1");
	expect_row_soon("cipSecEndPtLocalType.1.2");
	expect_row_soon("cipSecSpiStatus.1.1");
	expect_next("cipSecSpiStatus.1.1", "cipSecSpiStatus.2.1");
}
END_TEST

START_TEST(an_ike_sa_has_a_row_while_it_is_established_and_not_held)
{
	uint32_t slot = ok(ipm_ike_start(w, &(struct ipm_ike_sa){ .state = IPM_IKE_NEGOTIATING, .version = 2 }));
	struct ipm_ike_sa sa = *ipm_ike_peek(w, slot);
	given_ike(w);
	expect_row_soon("cikeTunStatus.1");
	expect_no_instance("cikeTunStatus.2");
	sa.state = IPM_IKE_ESTABLISHED;
	ipm_ike_put(w, slot, &sa);
	expect_row_soon("cikeTunStatus.2");
	sa.held = 1;
	ipm_ike_put(w, slot, &sa);
	expect_no_row_soon("cikeTunStatus.2");
	sa.held = 0;
	ipm_ike_put(w, slot, &sa);
	expect_row_soon("cikeTunStatus.2");
	ipm_ike_stop(w, slot, IPM_REASON_NORMAL);
	expect_no_row_soon("cikeTunStatus.2");
	expect_number("cikeTunStatus.1", 1);
}
END_TEST

START_TEST(a_tunnel_tells_whether_the_ike_sa_that_made_it_is_alive)
{
	uint32_t ike = given_ike(w);
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50, .ike_index = 1, .ike_slot = ike };
	ok(ipm_tunnel_start(w, &tunnel));
	expect_row_soon("cipSecTunStatus.1");
	expect_number("cipSecTunIkeTunnelIndex.1", 1);
	expect_number("cipSecTunIkeTunnelAlive.1", 1);
	ipm_ike_stop(w, ike, IPM_REASON_NORMAL);
	mib_request(mib, master_ns);
	expect_number("cipSecTunIkeTunnelIndex.1", 1);
	expect_number("cipSecTunIkeTunnelAlive.1", 2);
}
END_TEST

/* --- peers, by their identities ---------------------------------------------------------------------------------- */

static uint32_t
given_peer(const char *local_id, const char *remote_id)
{
	struct ipm_ike_sa sa = { .state = IPM_IKE_ESTABLISHED, .version = 2 };
	snprintf(sa.local_id, sizeof(sa.local_id), "%s", local_id);
	snprintf(sa.remote_id, sizeof(sa.remote_id), "%s", remote_id);
	return ok(ipm_ike_start(w, &sa));
}

/* Made by the IKE SA in this slot. */
static uint32_t
given_tunnel_of(uint32_t ike)
{
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50, .ike_slot = ike };
	tunnel.ike_index = ipm_ike_peek(w, ike)->index;
	return ok(ipm_tunnel_start(w, &tunnel));
}

/* The cell in the row of two identities, each with its type; then what else the index has. */
static const char *
peer_cell(const char *column, int local_type, const char *local, int remote_type, const char *remote, const char *rest)
{
	static char text[4][1024];
	static unsigned turn;
	char *out = text[turn++ % 4];
	const struct {
		int type;
		const char *id;
	} ends[] = { { local_type, local }, { remote_type, remote } };
	size_t at = (size_t)snprintf(out, sizeof(text[0]), "%s", column);
	for (size_t i = 0; i < MIB_COUNT(ends); i++) {
		at += (size_t)snprintf(out + at, sizeof(text[0]) - at, ".%d.%zu", ends[i].type, strlen(ends[i].id));
		for (const char *c = ends[i].id; *c; c++)
			at += (size_t)snprintf(out + at, sizeof(text[0]) - at, ".%u", (unsigned)(unsigned char)*c);
	}
	snprintf(out + at, sizeof(text[0]) - at, ".%s", rest);
	return out;
}

static const char *
named(const char *local, const char *remote, const char *number)
{
	return peer_cell("cikePeerActiveTunnelIndex", 2, local, 2, remote, number);
}

START_TEST(peers_are_in_the_order_of_their_names_so_a_shorter_identity_comes_first)
{
	given_peer("gw", "\xc3\xa9"); /* 1: two octets above 127 */
	given_peer("gw", "aaa");      /* 2 */
	given_peer("gw", "zz");       /* 3 */
	given_peer("b", "a");         /* 4 */
	given_peer("10.0.0.1", "zz"); /* 5: an address, so type 1 */
	given_peer("gw", "10.0.0.1"); /* 6 */
	given_peer("gw", "");         /* 7 */
	serve(w);
	mib_request(mib, master_ns);
	expect_next("cikePeerActiveTunnelIndex", peer_cell("cikePeerActiveTunnelIndex", 1, "10.0.0.1", 2, "zz", "1"));
	expect_next(peer_cell("cikePeerActiveTunnelIndex", 1, "10.0.0.1", 2, "zz", "1"), named("b", "a", "1"));
	expect_next(named("b", "a", "1"), peer_cell("cikePeerActiveTunnelIndex", 2, "gw", 1, "10.0.0.1", "1"));
	expect_next(peer_cell("cikePeerActiveTunnelIndex", 2, "gw", 1, "10.0.0.1", "1"), named("gw", "", "1"));
	expect_next(named("gw", "", "1"), named("gw", "zz", "1"));
	expect_next(named("gw", "zz", "1"), named("gw", "\xc3\xa9", "1"));
	expect_next(named("gw", "\xc3\xa9", "1"), named("gw", "aaa", "1"));
	expect_next(named("gw", "aaa", "1"), "cikeTunLocalType.1");
	expect_number(peer_cell("cikePeerActiveTunnelIndex", 1, "10.0.0.1", 2, "zz", "1"), 5);
	expect_number(named("gw", "\xc3\xa9", "1"), 1);
	expect_number(named("gw", "zz", "1"), 3);
	expect_number(named("gw", "", "1"), 7);
}
END_TEST

START_TEST(ike_sas_between_the_same_identities_are_numbered_and_a_number_is_used_again)
{
	uint32_t first = given_peer("gw", "peer");
	given_peer("gw", "peer");
	given_peer("peer", "gw"); /* the other way round is somebody else */
	serve(w);
	mib_request(mib, master_ns);
	expect_number(named("gw", "peer", "1"), 1);
	expect_number(named("gw", "peer", "2"), 2);
	expect_number(named("peer", "gw", "1"), 3);
	expect_next(named("gw", "peer", "1"), named("gw", "peer", "2"));
	expect_next(named("gw", "peer", "2"), named("peer", "gw", "1"));
	ipm_ike_stop(w, first, IPM_REASON_NORMAL);
	expect_no_row_soon(named("gw", "peer", "1"));
	expect_number(named("gw", "peer", "2"), 2);
	given_peer("gw", "peer");
	expect_row_soon(named("gw", "peer", "1"));
	expect_number(named("gw", "peer", "1"), 4);
	expect_number(named("gw", "peer", "2"), 2);
}
END_TEST

START_TEST(of_an_identity_54_octets_are_part_of_the_index_and_all_of_them_are_told)
{
	char same[61], other[61], cut[55], longer[56];
	struct mib_value value;
	memset(same, 'a', 60);
	same[60] = '\0';
	memcpy(other, same, sizeof(same));
	other[54] = 'b'; /* the first that does not count */
	memcpy(cut, same, 54);
	cut[54] = '\0';
	memcpy(longer, same, 55);
	longer[55] = '\0';
	given_tunnel_of(given_peer(same, same));
	given_peer(same, other);
	serve(w);
	mib_request(mib, master_ns);
	expect_number(named(cut, cut, "1"), 1);
	expect_number(named(cut, cut, "2"), 2);
	expect_no_instance(named(cut, longer, "1"));
	/* The longest name that there is has room; RFC 3416 has 128 sub-identifiers for it. */
	struct name longest = name_of(peer_cell("cikePeerCorrIpSecTunIndex", 2, cut, 2, cut, "1.1"));
	ck_assert_uint_eq(longest.len, 128);
	expect_number(peer_cell("cikePeerCorrIpSecTunIndex", 2, cut, 2, cut, "1.1"), 1);
	ck_assert_int_eq(get("cikeTunRemoteValue.2", &value), MIB_OK);
	ck_assert_uint_eq(value.len, 60);
	ck_assert_mem_eq(value.octets, other, 60);
}
END_TEST

START_TEST(the_tunnels_of_a_peer_are_listed_until_either_goes_or_is_held)
{
	uint32_t ike = given_peer("gw", "peer"), other = given_peer("gw", "peer");
	uint32_t one = given_tunnel_of(ike);
	given_tunnel_of(ike);
	given_tunnel_of(other);
	const char *corr = "cikePeerCorrIpSecTunIndex";
	expect_row_soon(peer_cell(corr, 2, "gw", 2, "peer", "2.3"));
	expect_number(peer_cell(corr, 2, "gw", 2, "peer", "1.1"), 1);
	expect_number(peer_cell(corr, 2, "gw", 2, "peer", "1.2"), 2);
	expect_number(peer_cell(corr, 2, "gw", 2, "peer", "2.3"), 3);
	ipm_tunnel_stop(w, one, IPM_REASON_NORMAL);
	expect_no_row_soon(peer_cell(corr, 2, "gw", 2, "peer", "1.1"));
	expect_number(peer_cell(corr, 2, "gw", 2, "peer", "1.2"), 2); /* keeps its number */
	ipm_ike_stop(w, ike, IPM_REASON_NORMAL);
	expect_no_row_soon(peer_cell(corr, 2, "gw", 2, "peer", "1.2"));
	expect_number("cipSecTunStatus.2", 1); /* the tunnel itself stays */
	expect_number(peer_cell(corr, 2, "gw", 2, "peer", "2.3"), 3);
	struct ipm_ike_sa sa = *ipm_ike_peek(w, other);
	sa.held = 1;
	ipm_ike_put(w, other, &sa);
	expect_no_row_soon(peer_cell(corr, 2, "gw", 2, "peer", "2.3"));
	serve(w); /* rows that are made without it: only the IKE SA's change brings it back */
	mib_request(mib, master_ns);
	expect_no_instance(peer_cell(corr, 2, "gw", 2, "peer", "2.3"));
	sa.held = 0;
	ipm_ike_put(w, other, &sa);
	expect_row_soon(peer_cell(corr, 2, "gw", 2, "peer", "2.3"));
}
END_TEST

/* --- what has been ------------------------------------------------------------------------------------------------ */

#define TICK 10000000ull /* a hundredth of a second, in ns */

static void
tunnels_end(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_NORMAL);
}

static void
history_shows(uint32_t size)
{
	struct ipm_settings settings = { .history_size = size, .failure_size = 32 };
	ck_assert_int_eq(ipm_settings_put(w, &settings), 0);
	serve(w);
	mib_request(mib, master_ns);
	expect_number("cipSecHistTableSize.0", size);
}

START_TEST(a_smaller_history_hides_the_oldest_and_a_larger_one_shows_them_again)
{
	tunnels_end(5);
	for (int i = 0; i < 3; i++)
		ipm_ike_stop(w, given_ike(w), IPM_REASON_NORMAL);
	history_shows(2);
	expect_no_instance("cipSecTunHistTermReason.3");
	expect_next("cipSecTunHistTermReason", "cipSecTunHistTermReason.4");
	expect_next("cipSecTunHistTermReason.4", "cipSecTunHistTermReason.5");
	expect_next("cikeTunHistTermReason", "cikeTunHistTermReason.2");
	history_shows(1);
	expect_next("cipSecTunHistTermReason", "cipSecTunHistTermReason.5");
	history_shows(4);
	expect_next("cipSecTunHistTermReason", "cipSecTunHistTermReason.2");
	history_shows(16);
	expect_next("cipSecTunHistTermReason", "cipSecTunHistTermReason.1");
	expect_next("cikeTunHistTermReason", "cikeTunHistTermReason.1");
	expect_number("cipSecTunHistActiveIndex.1", 1);
	expect_number("cipSecTunHistActiveIndex.5", 5);
	tunnels_end(13); /* two more than it holds */
	expect_row_soon("cipSecTunHistTermReason.18");
	expect_next("cipSecTunHistTermReason", "cipSecTunHistTermReason.3");
	expect_number("cipSecTunHistActiveIndex.3", 3);
	expect_number("cipSecTunHistActiveIndex.18", 18);
}
END_TEST

START_TEST(fewer_failures_hide_the_oldest_of_both_kinds_and_no_history)
{
	struct ipm_failure failure = { .reason = IPM_FAIL_NO_SA };
	tunnels_end(3);
	for (int i = 0; i < 3; i++) {
		ipm_fail(w, IPM_IKE_FAILURES, &failure);
		ipm_fail(w, IPM_TUNNEL_FAILURES, &failure);
	}
	struct ipm_settings settings = { .history_size = 16, .failure_size = 1 };
	ck_assert_int_eq(ipm_settings_put(w, &settings), 0);
	serve(w);
	mib_request(mib, master_ns);
	expect_number("cipSecFailTableSize.0", 1);
	expect_next("cikeFailReason", "cikeFailReason.3");
	expect_next("cipSecFailReason", "cipSecFailReason.3");
	expect_next("cipSecTunHistTermReason", "cipSecTunHistTermReason.1");
}
END_TEST

START_TEST(behind_2147483647_the_index_of_the_history_is_1_again)
{
	ipm_header(ipm_writer_segment(w))->section[IPM_TUNNEL_HISTORY].total = INT32_MAX - 1;
	tunnels_end(2);
	serve(w);
	mib_request(mib, master_ns);
	expect_next("cipSecTunHistActiveIndex", "cipSecTunHistActiveIndex.1");
	expect_next("cipSecTunHistActiveIndex.1", "cipSecTunHistActiveIndex.2147483647");
	expect_number("cipSecTunHistActiveIndex.2147483647", 1);
	expect_number("cipSecTunHistActiveIndex.1", 2);
	history_shows(1);
	expect_no_instance("cipSecTunHistActiveIndex.2147483647"); /* the older one */
	expect_number("cipSecTunHistActiveIndex.1", 2);
	tunnels_end(1);
	history_shows(2);
	expect_next("cipSecTunHistActiveIndex", "cipSecTunHistActiveIndex.1");
	expect_next("cipSecTunHistActiveIndex.1", "cipSecTunHistActiveIndex.2");
	expect_no_instance("cipSecTunHistActiveIndex.2147483647");
	history_shows(3);
	expect_number("cipSecTunHistActiveIndex.2147483647", 1);
}
END_TEST

START_TEST(a_check_point_is_a_record_of_what_goes_on)
{
	uint32_t ike = given_ike(w), tunnel = given_tunnel(w);
	counts(w, given_sa(w, tunnel, 0x1001), 5, 500);
	given_selectors(w, tunnel, 80, 1);
	ok(ipm_ike_start(w, &(struct ipm_ike_sa){ .state = IPM_IKE_NEGOTIATING, .version = 2 }));
	tunnel_becomes(w, given_tunnel(w), IPM_TUNNEL_HELD);
	ipm_checkpoint(w);
	counts(w, 0, 6, 600);
	serve(w);
	mib_request(mib, master_ns);
	expect_number("cikeTunHistTermReason.1", 7);
	expect_number("cikeTunHistActiveIndex.1", 1);
	expect_number("cipSecTunHistTermReason.1", 7);
	expect_number("cipSecTunHistInOctets.1", 500);
	expect_number("cipSecTunInOctets.1", 600);
	expect_number("cipSecEndPtHistTunIndex.1", 1);
	expect_number("cipSecEndPtHistLocalPort.1", 80);
	expect_no_instance("cikeTunHistTermReason.2"); /* only what has a row */
	expect_no_instance("cipSecTunHistTermReason.2");
	expect_number("cikeGlobalPreviousTunnels.0", 0);
	expect_number("cipSecGlobalPreviousTunnels.0", 0);
	expect_number("cipSecHistCheckPoint.0", 1); /* ready for the next */
	ipm_tunnel_stop(w, tunnel, IPM_REASON_NORMAL);
	ipm_ike_stop(w, ike, IPM_REASON_NORMAL);
	expect_row_soon("cipSecTunHistTermReason.2");
	expect_row_soon("cikeTunHistTermReason.2");
	expect_number("cipSecTunHistTermReason.1", 7);
	expect_number("cipSecTunHistTermReason.2", 2);
	expect_number("cipSecTunHistInOctets.2", 600);
	expect_number("cikeTunHistTermReason.2", 2);
}
END_TEST

START_TEST(a_check_point_is_of_all_that_goes_on)
{
	for (int i = 0; i < 3; i++) {
		given_ike(w);
		given_tunnel(w);
	}
	ipm_checkpoint(w);
	serve(w);
	mib_request(mib, master_ns);
	expect_number("cikeTunHistActiveIndex.1", 1);
	expect_number("cikeTunHistActiveIndex.2", 2);
	expect_number("cikeTunHistActiveIndex.3", 3);
	expect_number("cipSecTunHistActiveIndex.1", 1);
	expect_number("cipSecTunHistActiveIndex.2", 2);
	expect_number("cipSecTunHistActiveIndex.3", 3);
}
END_TEST

/* The cell in this row of a table without other indexes. */
static const char *
at_row(const char *column, uint32_t row)
{
	static char text[80];
	snprintf(text, sizeof(text), "%s.%u", column, row);
	return text;
}

START_TEST(every_reason_to_end_has_its_number)
{
	static const struct {
		enum ipm_reason reason;
		unsigned ike, tunnel;
	} reasons[] = {
		{ IPM_REASON_UNKNOWN, 1, 1 },
		{ IPM_REASON_NORMAL, 2, 2 },
		{ IPM_REASON_OPERATOR, 3, 3 },
		{ IPM_REASON_PEER_DELETE, 4, 4 },
		{ IPM_REASON_PEER_LOST, 5, 5 },
		{ IPM_REASON_LOCAL_FAILURE, 6, 1 },
		{ IPM_REASON_SEQ_ROLLOVER, 1, 6 },
		{ IPM_REASON_SOURCE_LOST, 1, 1 },
		{ IPM_REASON_CHECKPOINT, 7, 7 },
		{ IPM_REASON_CHECKPOINT + 1, 1, 1 }, /* from a writer that is newer */
	};
	ck_assert_uint_eq(MIB_COUNT(reasons), IPM_REASON_CHECKPOINT + 2);
	for (unsigned i = 0; i < MIB_COUNT(reasons); i++) {
		ck_assert_uint_eq(reasons[i].reason, i); /* none is left out */
		ipm_ike_stop(w, given_ike(w), reasons[i].reason);
		ipm_tunnel_stop(w, given_tunnel(w), reasons[i].reason);
	}
	serve(w);
	mib_request(mib, master_ns);
	for (unsigned i = 0; i < MIB_COUNT(reasons); i++) {
		expect_number(at_row("cikeTunHistTermReason", i + 1), reasons[i].ike);
		expect_number(at_row("cipSecTunHistTermReason", i + 1), reasons[i].tunnel);
	}
}
END_TEST

START_TEST(every_reason_to_fail_has_its_number)
{
	static const struct {
		enum ipm_failure_reason reason;
		unsigned ike, tunnel;
	} reasons[] = {
		{ IPM_FAIL_OTHER, 1, 1 },
		{ IPM_FAIL_PEER_DELETE, 2, 13 },
		{ IPM_FAIL_PEER_LOST, 3, 14 },
		{ IPM_FAIL_LOCAL, 4, 2 },
		{ IPM_FAIL_AUTH, 5, 9 },
		{ IPM_FAIL_HASH, 6, 1 },
		{ IPM_FAIL_CRYPT, 7, 7 },
		{ IPM_FAIL_INTERNAL, 8, 2 },
		{ IPM_FAIL_CAPACITY, 9, 12 },
		{ IPM_FAIL_PROPOSAL, 10, 4 },
		{ IPM_FAIL_CERT_UNAVAILABLE, 11, 1 },
		{ IPM_FAIL_CERT_INVALID, 12, 1 },
		{ IPM_FAIL_CERT_EXPIRED, 13, 1 },
		{ IPM_FAIL_CRL, 14, 1 },
		{ IPM_FAIL_ENCODING, 15, 3 },
		{ IPM_FAIL_NO_SA, 16, 6 },
		{ IPM_FAIL_OPERATOR, 17, 16 },
		{ IPM_FAIL_PROTOCOL_USE, 1, 5 },
		{ IPM_FAIL_DECRYPT, 1, 7 },
		{ IPM_FAIL_ENCRYPT, 1, 8 },
		{ IPM_FAIL_IN_AUTH, 1, 9 },
		{ IPM_FAIL_OUT_AUTH, 1, 10 },
		{ IPM_FAIL_COMPRESSION, 1, 11 },
		{ IPM_FAIL_SEQ_ROLLOVER, 1, 15 },
		{ IPM_FAIL_SEQ_ROLLOVER + 1, 1, 1 }, /* from a writer that is newer */
	};
	ck_assert_uint_eq(MIB_COUNT(reasons), IPM_FAIL_SEQ_ROLLOVER + 2);
	for (unsigned i = 0; i < MIB_COUNT(reasons); i++) {
		struct ipm_failure failure = { .reason = reasons[i].reason };
		ck_assert_uint_eq(reasons[i].reason, i); /* none is left out */
		ipm_fail(w, IPM_IKE_FAILURES, &failure);
		ipm_fail(w, IPM_TUNNEL_FAILURES, &failure);
	}
	serve(w);
	mib_request(mib, master_ns);
	for (unsigned i = 0; i < MIB_COUNT(reasons); i++) {
		expect_number(at_row("cikeFailReason", i + 1), reasons[i].ike);
		expect_number(at_row("cipSecFailReason", i + 1), reasons[i].tunnel);
	}
}
END_TEST

START_TEST(a_moment_is_told_in_the_masters_time_and_is_0_when_it_was_before_its_start)
{
	static const struct {
		int64_t ns; /* since the master's start */
		uint32_t ticks;
	} moments[] = {
		{ -3600 * (int64_t)SECOND, 0 },
		{ -1, 0 },
		{ 0, 0 },
		{ TICK - 1, 0 },
		{ TICK, 1 },
		{ 123 * TICK + 4, 123 },
		{ 7 * (int64_t)SECOND, 700 },
		{ 900 * (int64_t)SECOND, 90000 }, /* even if that is to come */
	};
	master_ns += 3601 * SECOND; /* so that an hour before is not before the machine's own start */
	for (unsigned i = 0; i < MIB_COUNT(moments); i++) {
		uint64_t when = master_ns + (uint64_t)moments[i].ns;
		struct ipm_failure failure = { .reason = IPM_FAIL_NO_SA, .time_ns = when };
		struct ipm_ike_sa sa = { .state = IPM_IKE_ESTABLISHED, .version = 2, .created_ns = when };
		struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50, .created_ns = when };
		ipm_fail(w, IPM_IKE_FAILURES, &failure);
		ipm_fail(w, IPM_TUNNEL_FAILURES, &failure);
		ipm_ike_stop(w, ok(ipm_ike_start(w, &sa)), IPM_REASON_NORMAL);
		ipm_tunnel_stop(w, ok(ipm_tunnel_start(w, &tunnel)), IPM_REASON_NORMAL);
	}
	serve(w);
	mib_show_old(mib, true);
	for (int later = 0; later < 2; later++) { /* the answer stays */
		mib_request(mib, master_ns);
		for (unsigned i = 0; i < MIB_COUNT(moments); i++) {
			expect_number(at_row("cikeFailTime", i + 1), moments[i].ticks);
			expect_number(at_row("cipSecFailTime", i + 1), moments[i].ticks);
			expect_number(at_row("cikeTunHistStartTime", i + 1), moments[i].ticks);
			expect_number(at_row("cipSecTunHistStartTime", i + 1), moments[i].ticks);
		}
		nanosleep(&(struct timespec){ .tv_nsec = 2 * TICK }, NULL);
	}
	mib_request(mib, master_ns + 200 * SECOND); /* the master was started anew */
	expect_number("cikeFailTime.7", 0);
	expect_number("cikeFailTime.8", 70000);
}
END_TEST

static void
failed_at(uint64_t when_ns)
{
	struct ipm_failure failure = { .reason = IPM_FAIL_NO_SA, .time_ns = when_ns };
	ipm_fail(w, IPM_IKE_FAILURES, &failure);
	ipm_fail(w, IPM_TUNNEL_FAILURES, &failure);
}

START_TEST(a_failure_from_before_the_masters_start_has_no_row_and_no_other_moves)
{
	failed_at(master_ns - SECOND);
	failed_at(master_ns);
	failed_at(master_ns + 2 * SECOND);
	serve(w);
	mib_request(mib, master_ns);
	expect_no_instance("cikeFailReason.1");
	expect_no_instance("cipSecFailReason.1");
	expect_number("cikeFailTime.2", 0);
	expect_number("cikeFailTime.3", 200);
	expect_next("cikeFailReason", "cikeFailReason.2");
	expect_next("cikeFailReason.1", "cikeFailReason.2");
	expect_next("cikeFailReason.2", "cikeFailReason.3");
	expect_next("cipSecFailReason", "cipSecFailReason.2");
	expect_number("cipSecFailTableSize.0", 32); /* counts entries, whether they have a row or not */

	mib_request(mib, master_ns + SECOND); /* the master was started anew: at once */
	expect_no_instance("cikeFailReason.2");
	expect_next("cikeFailReason", "cikeFailReason.3");
	expect_number("cikeFailTime.3", 100);

	mib_request(mib, master_ns + 3 * SECOND); /* and again */
	expect_no_instance("cikeFailReason.3");
	expect_no_instance("cipSecFailReason.3");
	failed_at(master_ns + 4 * SECOND);
	expect_row_soon("cikeFailReason.4");
}
END_TEST

START_TEST(failures_from_before_the_masters_start_have_rows_if_they_are_wanted)
{
	failed_at(master_ns - SECOND);
	serve(w);
	mib_request(mib, master_ns);
	expect_no_instance("cikeFailReason.1");
	mib_show_old(mib, true);
	mib_request(mib, master_ns);
	expect_number("cikeFailTime.1", 0);
	expect_number("cipSecFailTime.1", 0);
}
END_TEST

START_TEST(what_ended_before_the_masters_start_stays_in_the_history)
{
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50 };
	ipm_tunnel_stop(w, ok(ipm_tunnel_start(w, &tunnel)), IPM_REASON_NORMAL);
	serve(w);
	mib_request(mib, ipm_now_ns() + SECOND);
	expect_number("cipSecTunHistTermReason.1", 2);
	expect_number("cipSecTunHistStartTime.1", 0);
}
END_TEST

START_TEST(an_spi_that_the_mib_has_no_room_for_has_no_cell_and_the_row_has_the_others)
{
	static const struct {
		uint32_t spi;
		bool there;
	} spis[] = {
		{ 0, false },          { 1, true },           { 0x7fffffff, true },
		{ 0x80000000, false }, { 0xc0000001, false }, { 0xffffffff, false },
	};
	for (unsigned i = 0; i < MIB_COUNT(spis); i++)
		ipm_fail(w, IPM_TUNNEL_FAILURES, &(struct ipm_failure){ .reason = IPM_FAIL_NO_SA, .spi = spis[i].spi });
	serve(w);
	mib_request(mib, master_ns);
	for (unsigned i = 0; i < MIB_COUNT(spis); i++) {
		if (spis[i].there)
			expect_number(at_row("cipSecFailSaSpi", i + 1), spis[i].spi);
		else
			expect_no_instance(at_row("cipSecFailSaSpi", i + 1));
		expect_number(at_row("cipSecFailReason", i + 1), 6);
	}
}
END_TEST

START_TEST(where_there_is_no_tunnel_and_no_ike_sa_there_is_no_cell_for_its_index)
{
	ipm_fail(w, IPM_TUNNEL_FAILURES, &(struct ipm_failure){ .reason = IPM_FAIL_NO_SA });
	ipm_fail(w, IPM_TUNNEL_FAILURES, &(struct ipm_failure){ .reason = IPM_FAIL_IN_AUTH, .tunnel_index = 9 });
	uint32_t manual = given_tunnel(w), of_ike = given_tunnel_of(given_ike(w));
	ipm_tunnel_stop(w, manual, IPM_REASON_NORMAL);
	ipm_tunnel_stop(w, of_ike, IPM_REASON_NORMAL);
	serve(w);
	mib_request(mib, master_ns);
	expect_no_instance("cipSecFailTunnelIndex.1");
	expect_number("cipSecFailTunnelIndex.2", 9);
	expect_next("cipSecFailTunnelIndex", "cipSecFailTunnelIndex.2");
	expect_next("cipSecFailTime.2", "cipSecFailTunnelIndex.2");
	expect_number("cipSecFailReason.1", 6); /* the row is there */
	expect_no_instance("cipSecTunHistIkeTunnelIndex.1");
	expect_number("cipSecTunHistIkeTunnelIndex.2", 1);
	expect_next("cipSecTunHistActiveIndex.2", "cipSecTunHistIkeTunnelIndex.2");
	expect_number("cipSecTunHistKeyType.1", 1);
}
END_TEST

/* --- what can be known -------------------------------------------------------------------------------------------- */

/* A row of each table, all of them of feed 0. */
static void
given_rows_of_feed_0(void)
{
	given_tables();
	w = given_segment();
	feed_knows(w, ALL_CAPS, UINT64_MAX);
	uint32_t ike = given_ike(w), tunnel = given_tunnel(w);
	ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_NORMAL);
	ipm_ike_stop(w, given_ike(w), IPM_REASON_NORMAL);
	given_sa(w, tunnel, 0x1001);
	given_selectors(w, tunnel, 1, 1);
	(void)ike;
	serve(w);
	mib_request(mib, master_ns);
}

/* The cells of a walk whose column needs something: none needs what another has by itself. */
START_TEST(a_column_has_cells_if_and_only_if_a_feed_can_know_one_of_the_things_it_shows)
{
	unsigned checked = 0;
	for (unsigned t = 0; t < flow_view_count(); t++)
		for (unsigned c = 0; c < mib_views[t]->ncols; c++) {
			const struct mib_col *col = &mib_views[t]->cols[c];
			const char *cell = at_row(col->name, mib_views[t]->key ? 1 : 0);
			struct name from = name_of(col->name), found;
			struct mib_value value;
			if (!col->caps && !col->drops)
				continue;
			feed_knows(w, ALL_CAPS & ~col->caps, ~col->drops);
			mib_request(mib, master_ns);
			expect_no_instance(cell);
			if (next(&from, false, &nothing, &found, &value) == MIB_OK)
				ck_assert_msg(memcmp(from.id, found.id, from.len * sizeof(from.id[0])) != 0,
					      "%s: GETNEXT has it", col->name);
			for (unsigned bit = 0; bit < 64; bit++) {
				uint64_t only = UINT64_C(1) << bit;
				if (!((col->caps | col->drops) & only))
					continue;
				feed_knows(w, col->caps & only ? only : IPM_CAP_TUNNELS, col->drops & only);
				mib_request(mib, master_ns);
				expect_number(cell, 0);
				checked++;
			}
		}
	ck_assert_uint_gt(checked, 100);
}
END_TEST

START_TEST(with_charon_alone_no_drops_are_known_and_of_ike_only_the_octets_that_pollers_cannot_do_without)
{
	feed_knows(w, IPM_CAP_IKE_SAS | IPM_CAP_TUNNELS | IPM_CAP_TUNNEL_COUNTERS, 0);
	mib_request(mib, master_ns);
	expect_next("cikeTunTotalRefreshes.1", "cikeTunInOctets.1");
	expect_next("cikeTunInOctets.1", "cikeTunOutOctets.1");
	expect_next("cikeTunOutOctets.1", "cikeTunStatus.1");
	expect_next("cikeGlobalPreviousTunnels.0", "cikeGlobalInitTunnels.0");
	expect_next("cikePhase1GWRespTunnelFails.1", "cipSecGlobalActiveTunnels.0");
	expect_next("cipSecGlobalInPkts.0", "cipSecGlobalInAuths.0");
	expect_next("cipSecPhase2GWOutEncrypts.1", "cipSecHistTableSize.0");
	expect_next("cipSecTunInPkts.1", "cipSecTunInAuths.1");
	expect_next("cipSecTunOutPkts.1", "cipSecTunOutAuths.1");
	expect_next("cipSecTunOutEncrypts.1", "cipSecTunStatus.1");
	expect_next("cikeTunHistTotalSas.1", "cipSecTunHistTermReason.1");
	expect_no_instance("cikeGlobalSysCapFails.0");
	expect_no_instance("cikeGlobalDecryptFails.0");
	expect_no_instance("cipSecTunOutDropPkts.1");
	expect_number("cikeTunInOctets.1", 0);
}
END_TEST

START_TEST(a_tunnel_has_what_its_own_feeds_can_know_and_the_totals_what_any_can)
{
	uint32_t slot = ok(ipm_feed_open(w, "other"));
	struct ipm_feed other = *ipm_feed_peek(w, slot);
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50, .feed = slot };
	other.state = IPM_FEED_UP;
	other.caps = IPM_CAP_TUNNELS;
	other.drops = IPM_SA_DROPS(IPM_IN, IPM_DROPPED(REPLAY));
	ipm_feed_put(w, slot, &other);
	feed_knows(w, IPM_CAP_TUNNELS, 0);
	ok(ipm_tunnel_start(w, &tunnel)); /* 3 */
	tunnel.feed = 0;
	tunnel.named_by = slot + 1; /* 4: of one, named by the other */
	ok(ipm_tunnel_start(w, &tunnel));
	ipm_writer_commit(w);
	expect_row_soon("cipSecTunStatus.4");
	expect_no_instance("cipSecTunInReplayDropPkts.1");
	expect_number("cipSecTunInReplayDropPkts.3", 0);
	expect_number("cipSecTunInReplayDropPkts.4", 0);
	expect_no_instance("cipSecTunInDropPkts.3");
	expect_next("cipSecTunInReplayDropPkts", "cipSecTunInReplayDropPkts.3");
	expect_number("cipSecGlobalInReplayDrops.0", 0);
	expect_no_instance("cipSecGlobalInDrops.0");
}
END_TEST

START_TEST(of_a_feed_that_does_not_say_a_column_is_there_once_it_has_counted)
{
	feed_knows(w, 0, 0);
	mib_request(mib, master_ns);
	expect_no_instance("cipSecTunInReplayDropPkts.1");
	expect_no_instance("cipSecGlobalInReplayDrops.0");
	expect_next("cipSecTunInPkts.1", "cipSecTunInAuths.1");
	struct ipm_traffic now = { .pkts = 1, .drops = { [IPM_DROP_REPLAY] = 3 } };
	ipm_sa_count(w, 0, &now);
	ipm_writer_commit(w);
	mib_request(mib, master_ns);
	expect_number("cipSecTunInReplayDropPkts.1", 3);
	expect_number("cipSecGlobalInReplayDrops.0", 3);
	expect_no_instance("cipSecTunInDropPkts.1");
	expect_next("cipSecTunInPkts.1", "cipSecTunInReplayDropPkts.1");
}
END_TEST

START_TEST(without_a_feed_a_column_is_there_once_it_was_counted)
{
	struct ipm_writer *bare = given_segment();
	counts(bare, given_sa(bare, given_tunnel(bare), 1), 1, 100);
	serve(bare);
	mib_request(mib, master_ns);
	expect_number("cipSecTunInPkts.1", 1);
	expect_no_instance("cipSecTunInReplayDropPkts.1");
	ipm_dropped(bare, IPM_IN, IPM_DROP_NO_SA, 2);
	ipm_writer_commit(bare);
	mib_request(mib, master_ns);
	expect_number("cipSecGlobalNoSaFails.0", 2);
	expect_number("cipSecGlobalInDrops.0", 2);
	expect_no_instance("cipSecGlobalOutDrops.0");
	mib_serve(mib, NULL, 0);
	ipm_writer_close(bare);
}
END_TEST

START_TEST(a_feed_whose_source_has_never_answered_can_know_nothing_and_one_that_is_away_still_what_it_told)
{
	struct ipm_feed feed = *ipm_feed_peek(w, 0);
	feed.state = IPM_FEED_DOWN;
	ipm_feed_put(w, 0, &feed);
	mib_request(mib, master_ns);
	expect_no_instance("cikeGlobalAuthFails.0");
	expect_no_instance("cikePhase1GWAuthFails.1");
	feed.updated_ns = 1;
	ipm_feed_put(w, 0, &feed);
	mib_request(mib, master_ns);
	expect_number("cikeGlobalAuthFails.0", 0);
	expect_number("cikePhase1GWAuthFails.1", 0);
}
END_TEST

START_TEST(uncompressed_octets_that_no_one_counted_have_no_cell)
{
	struct ipm_traffic now = { .pkts = 1, .octets = 100 };
	expect_number("cipSecTunHcInDecompOctets.1", 0); /* nothing yet, and nothing of it was compressed */
	ipm_sa_count(w, 0, &now);
	mib_request(mib, master_ns);
	expect_number("cipSecTunHcInOctets.1", 100);
	expect_no_instance("cipSecTunHcInDecompOctets.1");
	expect_no_instance("cipSecTunInDecompOctets.1");
	expect_no_instance("cipSecTunInDecompOctWraps.1");
	/* IPComp's SA is counted, too, and has had nothing to decompress. */
	ck_assert_int_eq(sa_of(0, IPM_IN, 108, 0x1234), 1);
	now = (struct ipm_traffic){ 0 };
	ipm_sa_count(w, 1, &now);
	mib_request(mib, master_ns);
	expect_number("cipSecTunHcInDecompOctets.1", 0);
	expect_number("cipSecTunInDecompOctets.1", 0);
	expect_number("cipSecTunInDecompOctWraps.1", 0);
	expect_number("cipSecGlobalHcInDecompOctets.0", 0);
	expect_number("cipSecTunHcInOctets.1", 100);
}
END_TEST

/* --- segments
 * --------------------------------------------------------------------------------------------------------- */

/* The trap controls are the agent's own: they are there whatever else is. */
static void
expect_only_trap_controls(void)
{
	static struct cell found[MIB_COUNT(cells)];
	ck_assert_uint_eq(walk(found, MIB_COUNT(found)), 13);
	for (unsigned i = 0; i < 13; i++) {
		struct name control = { { FLOW_MIB, 1, 6, i + 1, 0 }, 13 };
		ck_assert_msg(name_order(&found[i].name, &control) == 0, "%s", name_text(&found[i].name));
		ck_assert_uint_eq(found[i].value.number, 2);
	}
}

START_TEST(without_a_segment_nothing_is_served_but_the_trap_controls)
{
	mib_request(mib, master_ns);
	expect_only_trap_controls();
	expect_no_instance("cipSecMibLevel.0");
	expect_no_instance("cipSecGlobalActiveTunnels.0");
	expect_no_instance("cipSecHistTableSize.0");
	expect_no_instance("cikePhase1GWActiveTunnels.1");
	expect_no_instance("cipSecTunStatus.1");
}
END_TEST

START_TEST(when_the_last_segment_goes_nothing_is_served_but_the_trap_controls)
{
	given_tunnel(w);
	expect_row_soon("cipSecTunStatus.1");
	mib_serve(mib, NULL, 0);
	expect_no_instance("cipSecTunStatus.1"); /* at once: the segment may be unmapped now */
	expect_only_trap_controls();
	serve(w);
	expect_row_soon("cipSecTunStatus.1");
}
END_TEST

START_TEST(an_empty_segment_has_its_scalars)
{
	mib_request(mib, master_ns);
	expect_number("cipSecMibLevel.0", 1);
	expect_number("cipSecGlobalActiveTunnels.0", 0);
	expect_next("cikeGlobalNoSaFails.0", "cikePhase1GWActiveTunnels.1");
	expect_next("cikePhase1GWNoSaFails.1", "cipSecGlobalActiveTunnels.0");
	expect_next("cipSecGlobalSysCapFails.0", "cipSecPhase2GWActiveTunnels.1");
	expect_next("cipSecPhase2GWSysCapFails.1", "cipSecHistTableSize.0");
	expect_next("cipSecHistCheckPoint.0", "cipSecFailTableSize.0");
	expect_next("cipSecFailTableSize.0", "cipSecTrapCntlIkeTunnelStart.0");
	expect_next("cipSecMibLevel", "cipSecMibLevel.0");
}
END_TEST

START_TEST(rows_of_two_segments_are_merged_in_the_order_of_their_indexes)
{
	struct ipm_writer *other = given_knowing_segment();
	ipm_writer_totals(other)->next_tunnel = 1000;
	ipm_writer_totals(other)->next_ike = 1000;
	given_tunnel(w);
	given_ike(w);
	counts(w, given_sa(w, given_tunnel(w), 0x2001), 2, 200);
	counts(other, given_sa(other, given_tunnel(other), 0x100001), 1000, 100000);
	given_sa(other, given_tunnel(other), 0x100101);
	given_ike(other);
	given_selectors(other, 0, 443, 1);
	ipm_writer_totals(w)->next_tunnel = 2000;
	given_selectors(w, given_tunnel(w), 80, 1); /* behind all of the other's */
	serve_both(other, w);
	mib_request(mib, master_ns);
	expect_next("cipSecTunInPkts", "cipSecTunInPkts.1");
	expect_next("cipSecTunInPkts.1", "cipSecTunInPkts.2");
	expect_next("cipSecTunInPkts.2", "cipSecTunInPkts.1000");
	expect_next("cipSecTunInPkts.1000", "cipSecTunInPkts.1001");
	expect_next("cipSecTunInPkts.1001", "cipSecTunInPkts.2000");
	expect_next("cipSecTunInPkts.2000", "cipSecTunInDropPkts.1");
	expect_next("cikeTunStatus.1", "cikeTunStatus.1000");
	expect_next("cipSecEndPtLocalPort", "cipSecEndPtLocalPort.1000.1");
	expect_next("cipSecEndPtLocalPort.1000.1", "cipSecEndPtLocalPort.2000.1");
	expect_next("cipSecSpiValue.2.1", "cipSecSpiValue.1000.1");
	expect_number("cipSecTunInPkts.2", 2);
	expect_number("cipSecTunInPkts.1000", 1000);
	expect_number("cipSecEndPtLocalPort.1000.1", 443);
	expect_number("cipSecEndPtLocalPort.2000.1", 80);
	expect_number("cipSecSpiValue.1001.1", 0x100101);
	mib_serve(mib, NULL, 0);
	ipm_writer_close(other);
}
END_TEST

START_TEST(a_change_in_any_of_two_segments_is_seen)
{
	struct ipm_writer *other = given_knowing_segment();
	ipm_writer_totals(other)->next_tunnel = 1000;
	serve_both(w, other);
	mib_request(mib, master_ns);
	expect_no_instance("cipSecTunStatus.1");
	given_tunnel(w);
	expect_row_soon("cipSecTunStatus.1");
	uint32_t far = given_tunnel(other);
	expect_row_soon("cipSecTunStatus.1000");
	ipm_tunnel_stop(other, far, IPM_REASON_NORMAL);
	given_tunnel(w);
	expect_row_soon("cipSecTunStatus.2");
	expect_no_row_soon("cipSecTunStatus.1000");
	mib_serve(mib, NULL, 0);
	ipm_writer_close(other);
}
END_TEST

START_TEST(scalars_are_sums_over_all_segments)
{
	struct ipm_writer *other = given_knowing_segment();
	ipm_writer_totals(other)->next_tunnel = 1000;
	counts(w, given_sa(w, given_tunnel(w), 1), 1, 4294967295);
	counts(other, given_sa(other, given_tunnel(other), 1), 10, 2);
	given_tunnel(other);
	given_ike(w);
	given_ike(other);
	ipm_writer_totals(w)->in.drops[IPM_DROP_CAPACITY] = 5;
	ipm_writer_totals(other)->out.drops[IPM_DROP_CAPACITY] = 6;
	ipm_writer_totals(w)->ike_out.pkts = 7;
	ipm_writer_totals(other)->ike_out.pkts = 8;
	serve_both(w, other);
	mib_request(mib, master_ns);
	expect_number("cipSecMibLevel.0", 1);
	expect_number("cipSecGlobalActiveTunnels.0", 3);
	expect_number("cikeGlobalActiveTunnels.0", 2);
	expect_number("cipSecGlobalInPkts.0", 11);
	expect_number("cipSecGlobalHcInOctets.0", 4294967297);
	expect_number("cipSecGlobalInOctets.0", 1);
	expect_number("cipSecGlobalInOctWraps.0", 1);
	expect_number("cipSecGlobalSysCapFails.0", 11);
	expect_number("cikeGlobalOutPkts.0", 15);
	mib_serve(mib, NULL, 0);
	ipm_writer_close(other);
}
END_TEST

START_TEST(each_gateway_has_its_own_row_and_the_scalars_are_their_sums)
{
	struct ipm_writer *other = given_knowing_segment();
	ipm_writer_totals(other)->next_tunnel = 1000;
	given_ike(w);
	counts(w, given_sa(w, given_tunnel(w), 1), 1, 4294967295);
	counts(other, given_sa(other, given_tunnel(other), 1), 10, 2);
	ipm_writer_totals(other)->ike_out.pkts = 8;
	serve_both(w, other);
	mib_request(mib, master_ns);
	expect_number("cikePhase1GWActiveTunnels.1", 1);
	expect_number("cikePhase1GWActiveTunnels.2", 0);
	expect_number("cikePhase1GWOutPkts.2", 8);
	expect_number("cipSecPhase2GWInOctets.1", 4294967295);
	expect_number("cipSecPhase2GWInOctets.2", 2);
	expect_number("cipSecPhase2GWInOctWraps.1", 0);
	expect_number("cipSecGlobalInOctWraps.0", 1);
	expect_no_instance("cipSecPhase2GWInPkts.3");
	expect_next("cipSecPhase2GWInPkts.1", "cipSecPhase2GWInPkts.2");
	expect_next("cipSecPhase2GWInPkts.2", "cipSecPhase2GWInDrops.1");
	mib_serve(mib, NULL, 0);
	ipm_writer_close(other);
}
END_TEST

START_TEST(scalars_agree_within_a_request_whatever_the_writer_does)
{
	uint32_t sa = given_sa(w, given_tunnel(w), 1);
	counts(w, sa, 1, 4294967295);
	ipm_writer_commit(w);
	mib_request(mib, master_ns);
	expect_number("cipSecGlobalInOctets.0", 4294967295);
	counts(w, sa, 2, 4294967296);
	ipm_writer_commit(w);
	expect_number("cipSecGlobalInOctWraps.0", 0);
	expect_number("cipSecGlobalInPkts.0", 1);
	mib_request(mib, master_ns);
	expect_number("cipSecGlobalInOctets.0", 0);
	expect_number("cipSecGlobalInOctWraps.0", 1);
}
END_TEST

START_TEST(a_segment_that_was_replaced_leaves_nothing_behind)
{
	given_tunnel(w);
	counts(w, given_sa(w, given_tunnel(w), 0x1001), 5, 500);
	serve(w);
	mib_request(mib, master_ns);
	expect_number("cipSecTunInPkts.2", 5);
	expect_number("cipSecGlobalInPkts.0", 5);

	struct ipm_writer *other = given_knowing_segment();
	counts(other, given_sa(other, given_tunnel(other), 0x2001), 7, 700);
	serve(other);
	ipm_writer_close(w); /* unmaps it */
	w = other;
	expect_number("cipSecTunInPkts.1", 7); /* even within the request */
	expect_no_instance("cipSecTunInPkts.2");
	expect_number("cipSecGlobalInPkts.0", 7);
	mib_request(mib, master_ns);
	expect_number("cipSecTunInPkts.1", 7);
	expect_number("cipSecSpiValue.1.1", 0x2001);
	expect_next("cipSecTunInPkts.1", "cipSecTunInDropPkts.1");
}
END_TEST

/* --- writers that are busy, or died
 * -------------------------------------------------------------------------------------- */

START_TEST(a_record_left_half_written_is_passed_over)
{
	uint32_t one = given_tunnel(w), two = given_tunnel(w), three = given_tunnel(w);
	uint32_t ike = given_ike(w);
	given_ike(w);
	given_sa(w, one, 0x1001);
	uint32_t sa = given_sa(w, one, 0x1002);
	given_sa(w, three, 0x3001);
	expect_row_soon("cipSecTunStatus.3");
	expect_row_soon("cipSecSpiStatus.3.1");
	half_written(w, IPM_TUNNELS, two); /* behind the back of the rows, which know it */
	half_written(w, IPM_IKE_SAS, ike);
	half_written(w, IPM_SAS, sa);
	for (int i = 0; i < 2; i++) {
		mib_request(mib, master_ns);
		expect_no_instance("cipSecTunStatus.2");
		expect_number("cipSecTunStatus.3", 1);
		expect_next("cipSecTunStatus.1", "cipSecTunStatus.3");
		expect_next("cipSecTunStatus.2", "cipSecTunStatus.3");
		expect_no_instance("cikeTunStatus.1");
		expect_next("cikeTunStatus", "cikeTunStatus.2");
		expect_no_instance("cipSecSpiStatus.1.2");
		expect_next("cipSecSpiStatus.1.1", "cipSecSpiStatus.3.1");
		serve(w); /* and now rows that are made without it */
	}
	whole_again(w, IPM_TUNNELS, two);
	whole_again(w, IPM_IKE_SAS, ike);
	whole_again(w, IPM_SAS, sa);
}
END_TEST

START_TEST(totals_left_half_written_are_not_served_and_everything_else_is)
{
	given_tunnel(w);
	serve(w);
	half_written(w, IPM_TOTALS, 0);
	mib_request(mib, master_ns);
	expect_no_instance("cipSecGlobalInOctets.0");
	expect_next("cikeTunLocalType", "cipSecTunIkeTunnelAlive.1");
	expect_number("cipSecTunStatus.1", 1);
	whole_again(w, IPM_TOTALS, 0);
	mib_request(mib, master_ns);
	expect_number("cipSecGlobalActiveTunnels.0", 1);
}
END_TEST

START_TEST(a_row_that_was_being_written_when_rows_were_made_shows_once_it_is_written)
{
	given_tunnel(w);
	uint32_t two = given_tunnel(w);
	half_written(w, IPM_TUNNELS, two);
	expect_row_soon("cipSecTunStatus.1");
	expect_no_instance("cipSecTunStatus.2");
	whole_again(w, IPM_TUNNELS, two); /* counters, say: no row came or went */
	expect_row_soon("cipSecTunStatus.2");
}
END_TEST

START_TEST(selectors_and_sas_of_a_tunnel_that_was_being_written_when_rows_were_made_show_too)
{
	uint32_t one = given_tunnel(w), two = given_tunnel(w);
	given_sa(w, one, 0x1001);
	given_sa(w, two, 0x2001);
	given_selectors(w, one, 80, 1);
	given_selectors(w, two, 443, 1);
	half_written(w, IPM_TUNNELS, two);
	expect_row_soon("cipSecEndPtLocalPort.1.1");
	expect_row_soon("cipSecSpiValue.1.1");
	whole_again(w, IPM_TUNNELS, two);
	expect_row_soon("cipSecEndPtLocalPort.2.1");
	expect_row_soon("cipSecSpiValue.2.1");
}
END_TEST

/* --- many
 * ------------------------------------------------------------------------------------------------------------------ */

#define MANY 20000

START_TEST(a_walk_through_20000_tunnels_visits_each_once_and_in_order)
{
	static uint32_t slot[MANY];
	mib_serve(mib, NULL, 0);
	ipm_writer_close(w);
	capacity.tunnels = MANY;
	w = given_knowing_segment();
	for (uint32_t i = 0; i < MANY; i++)
		slot[i] = given_tunnel(w);
	for (uint32_t i = 0; i < MANY; i += 10) /* so that slots are not in the order of indexes */
		ipm_tunnel_stop(w, slot[i], IPM_REASON_NORMAL);
	for (uint32_t i = 0; i < MANY; i += 10)
		given_tunnel(w);
	serve(w);
	struct name at = name_of("cipSecTunHcInOctets"), found;
	struct mib_value value;
	const size_t column = at.len;
	uint32_t visits = 0;
	for (mib_subid index = 1; index <= MANY + MANY / 10; index++) {
		if (index <= MANY && index % 10 == 1)
			continue; /* stopped */
		mib_request(mib, master_ns);
		ck_assert_int_eq(next(&at, false, &nothing, &found, &value), MIB_OK);
		ck_assert_uint_eq(found.len, column + 1);
		ck_assert_uint_eq(found.id[column], index);
		ck_assert_uint_eq(found.id[column - 1], at.id[column - 1]);
		at = found;
		visits++;
	}
	ck_assert_uint_eq(visits, MANY);
	ck_assert_int_eq(next(&at, false, &nothing, &found, &value), MIB_OK);
	ck_assert_uint_eq(found.id[column - 1], at.id[column - 1] + 1);
}
END_TEST

/* --- the suite
 * ------------------------------------------------------------------------------------------------------------- */

static TCase *
given(Suite *s, const char *name, void (*setup)(void))
{
	TCase *tc = tcase_create(name);
	tcase_add_checked_fixture(tc, setup, tables_gone);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return tc;
}

static Suite *
mib_suite(void)
{
	Suite *s = suite_create("mib");
	TCase *tc = given(s, "published", given_a_gateway);
	tcase_add_test(tc, tables_and_their_columns_are_in_the_order_of_their_oids);
	tcase_add_test(tc, every_column_of_ours_is_published_under_its_name_number_and_type);
	tcase_add_test(tc, every_published_object_is_there);
	tcase_add_test(tc, every_value_is_in_the_range_of_its_object);

	tc = given(s, "cells", given_a_gateway_and_its_cells);
	tcase_add_test(tc, a_walk_gives_every_expected_cell_and_no_other);
	tcase_add_test(tc, get_of_every_cell_equals_what_the_walk_gave);
	tcase_add_test(tc, getnext_from_each_cell_gives_the_one_behind_it);
	tcase_add_test(tc, getnext_from_every_prefix_gives_what_is_behind_it);
	tcase_add_test(tc, an_inclusive_range_begins_with_its_first_cell);
	tcase_add_test(tc, the_end_of_a_range_is_not_part_of_it);
	tcase_add_test(tc, getnext_and_get_of_made_up_names_answer_as_a_search_through_all_cells_does);
	tcase_add_test(tc, what_cannot_be_read_is_told_apart);

	tc = given(s, "conversions", given_a_served_segment);
	tcase_add_test(tc, a_64_bit_counter_is_seen_as_its_two_halves_and_as_a_whole);
	tcase_add_test(tc, every_cipher_has_its_number_and_one_that_is_not_known_is_other_and_never_none);
	tcase_add_test(tc, every_integrity_algorithm_has_its_number_and_one_that_is_not_known_is_other);
	tcase_add_test(tc, esp_without_an_integrity_transform_is_aead_none_or_not_known_as_its_cipher_says);
	tcase_add_test(tc, every_hash_has_its_number_and_one_that_is_not_known_is_other);
	tcase_add_test(tc, a_group_is_its_number_plus_one);
	tcase_add_test(tc, authentication_methods_have_their_numbers_and_what_is_not_known_is_other);
	tcase_add_test(tc, ikev1_modes_are_told_and_ikev2_hides_identities_as_main_mode_does);
	tcase_add_test(tc, compression_in_use_is_told);
	tcase_add_test(tc, lifetimes_are_the_hard_limit_or_else_the_soft_one_and_thresholds_at_least_one);
	tcase_add_test(tc, an_age_is_in_hundredths_of_a_second_and_ends_at_what_an_integer_can_say);
	tcase_add_test(tc, an_address_has_4_or_16_octets_and_one_that_is_not_known_is_all_zeroes);
	tcase_add_test(tc, a_prefix_of_any_length_makes_its_mask);
	tcase_add_test(tc, the_second_address_is_a_ranges_end_and_a_single_address_again);
	tcase_add_test(tc, a_port_is_told_when_it_is_one);
	tcase_add_test(tc, replays_are_counted_apart_from_all_other_drops_of_packets_that_come_in);
	tcase_add_test(tc, drops_wrap_as_a_32_bit_counter_does);
	tcase_add_test(tc, a_peer_is_known_by_address_or_by_name);
	tcase_add_test(tc, an_identity_is_told_in_full_and_without_its_nul);
	tcase_add_test(tc, an_sa_of_a_protocol_that_the_mib_does_not_know_has_no_such_cell);

	tc = given(s, "rows", given_a_served_segment);
	tcase_add_test(tc, a_tunnel_that_goes_while_a_request_is_answered_has_no_instance_and_the_next_row_follows);
	tcase_add_test(tc, a_slot_that_was_given_to_another_row_while_a_request_is_answered_is_not_confused);
	tcase_add_test(tc, rows_neither_come_nor_go_while_a_request_is_answered);
	tcase_add_test(tc, all_columns_of_a_row_agree_within_a_request_whatever_the_writer_does);
	tcase_add_test(tc, columns_of_many_rows_agree_when_they_are_asked_for_column_by_column);
	tcase_add_test(tc, a_request_may_ask_for_every_row_there_is);
	tcase_add_test(tc, a_held_tunnel_has_no_rows_nor_have_its_selectors_and_sas_and_all_come_back);
	tcase_add_test(tc, an_ike_sa_has_a_row_while_it_is_established_and_not_held);
	tcase_add_test(tc, a_tunnel_tells_whether_the_ike_sa_that_made_it_is_alive);

	tc = given(s, "peers", given_a_served_segment);
	tcase_add_test(tc, peers_are_in_the_order_of_their_names_so_a_shorter_identity_comes_first);
	tcase_add_test(tc, ike_sas_between_the_same_identities_are_numbered_and_a_number_is_used_again);
	tcase_add_test(tc, of_an_identity_54_octets_are_part_of_the_index_and_all_of_them_are_told);
	tcase_add_test(tc, the_tunnels_of_a_peer_are_listed_until_either_goes_or_is_held);

	tc = given(s, "what has been", given_a_served_segment);
	tcase_add_test(tc, a_smaller_history_hides_the_oldest_and_a_larger_one_shows_them_again);
	tcase_add_test(tc, fewer_failures_hide_the_oldest_of_both_kinds_and_no_history);
	tcase_add_test(tc, behind_2147483647_the_index_of_the_history_is_1_again);
	tcase_add_test(tc, a_check_point_is_a_record_of_what_goes_on);
	tcase_add_test(tc, a_check_point_is_of_all_that_goes_on);
	tcase_add_test(tc, every_reason_to_end_has_its_number);
	tcase_add_test(tc, every_reason_to_fail_has_its_number);
	tcase_add_test(tc, a_moment_is_told_in_the_masters_time_and_is_0_when_it_was_before_its_start);
	tcase_add_test(tc, a_failure_from_before_the_masters_start_has_no_row_and_no_other_moves);
	tcase_add_test(tc, failures_from_before_the_masters_start_have_rows_if_they_are_wanted);
	tcase_add_test(tc, what_ended_before_the_masters_start_stays_in_the_history);
	tcase_add_test(tc, an_spi_that_the_mib_has_no_room_for_has_no_cell_and_the_row_has_the_others);
	tcase_add_test(tc, where_there_is_no_tunnel_and_no_ike_sa_there_is_no_cell_for_its_index);

	tc = given(s, "known", given_rows_of_feed_0);
	tcase_add_test(tc, a_column_has_cells_if_and_only_if_a_feed_can_know_one_of_the_things_it_shows);
	tcase_add_test(tc,
		       with_charon_alone_no_drops_are_known_and_of_ike_only_the_octets_that_pollers_cannot_do_without);
	tcase_add_test(tc, a_tunnel_has_what_its_own_feeds_can_know_and_the_totals_what_any_can);
	tcase_add_test(tc, of_a_feed_that_does_not_say_a_column_is_there_once_it_has_counted);
	tcase_add_test(tc, without_a_feed_a_column_is_there_once_it_was_counted);
	tcase_add_test(tc,
		       a_feed_whose_source_has_never_answered_can_know_nothing_and_one_that_is_away_still_what_it_told);
	tcase_add_test(tc, uncompressed_octets_that_no_one_counted_have_no_cell);

	tc = given(s, "no segment", given_tables);
	tcase_add_test(tc, without_a_segment_nothing_is_served_but_the_trap_controls);

	tc = given(s, "segments", given_a_served_segment);
	tcase_add_test(tc, when_the_last_segment_goes_nothing_is_served_but_the_trap_controls);
	tcase_add_test(tc, an_empty_segment_has_its_scalars);
	tcase_add_test(tc, rows_of_two_segments_are_merged_in_the_order_of_their_indexes);
	tcase_add_test(tc, a_change_in_any_of_two_segments_is_seen);
	tcase_add_test(tc, scalars_are_sums_over_all_segments);
	tcase_add_test(tc, each_gateway_has_its_own_row_and_the_scalars_are_their_sums);
	tcase_add_test(tc, scalars_agree_within_a_request_whatever_the_writer_does);
	tcase_add_test(tc, a_segment_that_was_replaced_leaves_nothing_behind);

	tc = given(s, "busy writers", given_a_served_segment);
	tcase_add_test(tc, a_record_left_half_written_is_passed_over);
	tcase_add_test(tc, totals_left_half_written_are_not_served_and_everything_else_is);
	tcase_add_test(tc, a_row_that_was_being_written_when_rows_were_made_shows_once_it_is_written);
	tcase_add_test(tc, selectors_and_sas_of_a_tunnel_that_was_being_written_when_rows_were_made_show_too);

	tc = given(s, "many", given_a_served_segment);
	tcase_add_test(tc, a_walk_through_20000_tunnels_visits_each_once_and_in_order);
	return s;
}

int
main(void)
{
	return run_in_scratch("check_mib", mib_suite());
}
