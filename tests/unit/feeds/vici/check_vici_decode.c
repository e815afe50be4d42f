/* SPDX-License-Identifier: ISC */
/* SAs, connections, values, and recorded messages of charon 5.9.8. */

#include "vici_message_fixture.h"

/* A message that a real charon sent (see fuzz/fuzz_vici.c for the first octet of the file). */
static struct msg *
real(const char *name)
{
	static struct msg m;
	const char *srcdir = getenv("srcdir");
	const char *const places[] = { "tests/fuzz/corpus-vici", "fuzz/corpus-vici" };
	FILE *file = NULL;
	char path[512];
	for (size_t i = 0; i < COUNT(places) && file == NULL; i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", srcdir != NULL ? srcdir : ".", places[i], name);
		file = fopen(path, "rb");
	}
	ck_assert_msg(file != NULL, "no corpus file %s", name);
	fgetc(file);
	m.len = fread(m.buf, 1, sizeof(m.buf), file);
	fclose(file);
	return &m;
}

static void
decode(enum vici_form form, const struct msg *m)
{
	int rc = decode_bytes(form, m->buf, m->len);
	ck_assert_msg(rc == 0, "%s", seen.error);
}

static void
decode_text(enum vici_form form, const char *text)
{
	decode(form, message(text));
}

static void
expect_addr(const struct ipm_addr *addr, const char *expected)
{
	char text[64] = "";
	size_t len = 0;
	for (unsigned int i = 0; i < addr->len; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, addr->len == 4 ? "%s%d" : "%s%02x",
					addr->len == 4 && i > 0 ? "." : "", addr->bytes[i]);
	ck_assert_str_eq(text, expected);
}

/* --- SAs ----------------------------------------------------------------- */

START_TEST(an_ike_sa_has_what_charon_says_of_it)
{
	decode_text(VICI_FORM_SA,
		    "lab { uniqueid=7 version=2 state=ESTABLISHED local-host=10.9.0.1 local-port=4500 local-id=a.lab "
		    "remote-host=fd09::2 remote-port=500 remote-id='C=CH, CN=b' initiator=yes "
		    "initiator-spi=a0e3a60a34174a65 responder-spi=000000000000000F nat-remote=yes nat-any=yes "
		    "encr-alg=AES_CBC encr-keysize=256 integ-alg=HMAC_SHA2_256_128 integ-keysize=256 "
		    "prf-alg=PRF_HMAC_SHA2_256 dh-group=MODP_2048 established=12 rekey-time=-3 "
		    "tasks-active=<CHILD_CREATE> child-sas { } }");
	const struct vici_ike *ike = &seen.ike[0];
	ck_assert_str_eq(seen.calls, "ike lab; ");
	ck_assert_uint_eq(ike->uniqueid, 7);
	ck_assert_uint_eq(ike->version, 2);
	ck_assert_int_eq(ike->state, VICI_IKE_ESTABLISHED);
	expect_addr(&ike->local_host, "10.9.0.1");
	expect_addr(&ike->remote_host, "fd090000000000000000000000000002");
	ck_assert_uint_eq(ike->local_port, 4500);
	ck_assert_uint_eq(ike->remote_port, 500);
	ck_assert_str_eq(ike->local_id, "a.lab");
	ck_assert_str_eq(ike->remote_id, "C=CH, CN=b");
	ck_assert(ike->initiator && ike->nat_remote && !ike->nat_local);
	ck_assert_uint_eq(ike->spi_initiator, 0xa0e3a60a34174a65u);
	ck_assert_uint_eq(ike->spi_responder, 15);
	ck_assert_uint_eq(ike->proposal.encr, 12);
	ck_assert_uint_eq(ike->proposal.encr_bits, 256);
	ck_assert_uint_eq(ike->proposal.integ, 12);
	ck_assert_uint_eq(ike->proposal.integ_bits, 256);
	ck_assert_uint_eq(ike->proposal.prf, 5);
	ck_assert_uint_eq(ike->proposal.group, 14);
	ck_assert_int_eq(ike->established, 12);
	ck_assert_int_eq(ike->rekey_time, -3);
	ck_assert_int_eq(ike->reauth_time, VICI_UNSET);
	ck_assert_uint_eq(seen.sink.bad_values, 0);
}
END_TEST

START_TEST(a_child_sa_has_what_charon_says_of_it)
{
	decode_text(VICI_FORM_SA,
		    "lab { child-sas { net-5 { name=net uniqueid=5 reqid=3 state=INSTALLED mode=TUNNEL protocol=ESP "
		    "encap=yes spi-in=c72e729d spi-out=443b9e39 cpi-in=1a2b cpi-out=00ff mark-in=0000002a "
		    "mark-mask-in=000000ff mark-out=0000002b if-id-in=00000010 if-id-out=00000011 encr-alg=AES_GCM_16 "
		    "encr-keysize=128 dh-group=CURVE_25519 esn=1 bytes-in=420 packets-in=5 use-in=0 bytes-out=840 "
		    "packets-out=10 rekey-time=3509 life-time=3957 install-time=3 "
		    "local-ts=<10.1.0.0/24 fd01::/64[udp/53]> remote-ts=<10.2.0.1/32[tcp/80]> } } }");
	const struct vici_child *child = &seen.child[0];
	ck_assert_str_eq(seen.calls, "ike lab; child net; ");
	ck_assert_uint_eq(child->uniqueid, 5);
	ck_assert_uint_eq(child->reqid, 3);
	ck_assert_int_eq(child->state, VICI_CHILD_INSTALLED);
	ck_assert_uint_eq(child->encap, IPM_ENCAP_TUNNEL);
	ck_assert_uint_eq(child->protocol, 50);
	ck_assert(child->udp_encap);
	ck_assert_uint_eq(child->spi_in, 0xc72e729d);
	ck_assert_uint_eq(child->spi_out, 0x443b9e39);
	ck_assert_uint_eq(child->cpi_in, 0x1a2b);
	ck_assert_uint_eq(child->cpi_out, 0xff);
	ck_assert_uint_eq(child->mark_in, 42);
	ck_assert_uint_eq(child->mark_out, 43);
	ck_assert_uint_eq(child->if_id_in, 16);
	ck_assert_uint_eq(child->if_id_out, 17);
	ck_assert_uint_eq(child->proposal.encr, 20);
	ck_assert_uint_eq(child->proposal.encr_bits, 128);
	ck_assert_uint_eq(child->proposal.integ, 0);
	ck_assert_uint_eq(child->proposal.group, 31);
	ck_assert_uint_eq(child->proposal.esn, 1);
	ck_assert(child->has_counts);
	ck_assert_uint_eq(child->bytes_in, 420);
	ck_assert_uint_eq(child->packets_in, 5);
	ck_assert_uint_eq(child->bytes_out, 840);
	ck_assert_uint_eq(child->packets_out, 10);
	ck_assert_int_eq(child->rekey_time, 3509);
	ck_assert_int_eq(child->life_time, 3957);
	ck_assert_int_eq(child->install_time, 3);
	ck_assert_uint_eq(child->local_count, 2);
	ck_assert_uint_eq(child->remote_count, 1);
	expect_addr(&child->local_ts[0].last, "10.1.0.255");
	ck_assert_uint_eq(child->local_ts[1].port_first, 53);
	ck_assert_uint_eq(child->remote_ts[0].type, IPM_SEL_SINGLE);
	ck_assert_uint_eq(seen.sink.bad_values, 0);
}
END_TEST

START_TEST(what_a_message_does_not_say_is_not_known)
{
	decode_text(VICI_FORM_SA, "lab { child-sas { net-5 { } } }");
	const struct vici_child *child = &seen.child[0];
	ck_assert_str_eq(seen.calls, "ike lab; child net-5; ");
	ck_assert_uint_eq(seen.ike[0].version, 0);
	ck_assert_uint_eq(seen.ike[0].local_host.len, 0);
	ck_assert_int_eq(seen.ike[0].established, VICI_UNSET);
	ck_assert_int_eq(child->state, VICI_CHILD_UNKNOWN);
	ck_assert_uint_eq(child->protocol, 0);
	ck_assert_uint_eq(child->encap, 0);
	ck_assert(!child->has_counts);
	ck_assert_uint_eq(child->bytes_in, 0);
	ck_assert_int_eq(child->install_time, VICI_UNSET);
	ck_assert_uint_eq(child->local_count, 0);
}
END_TEST

START_TEST(the_ike_sa_is_complete_before_its_children_wherever_its_keys_stand)
{
	decode_text(VICI_FORM_SA, "lab { child-sas { a-1 { name=a } b-2 { name=b } } uniqueid=9 }");
	ck_assert_str_eq(seen.calls, "ike lab; child a; child b; ");
	ck_assert_uint_eq(seen.ike[0].uniqueid, 9);
}
END_TEST

START_TEST(up_is_known_in_the_callback_wherever_it_stands)
{
	decode_text(VICI_FORM_SA, "up=yes lab { }");
	ck_assert(seen.up_in_callback);
	decode_text(VICI_FORM_SA, "lab { } up=yes");
	ck_assert(seen.up_in_callback);
	decode_text(VICI_FORM_SA, "lab { up=yes }");
	ck_assert(!seen.up_in_callback && !seen.sink.up);
}
END_TEST

START_TEST(an_ike_rekey_has_an_old_and_a_new_ike_sa)
{
	decode_text(VICI_FORM_SA, "lab { old { uniqueid=1 } new { uniqueid=2 } }");
	ck_assert_str_eq(seen.calls, "old ike lab; new ike lab; ");
	ck_assert_uint_eq(seen.ike[0].uniqueid, 1);
	ck_assert_uint_eq(seen.ike[1].uniqueid, 2);
}
END_TEST

START_TEST(a_child_rekey_has_an_old_and_a_new_child_of_one_ike_sa)
{
	decode_text(VICI_FORM_SA, "lab { uniqueid=1 child-sas { net { old { name=net uniqueid=5 local-ts=<::/0> } "
				  "new { name=net uniqueid=6 } } } }");
	ck_assert_str_eq(seen.calls, "ike lab; old child net; new child net; ");
	ck_assert_uint_eq(seen.child[0].uniqueid, 5);
	ck_assert_uint_eq(seen.child[0].local_count, 1);
	ck_assert_uint_eq(seen.child[1].uniqueid, 6);
	ck_assert_uint_eq(seen.child[1].local_count, 0);
}
END_TEST

START_TEST(connections_and_children_may_be_called_old_and_new)
{
	decode_text(VICI_FORM_SA, "old { child-sas { new-1 { name=new } old-2 { name=old } } }");
	ck_assert_str_eq(seen.calls, "ike old; child new; child old; ");
	decode_text(VICI_FORM_SA, "new { child-sas { old { old { name=old } new { name=old } } } }");
	ck_assert_str_eq(seen.calls, "ike new; old child old; new child old; ");
}
END_TEST

START_TEST(an_ike_update_gives_the_hosts_that_the_ike_sa_moves_to)
{
	decode_text(VICI_FORM_SA,
		    "local-host=10.9.0.3 local-port=4500 remote-host=fd09::2 remote-port=4501 "
		    "lab { uniqueid=1 local-host=10.9.0.1 local-port=500 remote-host=10.9.0.2 remote-port=500 }");
	expect_addr(&seen.ike[0].local_host, "10.9.0.3");
	expect_addr(&seen.ike[0].remote_host, "fd090000000000000000000000000002");
	ck_assert_uint_eq(seen.ike[0].local_port, 4500);
	ck_assert_uint_eq(seen.ike[0].remote_port, 4501);
}
END_TEST

START_TEST(an_alert_has_its_type_and_may_have_an_ike_sa)
{
	decode_text(VICI_FORM_SA, "type=peer-auth-failed ike-sa { lab { uniqueid=3 } }");
	ck_assert_str_eq(seen.sink.alert, "peer-auth-failed");
	ck_assert_str_eq(seen.calls, "ike lab; ");
	decode_text(VICI_FORM_SA, "type=invalid-ike-spi");
	ck_assert_str_eq(seen.sink.alert, "invalid-ike-spi");
	ck_assert_str_eq(seen.calls, "");
	decode_text(VICI_FORM_SA, "ike-sa { uniqueid=3 }"); /* a connection of this name */
	ck_assert_str_eq(seen.calls, "ike ike-sa; ");
}
END_TEST

START_TEST(unknown_keys_lists_and_sections_are_skipped_anywhere)
{
	decode_text(VICI_FORM_SA,
		    "what=ever l=<a b> lab { what=ever l=<a> s { uniqueid=99 s { } } uniqueid=1 child-sas { "
		    "what=ever l=<a> net-1 { what=ever l=<a> s { name=no } name=net ''=1 } } s { } } more=1");
	ck_assert_str_eq(seen.calls, "ike lab; child net; ");
	ck_assert_uint_eq(seen.ike[0].uniqueid, 1);
	ck_assert_uint_eq(seen.sink.bad_values, 0);
}
END_TEST

START_TEST(of_a_key_that_is_there_twice_the_last_good_value_counts)
{
	decode_text(VICI_FORM_SA,
		    "lab { uniqueid=1 uniqueid=2 uniqueid=x child-sas { net-1 { local-ts=<10.0.0.0/8 ::/0> "
		    "local-ts=<10.1.0.0/16> } } }");
	ck_assert_uint_eq(seen.ike[0].uniqueid, 2);
	ck_assert_uint_eq(seen.child[0].local_count, 1);
	ck_assert_uint_eq(seen.child[0].local_ts[0].prefix, 16);
	ck_assert_uint_eq(seen.sink.bad_values, 1);
}
END_TEST

static const char *const bad_values[] = {
	"uniqueid=''",
	"uniqueid=-1",
	"uniqueid=+1",
	"uniqueid='1 '",
	"uniqueid=0x1",
	"uniqueid=4294967296",
	"uniqueid=99999999999999999999999999",
	"local-port=65536",
	"version=3",
	"state=established",
	"initiator=maybe",
	"local-host=10.9.0",
	"local-host=10.9.0.1[4500]",
	"local-host=fd09::1::2",
	"initiator-spi=10000000000000000",
	"initiator-spi=g",
	"established=9223372036854775808",
	"established=--1",
	"established=-",
	"established=1s",
};

START_TEST(a_bad_value_is_counted_and_leaves_its_field_unknown)
{
	char text[128];
	snprintf(text, sizeof(text), "lab { %s }", bad_values[_i]);
	decode_text(VICI_FORM_SA, "lab { }");
	struct vici_ike unknown = seen.ike[0];
	decode_text(VICI_FORM_SA, text);
	ck_assert_uint_eq(seen.sink.bad_values, 1);
	ck_assert_mem_eq(&seen.ike[0], &unknown, sizeof(unknown));
}
END_TEST

START_TEST(numbers_reach_to_the_ends_of_their_fields)
{
	decode_text(VICI_FORM_SA, "lab { uniqueid=4294967295 local-port=65535 initiator-spi=ffffffffffffffff "
				  "established=9223372036854775807 rekey-time=-9223372036854775807 }");
	ck_assert_uint_eq(seen.sink.bad_values, 0);
	ck_assert_uint_eq(seen.ike[0].uniqueid, UINT32_MAX);
	ck_assert_uint_eq(seen.ike[0].local_port, UINT16_MAX);
	ck_assert_uint_eq(seen.ike[0].spi_initiator, UINT64_MAX);
	ck_assert_int_eq(seen.ike[0].established, INT64_MAX);
	ck_assert_int_eq(seen.ike[0].rekey_time, INT64_MIN + 1);
}
END_TEST

START_TEST(counts_are_known_only_when_all_four_are)
{
	decode_text(VICI_FORM_SA, "lab { child-sas { a { bytes-in=1 packets-in=1 bytes-out=1 } "
				  "b { bytes-in=1 packets-in=1 bytes-out=1 packets-out=x } "
				  "c { bytes-in=0 packets-in=0 bytes-out=0 packets-out=0 } } }");
	ck_assert(!seen.child[0].has_counts && !seen.child[1].has_counts && seen.child[2].has_counts);
	ck_assert_uint_eq(seen.child[1].packets_out, 0);
}
END_TEST

START_TEST(an_address_of_any_is_no_address)
{
	decode_text(VICI_FORM_SA, "lab { local-host=%any remote-host=%any6 }");
	ck_assert_uint_eq(seen.ike[0].local_host.len, 0);
	ck_assert_uint_eq(seen.ike[0].remote_host.len, 0);
	ck_assert_uint_eq(seen.sink.bad_values, 0);
}
END_TEST

START_TEST(modes_with_a_suffix_are_known)
{
	static const struct {
		const char *mode;
		enum ipm_encap encap;
		uint32_t bad;
	} cases[] = {
		{ "TUNNEL", IPM_ENCAP_TUNNEL, 0 },
		{ "TRANSPORT", IPM_ENCAP_TRANSPORT, 0 },
		{ "TRANSPORT_PROXY", IPM_ENCAP_TRANSPORT, 0 },
		{ "BEET", IPM_ENCAP_BEET, 0 },
		{ "IPTFS", IPM_ENCAP_TUNNEL, 0 },
		{ "TUNNELS", 0, 1 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[64];
		snprintf(text, sizeof(text), "lab { child-sas { c { mode=%s } } }", cases[i].mode);
		decode_text(VICI_FORM_SA, text);
		ck_assert_uint_eq(seen.child[0].encap, cases[i].encap);
		ck_assert_uint_eq(seen.sink.bad_values, cases[i].bad);
	}
}
END_TEST

START_TEST(texts_are_printable_and_what_is_too_long_ends_in_dots)
{
	char text[512], id[IPM_ID_MAX + 1];
	decode_text(VICI_FORM_SA, "lab { remote-id='a\tb\x1b[0m\xc3\xa9\x7f' }");
	ck_assert_str_eq(seen.ike[0].remote_id, "a?b?[0m???");

	memset(id, 'x', sizeof(id));
	for (int len = IPM_ID_MAX - 1; len <= IPM_ID_MAX; len++) {
		snprintf(text, sizeof(text), "lab { remote-id=%.*s }", len, id);
		decode_text(VICI_FORM_SA, text);
		ck_assert_uint_eq(strlen(seen.ike[0].remote_id), IPM_ID_MAX - 1);
		ck_assert_str_eq(seen.ike[0].remote_id + IPM_ID_MAX - 4, len < IPM_ID_MAX ? "xxx" : "...");
	}
	snprintf(text, sizeof(text), "%.*s { }", 100, id);
	decode_text(VICI_FORM_SA, text);
	ck_assert_uint_eq(strlen(seen.ike[0].name), IPM_NAME_MAX - 1);
	ck_assert_mem_eq(seen.ike[0].name + IPM_NAME_MAX - 12, "...", 3);
}
END_TEST

START_TEST(a_nul_within_a_value_does_not_end_it)
{
	static struct msg m;
	m.len = 0;
	put_text(&m, "lab {");
	put_kind(&m, VICI_KEY_VALUE);
	put_name(&m, "remote-id", 9);
	put_value(&m, "a\0b", 3);
	put_kind(&m, VICI_KEY_VALUE);
	put_name(&m, "uniqueid", 8);
	put_value(&m, "7\0", 2);
	put_kind(&m, VICI_KEY_VALUE);
	put_name(&m, "local-host", 10);
	put_value(&m, "10.9.0.1\0x", 10);
	put_kind(&m, VICI_KEY_VALUE);
	put_name(&m, "version\0", 8);
	put_value(&m, "2", 1);
	put_text(&m, "}");
	decode(VICI_FORM_SA, &m);
	ck_assert_str_eq(seen.ike[0].remote_id, "a?b");
	ck_assert_uint_eq(seen.ike[0].uniqueid, 0);
	ck_assert_uint_eq(seen.ike[0].local_host.len, 0);
	ck_assert_uint_eq(seen.ike[0].version, 0);
	ck_assert_uint_eq(seen.sink.bad_values, 2);
}
END_TEST

START_TEST(a_child_holds_256_selectors_of_a_side_and_counts_the_rest_as_bad)
{
	static struct msg m;
	for (uint32_t n = 255; n <= 258; n++) {
		char text[64];
		m.len = 0;
		put_text(&m, "lab { child-sas { c {");
		put_kind(&m, VICI_LIST_START);
		put_name(&m, "remote-ts", 9);
		for (uint32_t i = 0; i < n; i++) {
			int len = snprintf(text, sizeof(text), "10.%u.%u.0/24", i >> 8, i & 255);
			put_kind(&m, VICI_LIST_ITEM);
			put_value(&m, text, (size_t)len);
		}
		put_kind(&m, VICI_LIST_END);
		put_text(&m, "} } }");
		decode(VICI_FORM_SA, &m);
		ck_assert_uint_eq(seen.child[0].remote_count, n < VICI_TS_MAX ? n : VICI_TS_MAX);
		ck_assert_uint_eq(seen.sink.bad_values, n < VICI_TS_MAX ? 0 : n - VICI_TS_MAX);
		expect_addr(&seen.child[0].remote_ts[254].first, "10.0.254.0");
	}
}
END_TEST

START_TEST(selectors_that_name_no_address_are_left_out)
{
	decode_text(VICI_FORM_SA, "lab { child-sas { c { local-ts=<dynamic 10.0.0.0/8 nonsense dynamic[tcp]> } } }");
	ck_assert_uint_eq(seen.child[0].local_count, 1);
	expect_addr(&seen.child[0].local_ts[0].last, "10.255.255.255");
	ck_assert_uint_eq(seen.sink.bad_values, 1);
}
END_TEST

START_TEST(callbacks_may_be_missing)
{
	struct msg *m = message("lab { remote { class=EAP } child-sas { c { } } children { c { } } }");
	struct vici_sink sink = { .arg = NULL };
	ck_assert_int_eq(vici_decode(VICI_FORM_SA, m->buf, m->len, &sink, seen.error, sizeof(seen.error)), 0);
	ck_assert_int_eq(vici_decode(VICI_FORM_CONN, m->buf, m->len, &sink, seen.error, sizeof(seen.error)), 0);
}
END_TEST

START_TEST(an_empty_message_says_nothing)
{
	decode_text(VICI_FORM_SA, "");
	ck_assert_str_eq(seen.calls, "");
	ck_assert_int_eq(decode_bytes(VICI_FORM_SA, NULL, 0), 0);
}
END_TEST

/* --- Connections --------------------------------------------------------- */

START_TEST(a_connection_has_its_children_and_their_volume_limits)
{
	decode_text(VICI_FORM_CONN, "lab { local_addrs=<10.9.0.1> version=IKEv2 local-1 { class='public key' } "
				    "remote-1 { id=b class='pre-shared key' groups=<> } children { what=ever "
				    "net { mode=TUNNEL rekey_bytes=500000000 } tcp { rekey_bytes=0 } } }");
	ck_assert_str_eq(seen.calls, "conn lab; conn_child net; conn_child tcp; ");
	ck_assert_uint_eq(seen.conn.version, 2);
	ck_assert_uint_eq(seen.conn.remote_auth, IPM_AUTH_PSK);
	ck_assert_uint_eq(seen.conn_child[0].rekey_octets, 500000000);
	ck_assert_uint_eq(seen.conn_child[1].rekey_octets, 0);
	ck_assert_uint_eq(seen.sink.bad_values, 0);
}
END_TEST

static const struct {
	const char *rounds;
	enum ipm_auth auth;
	uint32_t bad;
} auth_cases[] = {
	{ "remote-1 { class='pre-shared key' }", IPM_AUTH_PSK, 0 },
	{ "remote-1 { class='public key' }", IPM_AUTH_PUBKEY, 0 },
	{ "remote-1 { class=EAP }", IPM_AUTH_EAP, 0 },
	{ "remote-1 { class='pre-shared key' } remote-2 { class=XAuth }", IPM_AUTH_PSK, 0 },
	{ "remote-1 { class='public key' } remote-2 { class=EAP }", IPM_AUTH_PUBKEY, 0 },
	{ "remote-1 { class=XAuth }", IPM_AUTH_UNKNOWN, 0 },
	{ "remote-1 { class=any }", IPM_AUTH_UNKNOWN, 0 },
	{ "remote-1 { } remote-2 { class=EAP }", IPM_AUTH_UNKNOWN, 0 },
	{ "local-1 { class=EAP }", IPM_AUTH_UNKNOWN, 0 },
	{ "remote-1 { class=magic }", IPM_AUTH_UNKNOWN, 1 },
	{ "children { } remote { class=EAP }", IPM_AUTH_EAP, 0 },
};

START_TEST(the_first_round_of_the_peer_decides_on_its_authentication)
{
	char text[256];
	snprintf(text, sizeof(text), "lab { %s }", auth_cases[_i].rounds);
	decode_text(VICI_FORM_CONN, text);
	ck_assert_uint_eq(seen.conn.remote_auth, auth_cases[_i].auth);
	ck_assert_uint_eq(seen.sink.bad_values, auth_cases[_i].bad);
}
END_TEST

static void
decode_hosts(const char *remote)
{
	char text[512];
	snprintf(text, sizeof(text), "lab { local_addrs=<%%any 10.9.0.1 10.9.0.3> remote_addrs=<%s> }", remote);
	decode_text(VICI_FORM_CONN, text);
}

START_TEST(of_hosts_the_addresses_count_and_all_are_in_the_text)
{
	decode_hosts("10.9.0.0/24 gw.example.net 10.9.0.2 10.9.0.4-10.9.0.9 %any fd00::1");
	expect_addr(&seen.conn.local, "10.9.0.1");
	ck_assert_uint_eq(seen.conn.peers, 2);
	expect_addr(&seen.conn.peer[0], "10.9.0.2");
	expect_addr(&seen.conn.peer[1], "fd000000000000000000000000000001");
	ck_assert(seen.conn.peer_named);
	ck_assert_str_eq(seen.conn.peer_text, "10.9.0.0/24,gw.example.net,10.9.0.2,10.9.0.4-10.9.0.9,%any,fd00::1");
}
END_TEST

static const struct {
	const char *hosts;
	bool named;
	uint8_t peers;
} hosts_cases[] = {
	{ "%any", false, 0 },
	{ "%any6", false, 0 },
	{ "10.9.0.0/24 fd00::/64", false, 0 },
	{ "10.9.0.4-10.9.0.9", false, 0 },
	{ "gw-1.example.net", true, 0 },
	{ "1-gw", true, 0 },
	{ "10.9.0.2 10.9.0.3 10.9.0.4 10.9.0.5 10.9.0.6", false, IPM_MAP_PEERS },
	{ "", false, 0 },
};

START_TEST(names_ranges_and_subnets_are_told_apart)
{
	decode_hosts(hosts_cases[_i].hosts);
	ck_assert(seen.conn.peer_named == hosts_cases[_i].named);
	ck_assert_uint_eq(seen.conn.peers, hosts_cases[_i].peers);
}
END_TEST

START_TEST(more_hosts_than_fit_end_in_dots)
{
	char hosts[400] = "";
	for (int i = 0; i < 30; i++)
		strcat(hosts, "10.100.0.2 ");
	decode_hosts(hosts);
	ck_assert_uint_eq(strlen(seen.conn.peer_text), IPM_TEXT_MAX - 1);
	ck_assert_str_eq(seen.conn.peer_text + IPM_TEXT_MAX - 4, "...");
}
END_TEST

START_TEST(a_configured_child_has_its_lifetimes_mode_and_selectors)
{
	decode_text(VICI_FORM_CONN, "lab { rekey_time=14400 reauth_time=7200 children { net { mode=TRANSPORT "
				    "rekey_time=3600 rekey_bytes=10 rekey_packets=20 local-ts=<10.1.0.0/24[tcp/80] "
				    "dynamic[udp/53] dynamic> remote-ts=<10.2.0.1..10.2.0.9> } } }");
	const struct vici_conn_child *child = &seen.conn_child[0];
	ck_assert_uint_eq(seen.conn.ike_rekey_s, 14400);
	ck_assert_uint_eq(seen.conn.ike_reauth_s, 7200);
	ck_assert_uint_eq(child->encap, IPM_ENCAP_TRANSPORT);
	ck_assert_uint_eq(child->rekey_s, 3600);
	ck_assert_uint_eq(child->rekey_octets, 10);
	ck_assert_uint_eq(child->rekey_pkts, 20);
	ck_assert_uint_eq(child->local_count, 3);
	ck_assert_uint_eq(child->local_ts[0].type, IPM_SEL_SUBNET);
	ck_assert_uint_eq(child->local_ts[1].type, 0);
	ck_assert_uint_eq(child->local_ts[1].protocol, IPPROTO_UDP);
	ck_assert_uint_eq(child->local_ts[1].port_first, 53);
	ck_assert_uint_eq(child->local_ts[2].port_last, 65535);
	ck_assert_uint_eq(child->remote_ts[0].type, IPM_SEL_RANGE);
	ck_assert_uint_eq(seen.sink.bad_values, 0);
}
END_TEST

START_TEST(a_child_that_only_lets_pass_or_drops_is_told_apart)
{
	decode_text(VICI_FORM_CONN, "lab { children { p { mode=PASS } d { mode=DROP } t { mode=TUNNEL } n { } } }");
	ck_assert(seen.conn_child[0].shunt && seen.conn_child[1].shunt);
	ck_assert(!seen.conn_child[2].shunt && !seen.conn_child[3].shunt);
	ck_assert_uint_eq(seen.conn_child[0].encap, 0);
	ck_assert_uint_eq(seen.conn_child[2].encap, IPM_ENCAP_TUNNEL);
}
END_TEST

START_TEST(long_names_that_begin_alike_stay_two_and_are_the_same_everywhere)
{
	char text[512], name[80];
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), "lab { children { %s1 { } %s2 { } } }", name, name);
	decode_text(VICI_FORM_CONN, text);
	char one[IPM_NAME_MAX];
	memcpy(one, seen.conn_child[0].name, sizeof(one));
	ck_assert_str_ne(one, seen.conn_child[1].name);
	ck_assert_uint_eq(strlen(one), IPM_NAME_MAX - 1);
	ck_assert(strstr(one, "nnn...") != NULL);
	snprintf(text, sizeof(text), "lab { child-sas { x-1 { name=%s1 } } }", name);
	decode_text(VICI_FORM_SA, text);
	ck_assert_str_eq(seen.child[0].name, one);
}
END_TEST

static uint64_t
hash_of(const char *text)
{
	struct msg *m = message(text);
	size_t octets;
	uint64_t hash = vici_list_hash((struct vici_slice){ m->buf, m->len }, "conns", &octets);
	ck_assert_uint_le(octets, m->len);
	return hash;
}

START_TEST(the_names_of_connections_and_their_order_have_a_number)
{
	uint64_t all = hash_of("conns=<a b c>");
	ck_assert_uint_eq(hash_of("other=<d> conns=<a b c>"), all);
	ck_assert_uint_ne(hash_of("conns=<ab c>"), all);
	ck_assert_uint_ne(hash_of("conns=<b a c>"), all);
	ck_assert_uint_ne(hash_of("conns=<a b>"), all);
	ck_assert_uint_eq(hash_of("section { conns=<a b c> }"), hash_of(""));
}
END_TEST

static const struct {
	const char *plugins;
	enum vici_esp esp;
} esp_cases[] = {
	{ "charon kernel-libipsec kernel-netlink vici", VICI_ESP_LIBIPSEC },
	{ "charon kernel-netlink kernel-libipsec vici", VICI_ESP_KERNEL },
	{ "kernel-pfkey kernel-netlink", VICI_ESP_KERNEL },
	{ "charon vici", VICI_ESP_UNKNOWN },
	{ "", VICI_ESP_UNKNOWN },
};

START_TEST(the_first_plugin_that_can_does_charons_esp)
{
	char text[256];
	snprintf(text, sizeof(text), "queues { x=1 } plugins=<%s>", esp_cases[_i].plugins);
	struct msg *m = message(text);
	ck_assert_int_eq(vici_esp_of((struct vici_slice){ m->buf, m->len }), esp_cases[_i].esp);
}
END_TEST

/* --- Values -------------------------------------------------------------- */

static const struct {
	const char *text, *first, *last;
	uint8_t type, prefix;
} addresses[] = {
	{ "10.1.0.0/24", "10.1.0.0", "10.1.0.255", IPM_SEL_SUBNET, 24 },
	{ "10.1.2.0/23", "10.1.2.0", "10.1.3.255", IPM_SEL_SUBNET, 23 },
	{ "10.1.0.1/32", "10.1.0.1", "10.1.0.1", IPM_SEL_SINGLE, 32 },
	{ "10.1.0.77/31", "10.1.0.76", "10.1.0.77", IPM_SEL_SUBNET, 31 },
	{ "0.0.0.0/0", "0.0.0.0", "255.255.255.255", IPM_SEL_SUBNET, 0 },
	{ "10.0.0.1..10.0.0.9", "10.0.0.1", "10.0.0.9", IPM_SEL_RANGE, 0 },
	{ "10.0.0.1..10.0.0.1", "10.0.0.1", "10.0.0.1", IPM_SEL_SINGLE, 32 },
	{ "fd00::/62", "fd000000000000000000000000000000", "fd00000000000003ffffffffffffffff", IPM_SEL_SUBNET, 62 },
	{ "::1/128", "00000000000000000000000000000001", "00000000000000000000000000000001", IPM_SEL_SINGLE, 128 },
	{ "::..::1:0", "00000000000000000000000000000000", "00000000000000000000000000010000", IPM_SEL_RANGE, 0 },
};

START_TEST(a_selector_has_its_first_and_last_address)
{
	struct ipm_sel_side side;
	ck_assert_msg(vici_parse_ts(addresses[_i].text, &side) == 0, "%s", addresses[_i].text);
	ck_assert_uint_eq(side.type, addresses[_i].type);
	ck_assert_uint_eq(side.prefix, addresses[_i].prefix);
	expect_addr(&side.first, addresses[_i].first);
	expect_addr(&side.last, addresses[_i].last);
	ck_assert_uint_eq(side.protocol, 0);
	ck_assert_uint_eq(side.port_first, 0);
	ck_assert_uint_eq(side.port_last, 65535);
}
END_TEST

static const struct {
	const char *text;
	uint8_t protocol;
	uint16_t port_first, port_last;
} uppers[] = {
	{ "::/0[udp]", 17, 0, 65535 },
	{ "10.0.0.1..10.0.0.9[tcp/80]", 6, 80, 80 },
	{ "10.0.0.0/8[tcp/http]", 6, 80, 80 },
	{ "10.0.0.0/8[udp/netbios-ns]", 17, 137, 137 },
	{ "10.0.0.0/8[0/domain]", 0, 53, 53 },
	{ "10.0.0.0/8[udp/1000-2000]", 17, 1000, 2000 },
	{ "10.0.0.0/8[0/80]", 0, 80, 80 },
	{ "10.0.0.0/8[47]", 47, 0, 65535 },
	{ "10.0.0.0/8[gre]", 47, 0, 65535 },
	{ "10.0.0.0/8[255/65535]", 255, 65535, 65535 },
	{ "10.0.0.0/8[tcp/OPAQUE]", 6, 65535, 0 },
	{ "10.0.0.0/8[icmp/8]", 1, 0x800, 0x800 },
	{ "10.0.0.0/8[icmp/8(0)]", 1, 0x800, 0x800 },
	{ "10.0.0.0/8[icmp/3(4)]", 1, 0x304, 0x304 },
	{ "10.0.0.0/8[1/8-8(255)]", 1, 0x800, 0x8ff },
	{ "10.0.0.0/8[icmp/3(1)-4(2)]", 1, 0x301, 0x402 },
	{ "::/0[ipv6-icmp/128]", 58, 0x8000, 0x8000 },
};

START_TEST(a_selector_has_its_protocol_and_ports)
{
	struct ipm_sel_side side;
	ck_assert_msg(vici_parse_ts(uppers[_i].text, &side) == 0, "%s", uppers[_i].text);
	ck_assert_uint_eq(side.protocol, uppers[_i].protocol);
	ck_assert_uint_eq(side.port_first, uppers[_i].port_first);
	ck_assert_uint_eq(side.port_last, uppers[_i].port_last);
}
END_TEST

static const char *const bad_selectors[] = {
	"dynamic[tcp/80",
	"",
	"(null)",
	"10.1.0.0",
	"10.1.0.0/",
	"10.1.0.0/33",
	"10.1.0.0/-1",
	"10.1.0.0/24/24",
	"10.1.0/24",
	"::/129",
	"::g/64",
	"10.0.0.9..10.0.0.1",
	"10.0.0.1..",
	"..10.0.0.1",
	"10.0.0.1..10.0.0.2..10.0.0.3",
	"10.0.0.1...10.0.0.2",
	"10.0.0.1..::1",
	"10.0.0.0/8[]",
	"10.0.0.0/8[tcp",
	"10.0.0.0/8]tcp[",
	"10.0.0.0/8[tcp]x",
	"10.0.0.0/8[[tcp]",
	"10.0.0.0/8[256]",
	"10.0.0.0/8[no-such-protocol]",
	"10.0.0.0/8[tcp/]",
	"10.0.0.0/8[tcp/no-such-service]",
	"10.0.0.0/8[tcp/65536]",
	"10.0.0.0/8[tcp/-]",
	"10.0.0.0/8[tcp/1-]",
	"10.0.0.0/8[tcp/2-1]",
	"10.0.0.0/8[tcp/1-2-3]",
	"10.0.0.0/8[tcp/8(1)]",
	"10.0.0.0/8[icmp/256]",
	"10.0.0.0/8[icmp/8(256)]",
	"10.0.0.0/8[icmp/8(]",
	"10.0.0.0/8[icmp/8()]",
	"10.0.0.0/8[icmp/8)(]",
	"10.0.0.0/8[icmp/8(1)2]",
	"10.0.0.0/8[icmp/9-8]",
	"10.0.0.0/8[icmp/http]",
};

START_TEST(a_selector_of_another_form_is_refused_and_nothing_written)
{
	struct ipm_sel_side side, before;
	memset(&before, 0x5a, sizeof(before));
	side = before;
	ck_assert_msg(vici_parse_ts(bad_selectors[_i], &side) == -EINVAL, "%s", bad_selectors[_i]);
	ck_assert_mem_eq(&side, &before, sizeof(side));
}
END_TEST

START_TEST(a_dynamic_selector_has_no_address_yet)
{
	struct ipm_sel_side side;
	ck_assert_int_eq(vici_parse_ts("dynamic", &side), -ENODATA);
	ck_assert_int_eq(vici_parse_ts("dynamic[tcp/80]", &side), -ENODATA);
}
END_TEST

START_TEST(a_selector_of_any_length_is_refused)
{
	struct ipm_sel_side side;
	char text[1024];
	memset(text, '1', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (size_t i = 0; i < sizeof(text); i++)
		ck_assert_int_eq(vici_parse_ts(text + i, &side), -EINVAL);
}
END_TEST

START_TEST(transforms_have_their_iana_numbers)
{
	ck_assert_uint_eq(vici_encr("3DES_CBC"), 3);
	ck_assert_uint_eq(vici_encr("NULL"), 11);
	ck_assert_uint_eq(vici_encr("AES_CBC"), 12);
	ck_assert_uint_eq(vici_encr("AES_GCM_16"), 20);
	ck_assert_uint_eq(vici_encr("CAMELLIA_CBC"), 23);
	ck_assert_uint_eq(vici_encr("CHACHA20_POLY1305"), 28);
	ck_assert_uint_eq(vici_integ("HMAC_MD5_96"), 1);
	ck_assert_uint_eq(vici_integ("AES_XCBC_96"), 5);
	ck_assert_uint_eq(vici_integ("HMAC_SHA2_512_256"), 14);
	ck_assert_uint_eq(vici_prf("PRF_HMAC_SHA1"), 2);
	ck_assert_uint_eq(vici_prf("PRF_AES128_CMAC"), 8);
	ck_assert_uint_eq(vici_group("MODP_1536"), 5);
	ck_assert_uint_eq(vici_group("ECP_512_BP"), 30);
	ck_assert_uint_eq(vici_group("CURVE_25519"), 31);
	ck_assert_uint_eq(vici_group("ML_KEM_768"), 36);
}
END_TEST

START_TEST(transforms_without_a_known_iana_number_are_other)
{
	ck_assert_uint_eq(vici_encr("SERPENT_CBC"), IPM_TRANSFORM_OTHER);
	ck_assert_uint_eq(vici_integ("HMAC_SHA2_256_96"), IPM_TRANSFORM_OTHER);
	ck_assert_uint_eq(vici_group("NTRU_256"), IPM_TRANSFORM_OTHER);
	ck_assert_uint_eq(vici_prf(""), IPM_TRANSFORM_OTHER);
	ck_assert_uint_eq(vici_encr("aes_cbc"), IPM_TRANSFORM_OTHER);
	/* charon prints a number if it has no name; numbers from 1024 on are private */
	ck_assert_uint_eq(vici_group("(36)"), 36);
	ck_assert_uint_eq(vici_group("(1024)"), IPM_TRANSFORM_OTHER);
	ck_assert_uint_eq(vici_group("()"), IPM_TRANSFORM_OTHER);
	ck_assert_uint_eq(vici_group("("), IPM_TRANSFORM_OTHER);
	/* none was agreed on */
	ck_assert_uint_eq(vici_group("KE_NONE"), 0);
	ck_assert_uint_eq(vici_integ("UNDEFINED"), 0);
}
END_TEST

/* --- What a real charon 5.9.8 sent --------------------------------------- */

START_TEST(a_real_message_is_understood_to_its_last_value)
{
	decode(real_messages[_i].form, real(real_messages[_i].file));
	ck_assert_str_eq(seen.calls, real_messages[_i].calls);
	ck_assert(seen.sink.up == real_messages[_i].up);
	ck_assert_uint_eq(seen.sink.bad_values, 0);
}
END_TEST

START_TEST(a_real_message_cut_anywhere_is_malformed_or_says_nothing_of_an_sa)
{
	struct msg *m = real(real_messages[_i].file);
	for (size_t len = 0; len < m->len; len++) {
		uint8_t *cut = malloc(len + 1); /* a sanitizer detects reads beyond it */
		uint8_t *at = cut + 1;
		memcpy(at, m->buf, len);
		int rc = decode_bytes(real_messages[_i].form, at, len);
		free(cut);
		ck_assert(rc == 0 || rc == -EBADMSG);
		ck_assert_str_eq(seen.calls, "");
		ck_assert(rc == 0 || seen.error[0] != '\0');
	}
}
END_TEST

START_TEST(a_real_message_with_any_octet_changed_does_no_harm)
{
	struct msg *m = real(real_messages[_i].file);
	for (size_t i = 0; i < m->len; i++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			m->buf[i] ^= (uint8_t)(1u << bit);
			int rc = decode_bytes(real_messages[_i].form, m->buf, m->len);
			ck_assert(rc == 0 || (rc == -EBADMSG && seen.calls[0] == '\0'));
			m->buf[i] ^= (uint8_t)(1u << bit);
		}
	}
}
END_TEST

START_TEST(a_real_rekey_tells_what_the_retired_child_carried)
{
	decode(VICI_FORM_SA, real("sa-child-rekey"));
	ck_assert_uint_eq(seen.child[0].uniqueid, 1);
	ck_assert_int_eq(seen.child[0].state, VICI_CHILD_REKEYED);
	ck_assert_uint_eq(seen.child[0].bytes_in, 420);
	ck_assert_uint_eq(seen.child[0].packets_out, 5);
	ck_assert_uint_eq(seen.child[1].uniqueid, 3);
	ck_assert_uint_eq(seen.child[1].reqid, seen.child[0].reqid);
	ck_assert_uint_eq(seen.child[1].proposal.group, 31);
}
END_TEST

START_TEST(a_real_move_ends_at_the_new_addresses)
{
	decode(VICI_FORM_SA, real("sa-ike-update"));
	expect_addr(&seen.ike[0].local_host, "fd090000000000000000000000000001");
	expect_addr(&seen.ike[0].remote_host, "fd090000000000000000000000000002");
}
END_TEST

START_TEST(a_real_child_has_selectors_of_every_kind)
{
	decode(VICI_FORM_SA, real("sa-child-rekey-selectors"));
	const struct vici_child *child = &seen.child[1];
	ck_assert_uint_eq(child->local_count, 2);
	ck_assert_uint_eq(child->remote_count, 3);
	ck_assert_uint_eq(child->local_ts[0].protocol, 6);
	ck_assert_uint_eq(child->local_ts[1].port_last, 2000);
	ck_assert_uint_eq(child->remote_ts[0].port_first, 80);
	ck_assert_uint_eq(child->remote_ts[1].type, IPM_SEL_RANGE);
	ck_assert_uint_eq(child->remote_ts[1].port_first, 8 << 8);
	ck_assert_uint_eq(child->remote_ts[2].port_first, 53);
}
END_TEST

int
main(void)
{
	if (getservbyname("http", "tcp") == NULL || getprotobyname("tcp") == NULL) {
		puts("skipped: charon's selectors need /etc/services and /etc/protocols");
		return 77;
	}
	Suite *suite = suite_create("vici_decode");
	TCase *tc = tcase_create("SAs");
	tcase_add_test(tc, an_ike_sa_has_what_charon_says_of_it);
	tcase_add_test(tc, a_child_sa_has_what_charon_says_of_it);
	tcase_add_test(tc, what_a_message_does_not_say_is_not_known);
	tcase_add_test(tc, the_ike_sa_is_complete_before_its_children_wherever_its_keys_stand);
	tcase_add_test(tc, up_is_known_in_the_callback_wherever_it_stands);
	tcase_add_test(tc, an_ike_rekey_has_an_old_and_a_new_ike_sa);
	tcase_add_test(tc, a_child_rekey_has_an_old_and_a_new_child_of_one_ike_sa);
	tcase_add_test(tc, connections_and_children_may_be_called_old_and_new);
	tcase_add_test(tc, an_ike_update_gives_the_hosts_that_the_ike_sa_moves_to);
	tcase_add_test(tc, an_alert_has_its_type_and_may_have_an_ike_sa);
	tcase_add_test(tc, unknown_keys_lists_and_sections_are_skipped_anywhere);
	tcase_add_test(tc, of_a_key_that_is_there_twice_the_last_good_value_counts);
	tcase_add_loop_test(tc, a_bad_value_is_counted_and_leaves_its_field_unknown, 0, COUNT(bad_values));
	tcase_add_test(tc, numbers_reach_to_the_ends_of_their_fields);
	tcase_add_test(tc, counts_are_known_only_when_all_four_are);
	tcase_add_test(tc, an_address_of_any_is_no_address);
	tcase_add_test(tc, modes_with_a_suffix_are_known);
	tcase_add_test(tc, texts_are_printable_and_what_is_too_long_ends_in_dots);
	tcase_add_test(tc, a_nul_within_a_value_does_not_end_it);
	tcase_add_test(tc, a_child_holds_256_selectors_of_a_side_and_counts_the_rest_as_bad);
	tcase_add_test(tc, selectors_that_name_no_address_are_left_out);
	tcase_add_test(tc, callbacks_may_be_missing);
	tcase_add_test(tc, an_empty_message_says_nothing);
	suite_add_tcase(suite, tc);
	tc = tcase_create("connections");
	tcase_add_test(tc, a_connection_has_its_children_and_their_volume_limits);
	tcase_add_loop_test(tc, the_first_round_of_the_peer_decides_on_its_authentication, 0, COUNT(auth_cases));
	tcase_add_test(tc, of_hosts_the_addresses_count_and_all_are_in_the_text);
	tcase_add_loop_test(tc, names_ranges_and_subnets_are_told_apart, 0, COUNT(hosts_cases));
	tcase_add_test(tc, more_hosts_than_fit_end_in_dots);
	tcase_add_test(tc, a_configured_child_has_its_lifetimes_mode_and_selectors);
	tcase_add_test(tc, a_child_that_only_lets_pass_or_drops_is_told_apart);
	tcase_add_test(tc, long_names_that_begin_alike_stay_two_and_are_the_same_everywhere);
	tcase_add_test(tc, the_names_of_connections_and_their_order_have_a_number);
	tcase_add_loop_test(tc, the_first_plugin_that_can_does_charons_esp, 0, COUNT(esp_cases));
	suite_add_tcase(suite, tc);
	tc = tcase_create("values");
	tcase_add_loop_test(tc, a_selector_has_its_first_and_last_address, 0, COUNT(addresses));
	tcase_add_loop_test(tc, a_selector_has_its_protocol_and_ports, 0, COUNT(uppers));
	tcase_add_loop_test(tc, a_selector_of_another_form_is_refused_and_nothing_written, 0, COUNT(bad_selectors));
	tcase_add_test(tc, a_dynamic_selector_has_no_address_yet);
	tcase_add_test(tc, a_selector_of_any_length_is_refused);
	tcase_add_test(tc, transforms_have_their_iana_numbers);
	tcase_add_test(tc, transforms_without_a_known_iana_number_are_other);
	suite_add_tcase(suite, tc);
	tc = tcase_create("charon");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_real_message_is_understood_to_its_last_value, 0, COUNT(real_messages));
	tcase_add_loop_test(tc, a_real_message_cut_anywhere_is_malformed_or_says_nothing_of_an_sa, 0,
			    COUNT(real_messages));
	tcase_add_loop_test(tc, a_real_message_with_any_octet_changed_does_no_harm, 0, COUNT(real_messages));
	tcase_add_test(tc, a_real_rekey_tells_what_the_retired_child_carried);
	tcase_add_test(tc, a_real_move_ends_at_the_new_addresses);
	tcase_add_test(tc, a_real_child_has_selectors_of_every_kind);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
