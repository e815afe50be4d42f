/* SPDX-License-Identifier: ISC */
/* Rows that come and go, and peers by their identities. */

#include "mib_segments.h"

/* --- rows that come and go ----------------------------------------------- */

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
	capacity.tunnels = capacity.selectors = capacity.sas = 2; /* so slots are reused at once */
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

/* --- peers, by their identities ------------------------------------------ */

static uint32_t
given_peer(const char *local_id, const char *remote_id)
{
	struct ipm_ike_sa sa = { .state = IPM_IKE_ESTABLISHED, .version = 2 };
	snprintf(sa.local_id, sizeof(sa.local_id), "%s", local_id);
	snprintf(sa.remote_id, sizeof(sa.remote_id), "%s", remote_id);
	return ok(ipm_ike_start(w, &sa));
}

/* The cell in the row of two identities, each with its type; then the rest of the index. */
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
	given_peer("peer", "gw"); /* the other way round is another peer */
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
	other[54] = 'b'; /* the first octet that is ignored */
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
	/* The longest name fits: RFC 3416 allows 128 sub-identifiers. */
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
	serve(w); /* rows built without it: only a change of the IKE SA brings it back */
	mib_request(mib, master_ns);
	expect_no_instance(peer_cell(corr, 2, "gw", 2, "peer", "2.3"));
	sa.held = 0;
	ipm_ike_put(w, other, &sa);
	expect_row_soon(peer_cell(corr, 2, "gw", 2, "peer", "2.3"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("views_rows");
	TCase *tc = tests_of(suite, "rows", given_a_served_segment);
	tcase_add_test(tc, a_tunnel_that_goes_while_a_request_is_answered_has_no_instance_and_the_next_row_follows);
	tcase_add_test(tc, a_slot_that_was_given_to_another_row_while_a_request_is_answered_is_not_confused);
	tcase_add_test(tc, rows_neither_come_nor_go_while_a_request_is_answered);
	tcase_add_test(tc, all_columns_of_a_row_agree_within_a_request_whatever_the_writer_does);
	tcase_add_test(tc, columns_of_many_rows_agree_when_they_are_asked_for_column_by_column);
	tcase_add_test(tc, a_request_may_ask_for_every_row_there_is);
	tcase_add_test(tc, a_held_tunnel_has_no_rows_nor_have_its_selectors_and_sas_and_all_come_back);
	tcase_add_test(tc, an_ike_sa_has_a_row_while_it_is_established_and_not_held);
	tcase_add_test(tc, a_tunnel_tells_whether_the_ike_sa_that_made_it_is_alive);
	tc = tests_of(suite, "peers", given_a_served_segment);
	tcase_add_test(tc, peers_are_in_the_order_of_their_names_so_a_shorter_identity_comes_first);
	tcase_add_test(tc, ike_sas_between_the_same_identities_are_numbered_and_a_number_is_used_again);
	tcase_add_test(tc, of_an_identity_54_octets_are_part_of_the_index_and_all_of_them_are_told);
	tcase_add_test(tc, the_tunnels_of_a_peer_are_listed_until_either_goes_or_is_held);
	return run_in_scratch("check_views_rows", suite);
}
