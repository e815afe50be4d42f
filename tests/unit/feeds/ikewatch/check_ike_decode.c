/* SPDX-License-Identifier: ISC */
/* The decoder of IKE messages, and their frames. */

#include "ike_message_fixture.h"

#define DLT_RAW_IP 101

static enum ike_fault
decoded(const struct octets *o, struct ike_message *m)
{
	/* Allocate exactly the message's length, so that the address sanitizer detects a read beyond it. */
	uint8_t *copy = malloc(o->len ? o->len : 1);
	memcpy(copy, o->at, o->len);
	enum ike_fault fault = ike_decode(copy, o->len, o->len, m);
	free(copy);
	return fault;
}

/* --- the decoder --------------------------------------------------------- */

START_TEST(the_header_is_what_it_says)
{
	struct octets o = message(2, IKE_V2_CREATE_CHILD_SA, 0x28, 0x0102030405060708, 0x1112131415161718, 0xa0b0c0d0);
	struct ike_message m;
	blank(&o, 46, 60, 7);
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_NONE);
	ck_assert_uint_eq(m.spi_initiator, 0x0102030405060708);
	ck_assert_uint_eq(m.spi_responder, 0x1112131415161718);
	ck_assert_uint_eq(m.major, 2);
	ck_assert_uint_eq(m.exchange, IKE_V2_CREATE_CHILD_SA);
	ck_assert_uint_eq(m.message_id, 0xa0b0c0d0);
	ck_assert_uint_eq(m.length, 28 + 64);
	ck_assert(m.response && m.by_initiator && m.encrypted && !m.truncated);
}
END_TEST

START_TEST(of_ikev1_the_suite_the_authentication_and_the_lifetime_are_read)
{
	struct octets o = message(1, IKE_V1_MAIN, 0, 1, 0, 0);
	struct ike_message m;
	payload(&o, 1, v1_sa, sizeof(v1_sa));
	blank(&o, 13, 16, 1);
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_NONE);
	ck_assert_uint_eq(m.payloads, IKE_HAS_SA | IKE_HAS_VENDOR);
	ck_assert_uint_eq(m.proposals, 1);
	ck_assert_uint_eq(m.proposal.encr, 12);
	ck_assert_uint_eq(m.proposal.encr_bits, 256);
	ck_assert_uint_eq(m.proposal.prf, 5);
	ck_assert_uint_eq(m.proposal.integ, 12);
	ck_assert_uint_eq(m.proposal.group, 14);
	ck_assert_uint_eq(m.auth, IPM_AUTH_RSA);
	ck_assert_uint_eq(m.life_seconds, 3600);
}
END_TEST

START_TEST(of_ikev2_the_first_suite_is_read_and_all_are_counted)
{
	struct octets o = message(2, IKE_V2_SA_INIT, 0x08, 1, 0, 0);
	struct ike_message m;
	payload(&o, 33, v2_sa, sizeof(v2_sa));
	blank(&o, 34, 100, 1);
	blank(&o, 40, 32, 2);
	for (unsigned i = 0; i < 20; i++)
		notify(&o, 2, 16388 + i);
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_NONE);
	ck_assert_uint_eq(m.payloads, IKE_HAS_SA | IKE_HAS_KE | IKE_HAS_NONCE | IKE_HAS_NOTIFY);
	ck_assert_uint_eq(m.proposals, 2);
	ck_assert_uint_eq(m.proposal.encr, 20);
	ck_assert_uint_eq(m.proposal.encr_bits, 256);
	ck_assert_uint_eq(m.proposal.prf, 6);
	ck_assert_uint_eq(m.proposal.integ, 0);
	ck_assert_uint_eq(m.proposal.group, 20);
	ck_assert_uint_eq(m.notifies, 20);
	ck_assert(ike_has_notify(&m, 16388) && ike_has_notify(&m, 16388 + 15) && !ike_has_notify(&m, 16388 + 16));
}
END_TEST

START_TEST(identities_in_the_clear_are_text)
{
	static const struct {
		uint8_t type;
		const char *body;
		size_t len;
		const char *text;
	} ids[] = { { 1, "\xc0\x00\x02\x07", 4, "192.0.2.7" },
		    { 2, "gw.example", 10, "gw.example" },
		    { 3, "me@gw\n\x80", 7, "me@gw??" },
		    { 5, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16, "2001:db8::1" },
		    { 1, "\xc0\x00\x02", 3, "" },
		    { 9, "\x30\x00", 2, "" } };
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct octets o = message(1, IKE_V1_AGGRESSIVE, 0, 1, 0, 0);
		struct ike_message m;
		uint8_t body[64] = { ids[i].type, 17, 1, 0xf4 };
		memcpy(body + 4, ids[i].body, ids[i].len);
		payload(&o, 5, body, ids[i].len + 4);
		ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_NONE);
		ck_assert_str_eq(m.id, ids[i].text);
	}
}
END_TEST

START_TEST(what_is_encrypted_is_not_looked_at)
{
	struct octets o = message(1, IKE_V1_QUICK, 1, 1, 2, 3);
	struct ike_message m;
	blank(&o, 8, 40, 0xff);
	o.at[30] = 0; /* would be the length of a payload */
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_NONE);
	ck_assert(m.encrypted);
	ck_assert_uint_eq(m.payloads, 0);
}
END_TEST

START_TEST(fragments_know_their_place)
{
	struct octets o = message(2, IKE_V2_AUTH, 0x08, 1, 2, 1);
	struct ike_message m;
	uint8_t body[64] = { 0, 2, 0, 5 };
	payload(&o, 53, body, sizeof(body));
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_NONE);
	ck_assert(m.encrypted);
	ck_assert_uint_eq(m.fragment, 2);
	ck_assert_uint_eq(m.fragments, 5);

	uint8_t one[64] = { 0, 1, 3, 0 }; /* IKEv1: only the last one is marked as last */
	o = message(1, IKE_V1_MAIN, 0, 1, 2, 0);
	payload(&o, 132, one, sizeof(one));
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_NONE);
	ck_assert_uint_eq(m.fragment, 3);
	ck_assert_uint_eq(m.fragments, 0);
	o.at[28 + 7] = 1;
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_NONE);
	ck_assert_uint_eq(m.fragments, 3);
}
END_TEST

START_TEST(deletes_of_phase_2_are_counted_and_no_others)
{
	struct octets o = message(1, IKE_V1_INFORMATIONAL, 0, 1, 2, 3);
	struct ike_message m;
	const uint8_t esp[] = { 0, 0, 0, 1, 3, 4, 0, 2, 1, 1, 1, 1, 2, 2, 2, 2 };
	const uint8_t ike[] = { 0, 0, 0, 1, 1, 16, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	payload(&o, 12, esp, sizeof(esp));
	payload(&o, 12, ike, sizeof(ike));
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_NONE);
	ck_assert_uint_eq(m.deletes, 2);
}
END_TEST

START_TEST(what_is_malformed_has_a_reason_and_keeps_its_header)
{
	struct ike_message m;
	struct octets good = message(2, IKE_V2_SA_INIT, 0x08, 7, 0, 0), o;
	payload(&good, 33, v2_sa, sizeof(v2_sa));
	notify(&good, 2, 16388);
	ck_assert_int_eq(decoded(&good, &m), IKE_FAULT_NONE);

	o = good;
	o.len = 27;
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_SHORT);
	o = good;
	o.at[17] = 0x30;
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_VERSION);
	o = good;
	o.at[27]++;
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_LENGTH);
	ck_assert_uint_eq(m.spi_initiator, 7);
	o = good;
	memset(o.at + 24, 0, 4);
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_LENGTH);
	o = good;
	memset(o.at, 0, 8);
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_SPI);
	o = good;
	o.at[30] = 0xff; /* the SA payload's length */
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_PAYLOAD);
	o.at[30] = 0, o.at[31] = 3;
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_PAYLOAD);
	o = good;
	o.at[32 + 3] = 200; /* the proposal's */
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_SA);
	o = good;
	o.at[32 + 7] = 9; /* more transforms than follow */
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_SA);
	o = good;
	o.at[32 + 11] = 7; /* a transform shorter than its header */
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_SA);
	o = good;
	o.at[good.len - 3] = 1; /* an SPI that is not there */
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_NOTIFY);
	o = good;
	o.at[16] = 46; /* encrypted, but not the last payload */
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_CHAIN);
	o = message(2, IKE_V2_AUTH, 0x08, 1, 2, 1);
	payload(&o, 53, (const uint8_t[]){ 0, 3, 0, 2 }, 4);
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_FRAGMENT);
	o = message(1, IKE_V1_INFORMATIONAL, 0, 1, 2, 3);
	payload(&o, 12, (const uint8_t[]){ 0, 0, 0, 1, 3, 4, 0, 2, 1, 1, 1, 1 }, 12);
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_DELETE);
	for (int fault = IKE_FAULT_NONE; fault <= IKE_FAULT_FRAGMENT; fault++)
		ck_assert_ptr_nonnull(ike_fault_text(fault));
}
END_TEST

START_TEST(of_a_message_that_was_captured_in_part_the_front_is_read)
{
	struct octets o = message(2, IKE_V2_SA_INIT, 0x08, 7, 0, 0);
	struct ike_message m;
	payload(&o, 33, v2_sa, sizeof(v2_sa));
	blank(&o, 34, 1000, 1);
	for (size_t size = IKE_HEADER_LEN; size < o.len; size++) {
		uint8_t *copy = malloc(size);
		memcpy(copy, o.at, size);
		ck_assert_int_eq(ike_decode(copy, size, o.len, &m), IKE_FAULT_NONE);
		ck_assert(m.truncated);
		ck_assert_int_eq((m.payloads & IKE_HAS_SA) != 0, size >= 32);
		ck_assert_uint_eq(m.proposals, size >= 32 + sizeof(v2_sa) ? 2 : size >= 32 + 36 ? 1 : 0);
		free(copy);
	}
}
END_TEST

START_TEST(what_follows_the_message_in_its_datagram_is_nobodys)
{
	struct octets o = message(2, IKE_V2_INFORMATIONAL, 0x08, 1, 2, 3);
	struct ike_message m;
	blank(&o, 46, 40, 1);
	fill(&o, 0xee, 9);
	ck_assert_int_eq(decoded(&o, &m), IKE_FAULT_NONE);
	ck_assert_uint_eq(m.length, 28 + 44);
}
END_TEST

/* --- frames -------------------------------------------------------------- */

static enum ike_packet_kind
dissected(int link, const struct octets *o, struct ike_packet *p)
{
	static uint8_t *copy; /* the packet points into this */
	free(copy);
	copy = malloc(o->len ? o->len : 1);
	memcpy(copy, o->at, o->len);
	return ike_packet(link, copy, o->len, p);
}

START_TEST(a_message_is_found_under_every_link_layer)
{
	static const struct path paths[] = {
		{ DLT_ETHERNET, .sport = 500, .dport = 500 },
		{ DLT_ETHERNET, .sport = 500, .dport = 500, .vlans = 2, .options = 3 },
		{ DLT_ETHERNET, .v6 = true, .sport = 4500, .dport = 4500, .out = true },
		{ DLT_RAW_IP, .sport = 500, .dport = 500, .out = true },
		{ DLT_RAW_IP, .sport = 31000, .dport = 4500, .v6 = true, .options = 3 },
		{ DLT_SLL, .sport = 500, .dport = 1024, .options = 10 },
		{ DLT_SLL, .sport = 4500, .dport = 4500, .out = true },
		{ DLT_SLL2, .sport = 500, .dport = 500, .ifindex = 7, .v6 = true },
		{ DLT_SLL2, .sport = 4500, .dport = 61000, .out = true, .ifindex = 70000 },
	};
	struct octets msg = message(2, IKE_V2_INFORMATIONAL, 0x08, 1, 2, 3);
	blank(&msg, 46, 30, 9);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct octets o = frame(&paths[i], &msg);
		struct ike_packet p;
		fill(&o, 0, 10); /* a short frame is padded */
		ck_assert_int_eq(dissected(paths[i].link, &o, &p), IKE_PACKET_IKE);
		ck_assert_uint_eq(p.sport, paths[i].sport);
		ck_assert_uint_eq(p.dport, paths[i].dport);
		ck_assert_uint_eq(p.size, msg.len);
		ck_assert_uint_eq(p.sent, msg.len);
		ck_assert_mem_eq(p.message, msg.at, msg.len);
		ck_assert_uint_eq(p.src.len, paths[i].v6 ? 16 : 4);
		ck_assert_uint_eq(p.src.bytes[p.src.len - 1], paths[i].out ? 1 : 2);
		ck_assert_uint_eq(p.ifindex, paths[i].ifindex);
		if (paths[i].link == DLT_SLL || paths[i].link == DLT_SLL2)
			ck_assert_int_eq(p.way, paths[i].out ? IKE_WAY_FROM_US : IKE_WAY_TO_US);
		else
			ck_assert_int_eq(p.way, IKE_WAY_UNKNOWN);
	}
}
END_TEST

START_TEST(what_is_no_ike_is_told_apart)
{
	struct octets msg = message(2, IKE_V2_INFORMATIONAL, 0x08, 1, 2, 3), o;
	struct ike_packet p;

	o = frame(&(struct path){ DLT_ETHERNET, .sport = 53, .dport = 53 }, &msg);
	ck_assert_int_eq(dissected(DLT_ETHERNET, &o, &p), IKE_PACKET_OTHER);
	o = frame(&(struct path){ DLT_ETHERNET, .sport = 4500, .dport = 4500 }, &msg);
	o.at[14 + 20 + 8] = 1; /* an SPI of ESP in place of the marker */
	ck_assert_int_eq(dissected(DLT_ETHERNET, &o, &p), IKE_PACKET_OTHER);
	o.len = 14 + 20 + 8 + 1; /* a keep-alive */
	o.at[14 + 3] = 29;
	o.at[14 + 20 + 5] = 9;
	ck_assert_int_eq(dissected(DLT_ETHERNET, &o, &p), IKE_PACKET_OTHER);
	o = frame(&(struct path){ DLT_ETHERNET, .sport = 500, .dport = 500 }, &msg);
	o.at[14 + 9] = 6;
	ck_assert_int_eq(dissected(DLT_ETHERNET, &o, &p), IKE_PACKET_OTHER);
	o.at[12] = 0x08, o.at[13] = 0x06;
	ck_assert_int_eq(dissected(DLT_ETHERNET, &o, &p), IKE_PACKET_OTHER);
	o = frame(&(struct path){ DLT_ETHERNET, .sport = 500, .dport = 500, .fragment = 0x00b9 }, &msg);
	ck_assert_int_eq(dissected(DLT_ETHERNET, &o, &p), IKE_PACKET_FRAGMENT);
	ck_assert_int_eq(dissected(42, &o, &p), IKE_PACKET_LINK);
}
END_TEST

START_TEST(the_first_fragment_counts_for_all_of_the_message)
{
	struct octets msg = message(1, IKE_V1_MAIN, 1, 1, 2, 0);
	struct ike_packet p;
	fill(&msg, 1, 1000);
	struct octets o =
		frame(&(struct path){ DLT_ETHERNET, .sport = 4500, .dport = 4500, .fragment = 0x2000, .udp_more = 500 },
		      &msg);
	ck_assert_int_eq(dissected(DLT_ETHERNET, &o, &p), IKE_PACKET_IKE);
	ck_assert_uint_eq(p.size, msg.len);
	ck_assert_uint_eq(p.sent, msg.len + 500);
}
END_TEST

START_TEST(headers_that_do_not_fit_are_no_packet)
{
	struct octets msg = message(2, IKE_V2_INFORMATIONAL, 0x08, 1, 2, 3);
	static const struct path paths[] = {
		{ DLT_ETHERNET, .sport = 500, .dport = 500, .options = 2 },
		{ DLT_SLL, .sport = 500, .dport = 500 },
		{ DLT_SLL2, .sport = 4500, .dport = 4500, .v6 = true, .options = 2 },
		{ DLT_RAW_IP, .sport = 4500, .dport = 500 },
	};
	struct ike_packet p;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct octets whole = frame(&paths[i], &msg);
		for (size_t len = 0; len < whole.len - msg.len; len++) {
			struct octets o = whole;
			o.len = len;
			enum ike_packet_kind kind = dissected(paths[i].link, &o, &p);
			ck_assert_msg(kind != IKE_PACKET_IKE, "path %zu, %zu octets: %d", i, len, kind);
		}
	}
	/* A length beyond the IP packet, which is no fragment. */
	struct octets o = frame(&(struct path){ DLT_ETHERNET, .sport = 500, .dport = 500, .udp_more = 1 }, &msg);
	ck_assert_int_eq(dissected(DLT_ETHERNET, &o, &p), IKE_PACKET_BROKEN);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ike_decode");
	TCase *tc = tcase_create("decoder");
	tcase_add_test(tc, the_header_is_what_it_says);
	tcase_add_test(tc, of_ikev1_the_suite_the_authentication_and_the_lifetime_are_read);
	tcase_add_test(tc, of_ikev2_the_first_suite_is_read_and_all_are_counted);
	tcase_add_test(tc, identities_in_the_clear_are_text);
	tcase_add_test(tc, what_is_encrypted_is_not_looked_at);
	tcase_add_test(tc, fragments_know_their_place);
	tcase_add_test(tc, deletes_of_phase_2_are_counted_and_no_others);
	tcase_add_test(tc, what_is_malformed_has_a_reason_and_keeps_its_header);
	tcase_add_test(tc, of_a_message_that_was_captured_in_part_the_front_is_read);
	tcase_add_test(tc, what_follows_the_message_in_its_datagram_is_nobodys);
	suite_add_tcase(suite, tc);
	tc = tcase_create("frames");
	tcase_add_test(tc, a_message_is_found_under_every_link_layer);
	tcase_add_test(tc, what_is_no_ike_is_told_apart);
	tcase_add_test(tc, the_first_fragment_counts_for_all_of_the_message);
	tcase_add_test(tc, headers_that_do_not_fit_are_no_packet);
	suite_add_tcase(suite, tc);
	return run_in_scratch("check_ike_decode", suite);
}
