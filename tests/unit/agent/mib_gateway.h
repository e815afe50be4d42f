/* SPDX-License-Identifier: ISC */
/* A gateway, and all its cells in the tables. */
#ifndef MIB_GATEWAY_H
#define MIB_GATEWAY_H

#include "mib_segments.h"

/* --- a gateway, and every cell that it has ------------------------------- */

static inline struct ipm_sel_side
single(const char *addr, uint8_t protocol, uint16_t port_first, uint16_t port_last)
{
	return (struct ipm_sel_side){ .type = IPM_SEL_SINGLE,
				      .protocol = protocol,
				      .port_first = port_first,
				      .port_last = port_last,
				      .first = address(addr),
				      .last = address(addr) };
}

static inline struct ipm_sel_side
range(const char *first, const char *last, uint8_t protocol, uint16_t port_first, uint16_t port_last)
{
	struct ipm_sel_side side = single(first, protocol, port_first, port_last);
	side.type = IPM_SEL_RANGE;
	side.last = address(last);
	return side;
}

static inline struct ipm_sel_side
subnet(const char *first, uint8_t prefix, const char *last)
{
	struct ipm_sel_side side = range(first, last, 0, 0, 65535);
	side.type = IPM_SEL_SUBNET;
	side.prefix = prefix;
	return side;
}

static inline uint32_t
sa_of(uint32_t tunnel, enum ipm_direction direction, uint8_t protocol, uint32_t spi)
{
	struct ipm_sa sa = {
		.direction = (uint8_t)direction, .protocol = protocol, .state = IPM_SA_ACTIVE, .spi = spi
	};
	const struct ipm_tunnel *t = ipm_tunnel_peek(w, tunnel);
	sa.proposal = direction == IPM_IN ? t->in_sa : t->out_sa;
	return ok(ipm_sa_start(w, tunnel, &sa));
}

static inline void
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
	/* In negotiation: no index and no row. Another IKE SA had index 2. */
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
static inline void
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

/* 2: AES-CBC with HMAC and IPComp, IPv6, transport mode, limited by volume. */
static inline void
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

/* 3: held, so it has no rows, but it has carried packets. */
static inline void
given_tunnel_held(void)
{
	uint32_t t = ok(ipm_tunnel_start(w, &(struct ipm_tunnel){ .state = IPM_TUNNEL_HELD,
								  .protocol = 50,
								  .in_sa = { .encr = IPM_ENCR_AES_GCM_16 } }));
	counts(w, sa_of(t, IPM_IN, 50, 0xc0000021), 10, 1000);
	given_selectors(w, t, 1, 1);
}

/* 4: AH with manual keys: no IKE SA, unknown addresses. */
static inline void
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

/* 5: BEET without encryption, created by the IKE SA that is held. */
static inline void
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

/* 6: ended, so in the history; different ciphers in and out, and IPComp. */
static inline void
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

/* Two of each kind: a recent one with all fields, and one from before the master's start with hardly any. */
static inline void
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

static inline void
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

/* The index of each row of the tables; all other objects are scalars. OIDs are below FLOW_MIB. */
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
 * A line is a scalar, or a column with its value in each row. "-": no such cell. "~": a clock runs, so the value is
 * this or up to a minute more. Addresses are written as usual, all other values as text or number.
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
	/* peers and their tunnels; the history (of selectors, the last first); the switches */
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
	size_t column; /* this many sub-identifiers name the column */
	struct mib_value value;
	uint64_t slack; /* the number may be greater by this */
};
static struct cell cells[1000]; /* "expected", in the order of the names */
static size_t cell_count;

static inline int
cell_order(const void *a, const void *b)
{
	return name_order(&((const struct cell *)a)->name, &((const struct cell *)b)->name);
}

static inline struct mib_value
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

/* The rows of the table with the column @p oid; NULL: it is a scalar. */
static inline const char *const *
rows_for(const char *oid)
{
	for (size_t i = 0; i < MIB_COUNT(rows); i++) {
		size_t len = strlen(rows[i].entry);
		if (strncmp(oid, rows[i].entry, len) == 0 && oid[len] == '.')
			return rows[i].row;
	}
	return NULL;
}

static inline void
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

/* With one gateway, its columns have the values of the scalars of the same name. False: there is no such column. */
static inline bool
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

static inline void
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

static inline void
given_a_gateway_and_its_cells(void)
{
	given_a_gateway();
	expected_cells();
}

static inline void
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

static inline size_t
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

#endif
