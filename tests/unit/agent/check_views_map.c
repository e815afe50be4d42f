/* SPDX-License-Identifier: ISC */
/* Rows of crypto map entries and configured tunnels: several segments, texts, large numbers. */

#include "map_fixture.h"

static uint32_t
given_sa(struct ipm_writer *writer, uint32_t tunnel, enum ipm_direction direction, uint32_t spi)
{
	struct ipm_sa sa = { .direction = (uint8_t)direction, .protocol = 50, .state = IPM_SA_ACTIVE, .spi = spi };
	return ok(ipm_sa_start(writer, tunnel, &sa));
}

static uint32_t
given_ike(struct ipm_writer *writer, const char *conn, uint16_t encr)
{
	struct ipm_ike_sa sa = { .state = IPM_IKE_ESTABLISHED, .version = 2, .proposal = { .encr = encr } };
	snprintf(sa.conn, sizeof(sa.conn), "%s", conn);
	return ok(ipm_ike_start(writer, &sa));
}

static void
expect_text(const char *cell, const char *expected)
{
	struct mib_value value = { .len = 0 };
	enum mib_result rc = get(cell, &value);
	ck_assert_msg(rc == MIB_OK && value.len == strlen(expected) && memcmp(value.octets, expected, value.len) == 0,
		      "%s: result %d, \"%.*s\", expected \"%s\"", cell, (int)rc, (int)value.len, value.octets,
		      expected);
}

/* Current rows: they are not rebuilt for each request. */
static void
later(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	mib_request(mib, master_ns);
}

/* --- crypto maps as rows ------------------------------------------------- */

START_TEST(without_a_segment_the_agents_own_is_served_and_nothing_else)
{
	struct name at = behind_flow;
	struct mib_value value;
	unsigned count = 0;
	mib_request(mib, master_ns);
	for (struct name found; mib_next(mib, at.id, at.len, false, NULL, 0, found.id, &found.len, &value) == MIB_OK;
	     at = found)
		count++;
	ck_assert_uint_eq(count, 3 + 3 + 4 + 7 + 8 + 4); /* thresholds, switches, health, switches */
	expect_number("ipsecmonAgentSegments.0", 0);
	expect_no_instance("cipsNumStaticCryptomapSets.0");
	expect_no_instance("ccaProtPktEncryptsReqs.4");
}
END_TEST

START_TEST(a_gateway_without_anything_configured_says_so)
{
	mib_request(mib, master_ns);
	expect_number("cipsIsakmpEnabled.0", 2);
	expect_number("cipsNumIsakmpPolicies.0", 0);
	expect_number("cipsNumStaticCryptomapSets.0", 0);
	expect_number("ccaSupportsHwCrypto.0", 2);
	expect_number("ccaGlobalInPkts.0", 0);
	expect_number("ipsecmonSegmentConfigured.1", 0);
	expect_number("ipsecmonSegmentUp.1", 0);
}
END_TEST

START_TEST(maps_are_in_the_order_of_their_names_so_a_shorter_one_comes_first)
{
	given_map(w, "b", "x", 10);
	given_map(w, "aa", "x", 10);
	given_map(w, "aa", "y", 5);
	given_map(w, "c", "x", 10);
	mib_request(mib, master_ns);
	expect_next("cipsStaticCryptomapType", "cipsStaticCryptomapType.'b'.10");
	expect_next("cipsStaticCryptomapType.'b'.10", "cipsStaticCryptomapType.'c'.10");
	expect_next("cipsStaticCryptomapType.'c'.10", "cipsStaticCryptomapType.'aa'.5");
	expect_next("cipsStaticCryptomapType.'aa'.5", "cipsStaticCryptomapType.'aa'.10");
	expect_next("cipsStaticCryptomapSetSize.'c'", "cipsStaticCryptomapSetSize.'aa'");
	expect_number("cipsStaticCryptomapSetSize.'aa'", 2);
}
END_TEST

START_TEST(a_name_as_long_as_it_may_be_is_an_index_in_full)
{
	char name[IPM_NAME_MAX], cell[128];
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	given_map(w, name, "child", 65535);
	given_map(w, name, "no room for this number", 65536);
	mib_request(mib, master_ns);
	snprintf(cell, sizeof(cell), "cipsStaticCryptomapDescr.'%s'.65535", name);
	expect_text(cell, "child");
	snprintf(cell, sizeof(cell), "cipsStaticCryptomapSetSize.'%s'", name);
	expect_number(cell, 2);
	expect_text("ipsecmonTunnelChild.2", "no room for this number");
}
END_TEST

START_TEST(a_set_changes_with_its_entries)
{
	uint32_t one = given_map(w, "site", "a", 10), two = given_map(w, "site", "b", 20);
	mib_request(mib, master_ns);
	expect_number("cipsStaticCryptomapSetSize.'site'", 2);
	expect_number("cipsNumStaticCryptomapSets.0", 1);
	struct ipm_map_entry map = *ipm_map_peek(w, two);
	map.kind = IPM_MAP_DYNAMIC;
	ipm_map_put(w, two, &map);
	later();
	expect_number("cipsStaticCryptomapSetNumIsakmp.'site'", 1);
	expect_number("cipsStaticCryptomapSetNumDynamic.'site'", 1);
	expect_number("cipsDynamicCryptomapSetSize.'site'", 1);
	expect_number("cipsNumDynamicCryptomapSets.0", 1);
	map = *ipm_map_peek(w, one);
	map.key_type = IPM_KEY_MANUAL;
	ipm_map_put(w, one, &map);
	later();
	expect_number("cipsStaticCryptomapSetNumManual.'site'", 1);
	expect_number("cipsStaticCryptomapSetNumIsakmp.'site'", 0);
	ipm_map_remove(w, two);
	later();
	expect_number("cipsStaticCryptomapSetSize.'site'", 1);
	expect_no_instance("cipsDynamicCryptomapSetSize.'site'");
	ipm_map_remove(w, one);
	later();
	expect_no_instance("cipsStaticCryptomapSetSize.'site'");
	expect_number("cipsNumStaticCryptomapSets.0", 0);
}
END_TEST

START_TEST(a_set_counts_the_sas_of_its_tunnels_as_they_come_and_go)
{
	uint32_t tunnel = given_tunnel(w, "", "");
	given_sa(w, tunnel, IPM_IN, 1);
	given_map(w, "site", "net", 10);
	mib_request(mib, master_ns);
	expect_number("cipsStaticCryptomapSetNumSAs.'site'", 0);
	struct ipm_tunnel named = *ipm_tunnel_peek(w, tunnel); /* assigned to that connection */
	snprintf(named.conn, sizeof(named.conn), "site");
	snprintf(named.name, sizeof(named.name), "net");
	ipm_tunnel_put(w, tunnel, &named);
	later();
	expect_number("cipsStaticCryptomapSetNumSAs.'site'", 1);
	uint32_t sa = given_sa(w, tunnel, IPM_OUT, 2);
	given_sa(w, given_tunnel(w, "site", "net"), IPM_IN, 3);
	later();
	expect_number("cipsStaticCryptomapSetNumSAs.'site'", 3);
	ipm_sa_stop(w, sa);
	later();
	expect_number("cipsStaticCryptomapSetNumSAs.'site'", 2);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_NORMAL);
	later();
	expect_number("cipsStaticCryptomapSetNumSAs.'site'", 1);
}
END_TEST

START_TEST(a_policy_shows_what_its_youngest_ike_sa_negotiated)
{
	given_map(w, "site", "net", 10);
	mib_request(mib, master_ns);
	expect_no_instance("cipsIsakmpPolEncr.1");
	given_ike(w, "other", 3);
	uint32_t ike = given_ike(w, "site", IPM_ENCR_AES_CBC);
	later();
	expect_number("cipsIsakmpPolEncr.1", 4);
	expect_no_instance("ikePolMapPolicyNum.1"); /* no entry has this name */
	expect_number("ikePolMapPolicyNum.2", 1);
	ok(given_ike(w, "site", IPM_ENCR_AES_GCM_16));
	later();
	expect_number("cipsIsakmpPolEncr.1", 6);
	/* Rekeyed with another suite: rows stay, and the new suite is visible at once. */
	struct ipm_ike_sa sa = *ipm_ike_peek(w, ike + 1);
	sa.proposal.encr = IPM_ENCR_CHACHA20_POLY1305;
	ipm_ike_put(w, ike + 1, &sa);
	mib_request(mib, master_ns);
	expect_number("cipsIsakmpPolEncr.1", 8);
	ipm_ike_stop(w, ike, IPM_REASON_NORMAL);
	ipm_ike_stop(w, ike + 1, IPM_REASON_NORMAL);
	later();
	expect_no_instance("cipsIsakmpPolEncr.1");
	expect_number("cipsNumIsakmpPolicies.0", 1);
}
END_TEST

START_TEST(a_policy_whose_number_has_no_room_has_no_row_and_an_ike_sa_still_tells_it)
{
	ipm_writer_totals(w)->next_map = 65536;
	given_map(w, "site", "net", 10);
	given_ike(w, "site", IPM_ENCR_AES_CBC);
	mib_request(mib, master_ns);
	expect_number("cipsNumIsakmpPolicies.0", 0);
	expect_number("ikePolMapPolicyNum.1", 65536);
	expect_number("ipsecmonTunnelOperStatus.65536", 2);
}
END_TEST

START_TEST(an_interface_is_listed_once_for_all_entries_of_a_map_that_use_it)
{
	uint32_t one = given_map(w, "site", "a", 10), two = given_map(w, "site", "b", 20);
	struct ipm_map_entry map = *ipm_map_peek(w, one);
	map.ifindex = 7;
	ipm_map_put(w, one, &map);
	map = *ipm_map_peek(w, two);
	map.ifindex = 7;
	ipm_map_put(w, two, &map);
	mib_request(mib, master_ns);
	expect_next("cipsCryptomapSetIfStatus", "cipsCryptomapSetIfStatus.7.'site'");
	expect_next("cipsCryptomapSetIfStatus.7.'site'", "cipsMaxSAs.0");
	map = *ipm_map_peek(w, one);
	map.ifindex = 0;
	ipm_map_put(w, one, &map);
	later();
	expect_number("cipsCryptomapSetIfStatus.7.'site'", 1);
	ipm_map_remove(w, two);
	later();
	expect_no_instance("cipsCryptomapSetIfStatus.7.'site'");
}
END_TEST

START_TEST(limits_beyond_the_published_range_are_its_ends)
{
	uint32_t slot = given_map(w, "site", "net", 10);
	struct ipm_map_entry map = *ipm_map_peek(w, slot);
	map.hard_ns = 100000 * SECOND;
	map.soft_octets = 1024;
	map.ike_ns = SECOND;
	ipm_map_put(w, slot, &map);
	mib_request(mib, master_ns);
	expect_number("cipsStaticCryptomapLifetime.'site'.10", 86400);
	expect_number("cipsStaticCryptomapLifesize.'site'.10", 2560);
	expect_number("cipsIsakmpPolLifetime.1", 60);
	expect_number("ipsecmonTunnelLifeTime.1", 100000); /* ours has room */
	expect_number("ipsecmonTunnelLifeSize.1", 1);
}
END_TEST

START_TEST(a_group_that_is_not_known_is_other_and_one_that_is_not_there_is_none)
{
	static const struct {
		uint8_t pfs;
		uint16_t group;
		uint64_t shown;
	} cases[] = { { IPM_PFS_NO, 0, 1 },
		      { IPM_PFS_YES, 0, 99 },
		      { IPM_PFS_YES, IPM_TRANSFORM_OTHER, 99 },
		      { IPM_PFS_YES, 31, 32 },
		      { IPM_PFS_YES, 2, 3 } };
	uint32_t slot = given_map(w, "site", "net", 10);
	mib_request(mib, master_ns);
	expect_no_instance("cipsStaticCryptomapPfs.'site'.10");
	for (size_t i = 0; i < MIB_COUNT(cases); i++) {
		struct ipm_map_entry map = *ipm_map_peek(w, slot);
		map.pfs = cases[i].pfs;
		map.pfs_group = cases[i].group;
		ipm_map_put(w, slot, &map);
		mib_request(mib, master_ns);
		expect_number("cipsStaticCryptomapPfs.'site'.10", cases[i].shown);
	}
}
END_TEST

/* --- configured tunnels -------------------------------------------------- */

START_TEST(a_tunnel_keeps_its_row_and_its_counts_when_it_goes_down_and_comes_again)
{
	given_map(w, "site", "net", 10);
	mib_request(mib, master_ns);
	expect_number("ipsecmonTunnelOperStatus.1", 2);
	for (unsigned round = 1; round <= 3; round++) {
		uint32_t tunnel = given_tunnel(w, "site", "net");
		struct ipm_traffic count = { .pkts = 10, .octets = 1000, .raw_octets = 1000 };
		ipm_sa_count(w, given_sa(w, tunnel, IPM_IN, round), &count);
		mib_request(mib, master_ns);
		expect_number("ipsecmonTunnelOperStatus.1", 1);
		expect_number("ipsecmonTunnelDownReason.1", 1);
		expect_number("ipsecmonTunnelPhase2Index.1", round);
		expect_number("ipsecmonTunnelInPkts.1", 10ull * round);
		expect_number("ipsecmonTunnelInSpi.1", round);
		ipm_tunnel_stop(w, tunnel, IPM_REASON_PEER_LOST);
		mib_request(mib, master_ns);
		expect_number("ipsecmonTunnelOperStatus.1", 2);
		expect_number("ipsecmonTunnelDownReason.1", 6);
		expect_number("ipsecmonTunnelFlaps.1", round);
		expect_number("ipsecmonTunnelUps.1", round);
		expect_number("ipsecmonTunnelPhase2Index.1", 0);
		expect_number("ipsecmonTunnelInPkts.1", 10ull * round);
		expect_no_instance("ipsecmonTunnelInSpi.1");
	}
}
END_TEST

START_TEST(how_many_are_up_is_told_at_once)
{
	given_map(w, "site", "a", 10);
	given_map(w, "site", "b", 20);
	mib_request(mib, master_ns);
	expect_number("ipsecmonSegmentUp.1", 0);
	uint32_t tunnel = given_tunnel(w, "site", "a");
	given_tunnel(w, "site", "b");
	later();
	expect_number("ipsecmonSegmentUp.1", 2);
	struct ipm_tunnel held = *ipm_tunnel_peek(w, tunnel);
	held.state = IPM_TUNNEL_HELD;
	ipm_tunnel_put(w, tunnel, &held);
	later();
	expect_number("ipsecmonSegmentUp.1", 1);
	expect_number("ipsecmonSegmentConfigured.1", 2);
}
END_TEST

START_TEST(of_several_tunnels_the_one_that_came_up_last_is_shown)
{
	given_map(w, "rw", "any", 10);
	given_tunnel(w, "rw", "any");
	uint32_t second = given_tunnel(w, "rw", "any");
	mib_request(mib, master_ns);
	expect_number("ipsecmonTunnelPhase2Index.1", 2);
	expect_number("ipsecmonTunnelActive.1", 2);
	struct ipm_tunnel held = *ipm_tunnel_peek(w, second);
	held.state = IPM_TUNNEL_HELD;
	ipm_tunnel_put(w, second, &held);
	mib_request(mib, master_ns);
	expect_number("ipsecmonTunnelPhase2Index.1", 1);
	expect_number("ipsecmonTunnelActive.1", 1);
}
END_TEST

START_TEST(every_reason_has_its_number)
{
	mib_convert *down_reason = conversion_of("ipsecmonTunnelDownReason");
	mib_convert *last_failure = conversion_of("ipsecmonTunnelLastFailure");
	struct ipm_map_entry map = { .state = IPM_MAP_DOWN, .downs = 1, .failed_ns = 1 };
	struct mib_value value = { .number = 0 };
	for (uint32_t reason = 0; reason <= IPM_REASON_SOURCE_LOST; reason++) {
		map.reason = reason;
		ck_assert(down_reason(NULL, &map, &value));
		ck_assert_uint_eq(value.number, reason + 2);
	}
	map.reason = 4711; /* a damaged segment */
	ck_assert(down_reason(NULL, &map, &value));
	ck_assert_uint_eq(value.number, 2);
	for (uint32_t reason = 0; reason <= IPM_FAIL_SEQ_ROLLOVER; reason++) {
		map.failure = reason;
		ck_assert(last_failure(NULL, &map, &value));
		ck_assert_uint_eq(value.number, reason + 2);
	}
	map.failure = 4711;
	ck_assert(last_failure(NULL, &map, &value));
	ck_assert_uint_eq(value.number, 2);
}
END_TEST

/* --- several segments ---------------------------------------------------- */

START_TEST(engines_of_several_segments_have_one_row_of_numbers)
{
	struct ipm_writer *other = given_segment();
	struct ipm_engine engine = { .kind = IPM_ENGINE_SOFTWARE, .name = "esp" };
	ok(ipm_engine_open(w, &engine));
	ok(ipm_engine_open(other, &engine));
	const struct ipm_segment *segs[] = { ipm_writer_segment(w), ipm_writer_segment(other) };
	ck_assert_int_eq(mib_serve(mib, segs, 2), 0);
	mib_request(mib, master_ns);
	expect_next("ccaAcclStatus", "ccaAcclStatus.1");
	expect_next("ccaAcclStatus.1", "ccaAcclStatus.4"); /* after the three that the first has room for */
	expect_number("ccaGlobalNumActiveAccelerators.0", 2);
	expect_number("cipsMaxSAs.0", 32);
	mib_serve(mib, NULL, 0);
	ipm_writer_close(other);
}
END_TEST

START_TEST(of_two_gateways_with_a_map_of_one_name_the_first_is_shown_and_ours_has_both)
{
	struct ipm_writer *other = given_segment();
	ipm_writer_totals(other)->next_map = 1000;
	given_map(w, "site", "a", 10);
	given_map(other, "site", "b", 10);
	given_map(other, "site", "c", 20);
	given_map(other, "zoo", "d", 10);
	const struct ipm_segment *segs[] = { ipm_writer_segment(w), ipm_writer_segment(other) };
	ck_assert_int_eq(mib_serve(mib, segs, 2), 0);
	mib_request(mib, master_ns);
	expect_number("cipsStaticCryptomapSetSize.'site'", 1);
	expect_text("cipsStaticCryptomapDescr.'site'.10", "a");
	expect_next("cipsStaticCryptomapSetSize.'site'", "cipsStaticCryptomapSetNumIsakmp.'zoo'");
	expect_text("ipsecmonTunnelChild.1", "a");
	expect_text("ipsecmonTunnelChild.1000", "b");
	expect_number("ipsecmonTunnelSegment.1000", 2);
	expect_number("ipsecmonSegmentConfigured.1", 1);
	expect_number("ipsecmonSegmentConfigured.2", 3);
	mib_serve(mib, NULL, 0);
	ipm_writer_close(other);
}
END_TEST

START_TEST(rows_with_the_same_index_are_one_and_a_walk_ends)
{
	struct ipm_writer *other = given_segment(); /* both give indexes from 1 */
	given_map(w, "here", "a", 10);
	given_map(other, "there", "b", 10);
	const struct ipm_segment *segs[] = { ipm_writer_segment(w), ipm_writer_segment(other) };
	ck_assert_int_eq(mib_serve(mib, segs, 2), 0);
	mib_request(mib, master_ns);
	expect_text("ipsecmonTunnelName.1", "here");
	expect_next("ipsecmonTunnelName.1", "ipsecmonTunnelChild.1");
	mib_serve(mib, NULL, 0);
	ipm_writer_close(other);
}
END_TEST

/* --- texts --------------------------------------------------------------- */

START_TEST(selectors_are_written_as_an_access_list_is)
{
	char text[ACL_TEXT_MAX];
	struct ipm_sel_side any = { .type = IPM_SEL_SUBNET, .port_last = 65535, .first = address("0.0.0.0") };
	struct ipm_sel_side net = {
		.type = IPM_SEL_SUBNET, .prefix = 24, .port_last = 65535, .first = address("10.1.2.0")
	};
	struct ipm_sel_side host = { .type = IPM_SEL_SINGLE, .port_last = 65535, .first = address("10.1.2.3") };
	struct ipm_sel_side range = { .type = IPM_SEL_RANGE,
				      .protocol = 17,
				      .port_first = 100,
				      .port_last = 200,
				      .first = address("10.1.2.3"),
				      .last = address("10.1.2.9") };
	struct ipm_sel_side six = {
		.type = IPM_SEL_SUBNET, .prefix = 64, .port_last = 65535, .first = address("2001:db8::")
	};
	struct ipm_sel_side gre = host;
	gre.protocol = 47;
	ck_assert_str_eq(acl_text(NULL, false, &any, &net, text), "permit ip any 10.1.2.0 0.0.0.255");
	ck_assert_str_eq(acl_text("115", true, &any, &host, text), "access-list 115 deny ip any host 10.1.2.3");
	ck_assert_str_eq(acl_text(NULL, false, &gre, &gre, text), "permit gre host 10.1.2.3 host 10.1.2.3");
	ck_assert_str_eq(acl_text(NULL, false, &range, &any, text),
			 "permit udp range 10.1.2.3 10.1.2.9 range 100 200 any");
	ck_assert_str_eq(acl_text(NULL, false, &six, &six, text), "permit ipv6 2001:db8::/64 2001:db8::/64");
	six.protocol = 58;
	ck_assert_str_eq(acl_text(NULL, false, &six, &(struct ipm_sel_side){ .port_last = 65535 }, text),
			 "permit icmp 2001:db8::/64 -");
	range = (struct ipm_sel_side){ .type = IPM_SEL_RANGE, .port_last = 65535, .first = address("0.0.0.0") };
	range.last = address("255.255.255.255");
	ck_assert_str_eq(acl_text(NULL, false, &range, &host, text), "permit ip any host 10.1.2.3");
	net.prefix = 32;
	net.protocol = 200;
	net.port_first = net.port_last = 80;
	ck_assert_str_eq(acl_text(NULL, false, &net, &any, text), "permit 200 host 10.1.2.0 eq 80 any");
}
END_TEST

START_TEST(a_tunnel_without_selectors_shows_what_is_configured)
{
	struct ipm_sel_side net = {
		.type = IPM_SEL_SUBNET, .prefix = 24, .port_last = 65535, .first = address("10.1.2.0")
	};
	struct ipm_access access[2] = { { .local = net, .remote = net }, { .deny = 1, .local = net, .remote = net } };
	uint32_t slot = given_map(w, "site", "net", 10);
	given_tunnel(w, "site", "net");
	mib_request(mib, master_ns);
	expect_no_instance("ipSecPolMapAceString.1");
	ck_assert_int_eq(ipm_map_permit(w, slot, access, 2), 0);
	mib_request(mib, master_ns);
	expect_text("ipSecPolMapAceString.1", "access-list net permit ip 10.1.2.0 0.0.0.255 10.1.2.0 0.0.0.255");
}
END_TEST

START_TEST(drops_have_a_row_for_each_reason_that_the_tunnels_feed_can_know)
{
	feed_knows(w, IPM_CAP_TUNNELS,
		   IPM_SA_DROPS(IPM_IN, IPM_DROPPED(REPLAY) | IPM_DROPPED(AUTH)) |
			   IPM_SA_DROPS(IPM_OUT, IPM_DROPPED(AUTH)) | IPM_GATEWAY_DROPS(IPM_IN, IPM_DROPPED_ANY));
	given_map(w, "site", "net", 10);
	given_tunnel(w, "site", "net");
	mib_request(mib, master_ns);
	expect_number("ipsecmonDropInPkts.1.1", 0);
	expect_next("ipsecmonDropInPkts.1.1", "ipsecmonDropInPkts.1.3");
	expect_next("ipsecmonDropInPkts.1.3", "ipsecmonDropOutPkts.1.3");
	expect_no_instance("ipsecmonDropOutPkts.1.1");
	expect_no_instance("ipsecmonDropInPkts.1.9");
	expect_number("ipsecmonTunnelInDrops.1", 0);
	expect_number("ipsecmonTunnelOutDrops.1", 0);
	feed_knows(w, IPM_CAP_TUNNELS, IPM_SA_DROPS(IPM_IN, IPM_DROPPED(AUTH)));
	mib_request(mib, master_ns);
	expect_no_instance("ipsecmonTunnelOutDrops.1");
}
END_TEST

/* --- many ---------------------------------------------------------------- */

#define MANY 10000

static uint64_t
cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

/* One map with @p n entries, every second one up. Return the cost of a request while walking @p column, in ns. */
static uint64_t
walk_of(uint32_t count, const char *column, uint32_t expected_rows)
{
	struct name at = name_of(column), found;
	struct mib_value value;
	size_t column_len = at.len;
	uint32_t rows = 0;
	mib_request(mib, master_ns);
	mib_next(mib, at.id, at.len, false, NULL, 0, found.id, &found.len, &value); /* rows are made */
	uint64_t began = cpu_ns();
	for (;;) {
		mib_request(mib, master_ns);
		if (mib_next(mib, at.id, at.len, false, NULL, 0, found.id, &found.len, &value) != MIB_OK ||
		    found.id[column_len - 1] != at.id[column_len - 1])
			break;
		ck_assert_int_lt(name_order(&at, &found), 0);
		at = found;
		rows++;
	}
	uint64_t took = cpu_ns() - began;
	ck_assert_msg(rows == expected_rows, "%s at %u: %u rows, expected %u", column, count, rows, expected_rows);
	return took / (rows ? rows : 1);
}

static void
given_many(uint32_t count)
{
	mib_serve(mib, NULL, 0);
	ipm_writer_close(w);
	capacity.maps = capacity.tunnels = count;
	w = given_segment();
	feed_knows(w, ALL_CAPS, UINT64_MAX);
	for (uint32_t i = 0; i < count; i++) {
		char name[IPM_NAME_MAX];
		snprintf(name, sizeof(name), "site-%05u", i / 2 * 7919 % 100000);
		given_map(w, name, i % 2 ? "b" : "a", 10 * (i % 2 + 1));
		if (i % 2)
			given_tunnel(w, name, "b");
	}
	serve(w);
}

/*
 * The cost of a request for one row is logarithmic in the number of rows. Bounds are wide, because a machine's speed
 * varies: a linear cost would be 100 times as much.
 */
START_TEST(a_walk_through_10000_entries_visits_each_once_and_a_row_costs_what_it_does_among_100)
{
	static const struct {
		const char *column;
		unsigned of; /* rows per this many entries; 0: 12 per entry */
	} columns[] = { { "ipsecmonTunnelName", 1 },         { "ipsecmonTunnelPhase2Index", 1 },
			{ "ipsecmonDropInPkts", 0 },         { "cipsStaticCryptomapDescr", 1 },
			{ "cipsStaticCryptomapSetSize", 2 }, { "ipSecPolMapCryptoMapName", 2 } };
	uint64_t few[MIB_COUNT(columns)];
	given_many(100);
	for (size_t i = 0; i < MIB_COUNT(columns); i++)
		few[i] = walk_of(100, columns[i].column, columns[i].of ? 100 / columns[i].of : 1200);
	given_many(MANY);
	for (size_t i = 0; i < MIB_COUNT(columns); i++) {
		uint64_t many = walk_of(MANY, columns[i].column, columns[i].of ? MANY / columns[i].of : 12 * MANY);
		printf("%s: %llu ns a row among 100, %llu among 10,000\n", columns[i].column,
		       (unsigned long long)few[i], (unsigned long long)many);
		ck_assert_msg(many < 10 * few[i] + 5000, "%s: %llu ns a row among 100, %llu among 10,000",
			      columns[i].column, (unsigned long long)few[i], (unsigned long long)many);
	}
}
END_TEST

/* A map with 10,000 entries: its row is not computed again for each request. */
START_TEST(a_map_of_10000_entries_is_one_row_and_costs_as_one)
{
	mib_serve(mib, NULL, 0);
	ipm_writer_close(w);
	capacity.maps = MANY;
	w = given_segment();
	for (uint32_t i = 0; i < MANY; i++) {
		char child[IPM_NAME_MAX];
		snprintf(child, sizeof(child), "%u", i);
		given_map(w, "all", child, i + 1);
	}
	serve(w);
	mib_request(mib, master_ns);
	expect_number("cipsStaticCryptomapSetSize.'all'", MANY);
	uint64_t began = cpu_ns();
	for (unsigned i = 0; i < 1000; i++) {
		mib_request(mib, master_ns);
		expect_number("cipsStaticCryptomapSetNumIsakmp.'all'", MANY);
	}
	uint64_t each = (cpu_ns() - began) / 1000;
	ck_assert_msg(each < 100000, "%llu ns for each request", (unsigned long long)each);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("views_map");
	TCase *tc = tests_of(suite, "nothing", given_tables);
	tcase_add_test(tc, without_a_segment_the_agents_own_is_served_and_nothing_else);
	tcase_add_test(tc, every_reason_has_its_number);
	tcase_add_test(tc, selectors_are_written_as_an_access_list_is);
	tc = tests_of(suite, "maps", given_a_served_segment);
	tcase_add_test(tc, a_gateway_without_anything_configured_says_so);
	tcase_add_test(tc, drops_have_a_row_for_each_reason_that_the_tunnels_feed_can_know);
	tcase_add_test(tc, maps_are_in_the_order_of_their_names_so_a_shorter_one_comes_first);
	tcase_add_test(tc, a_name_as_long_as_it_may_be_is_an_index_in_full);
	tcase_add_test(tc, a_set_changes_with_its_entries);
	tcase_add_test(tc, a_set_counts_the_sas_of_its_tunnels_as_they_come_and_go);
	tcase_add_test(tc, a_policy_shows_what_its_youngest_ike_sa_negotiated);
	tcase_add_test(tc, a_policy_whose_number_has_no_room_has_no_row_and_an_ike_sa_still_tells_it);
	tcase_add_test(tc, an_interface_is_listed_once_for_all_entries_of_a_map_that_use_it);
	tcase_add_test(tc, limits_beyond_the_published_range_are_its_ends);
	tcase_add_test(tc, a_group_that_is_not_known_is_other_and_one_that_is_not_there_is_none);
	tcase_add_test(tc, a_tunnel_keeps_its_row_and_its_counts_when_it_goes_down_and_comes_again);
	tcase_add_test(tc, how_many_are_up_is_told_at_once);
	tcase_add_test(tc, of_several_tunnels_the_one_that_came_up_last_is_shown);
	tcase_add_test(tc, a_tunnel_without_selectors_shows_what_is_configured);
	tcase_add_test(tc, engines_of_several_segments_have_one_row_of_numbers);
	tcase_add_test(tc, of_two_gateways_with_a_map_of_one_name_the_first_is_shown_and_ours_has_both);
	tcase_add_test(tc, rows_with_the_same_index_are_one_and_a_walk_ends);
	tcase_add_test(tc, a_walk_through_10000_entries_visits_each_once_and_a_row_costs_what_it_does_among_100);
	tcase_add_test(tc, a_map_of_10000_entries_is_one_row_and_costs_as_one);
	return run_in_scratch("check_views_map", suite);
}
