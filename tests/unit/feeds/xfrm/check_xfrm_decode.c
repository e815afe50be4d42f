/* SPDX-License-Identifier: ISC */
/* SAs, selectors, events and policies in netlink messages. */

#include "xfrm_message_fixture.h"

#define MODE_IPTFS 5 /* XFRM_MODE_IPTFS */

#define FULL_MASK  0xffff

static void
expect_addr(const struct ipm_addr *got, const char *expected)
{
	char text[INET6_ADDRSTRLEN] = "";
	if (got->len != 0)
		ck_assert_ptr_nonnull(inet_ntop(got->len == 4 ? AF_INET : AF_INET6, got->bytes, text, sizeof(text)));
	ck_assert_str_eq(text, expected);
}

static void
expect_side(const struct ipm_sel_side *side, uint8_t type, const char *first, const char *last, uint8_t prefix)
{
	ck_assert_uint_eq(side->type, type);
	expect_addr(&side->first, first);
	expect_addr(&side->last, last);
	ck_assert_uint_eq(side->prefix, prefix);
}

static void
expect_ports(const struct ipm_sel_side *side, uint16_t first, uint16_t last)
{
	ck_assert_uint_eq(side->port_first, first);
	ck_assert_uint_eq(side->port_last, last);
}

/* --- SAs ----------------------------------------------------------------- */

START_TEST(an_sa_has_what_the_kernel_says_of_it)
{
	struct xfrm_usersa_info info = {
		.sel = { .family = AF_INET },
		.id = { .daddr = addr("192.0.2.2"), .spi = htonl(0xc0ffee01), .proto = IPPROTO_ESP },
		.saddr = addr("192.0.2.1"),
		.lft = { 1, 2, 3, 4, 5, 6, 7, 8 },
		.curlft = { .bytes = 1ULL << 40,
			    .packets = 1ULL << 33,
			    .add_time = 1700000000,
			    .use_time = 1700000001 },
		.stats = { .replay_window = 21, .replay = 22, .integrity_failed = 23 },
		.reqid = 7,
		.family = AF_INET,
		.mode = XFRM_MODE_TUNNEL,
		.replay_window = 32,
	};
	message(XFRM_MSG_NEWSA, &info, sizeof(info));
	algo(XFRMA_ALG_CRYPT, "cbc(aes)", 256);
	algo(XFRMA_ALG_AUTH, "hmac(sha256)", 256);
	algo_trunc("hmac(sha256)", 256, 128);
	attr(XFRMA_ENCAP, &(struct xfrm_encap_tmpl){ .encap_type = UDP_ENCAP_ESPINUDP },
	     sizeof(struct xfrm_encap_tmpl));
	attr(XFRMA_MARK, &(struct xfrm_mark){ .v = 0x2a, .m = 0xff }, sizeof(struct xfrm_mark));
	attr(XFRMA_REPLAY_VAL, &(struct xfrm_replay_state){ .oseq = 11, .seq = 12 }, sizeof(struct xfrm_replay_state));
	attr(XFRMA_OFFLOAD_DEV, &(struct xfrm_user_offload){ .ifindex = 3 }, sizeof(struct xfrm_user_offload));
	mnl_attr_put_u32(&box.header, XFRMA_IF_ID, 44);
	mnl_attr_put_u8(&box.header, SA_DIR, 2);

	expect(XFRM_SA_THERE);
	ck_assert(out.has_sa);
	expect_addr(&out.sa.key.dst, "192.0.2.2");
	expect_addr(&out.sa.src, "192.0.2.1");
	ck_assert_uint_eq(out.sa.key.spi, 0xc0ffee01);
	ck_assert_uint_eq(out.sa.key.protocol, 50);
	ck_assert_uint_eq(out.sa.encap, IPM_ENCAP_TUNNEL);
	ck_assert_uint_eq(out.sa.direction, IPM_OUT);
	ck_assert(!out.sa.larval);
	ck_assert(out.sa.udp_encap);
	ck_assert_uint_eq(out.sa.reqid, 7);
	ck_assert_uint_eq(out.sa.if_id, 44);
	ck_assert_uint_eq(out.sa.mark, 0x2a);
	ck_assert_uint_eq(out.sa.mark_mask, 0xff);
	ck_assert_uint_eq(out.sa.proposal.encr, 12);
	ck_assert_uint_eq(out.sa.proposal.encr_bits, 256);
	ck_assert_uint_eq(out.sa.proposal.integ, 12);
	ck_assert_uint_eq(out.sa.proposal.integ_bits, 0);
	ck_assert_uint_eq(out.sa.proposal.prf + out.sa.proposal.group + out.sa.proposal.esn, 0);
	ck_assert_uint_eq(out.sa.replay_window, 32);
	ck_assert_uint_eq(out.sa.seq_out, 11);
	ck_assert_uint_eq(out.sa.seq_in, 12);
	ck_assert_uint_eq(out.sa.soft_octets, 1);
	ck_assert_uint_eq(out.sa.hard_octets, 2);
	ck_assert_uint_eq(out.sa.soft_pkts, 3);
	ck_assert_uint_eq(out.sa.hard_pkts, 4);
	ck_assert_uint_eq(out.sa.soft_add_s, 5);
	ck_assert_uint_eq(out.sa.hard_add_s, 6);
	ck_assert_uint_eq(out.sa.soft_use_s, 7);
	ck_assert_uint_eq(out.sa.hard_use_s, 8);
	ck_assert_uint_eq(out.sa.octets, 1ULL << 40);
	ck_assert_uint_eq(out.sa.pkts, 1ULL << 33);
	ck_assert_uint_eq(out.sa.added, 1700000000);
	ck_assert_uint_eq(out.sa.used, 1700000001);
	ck_assert_uint_eq(out.sa.behind, 21);
	ck_assert_uint_eq(out.sa.replays, 22);
	ck_assert_uint_eq(out.sa.auth_fails, 23);
	ck_assert(!out.sa.has_sel);
	ck_assert_uint_eq(out.sa.offload_ifindex, 3);
}
END_TEST

START_TEST(an_sa_that_says_the_least_has_nothing_more)
{
	struct xfrm_usersa_info info = an_sa();
	sa_message(XFRM_MSG_UPDSA, &info);
	expect(XFRM_SA_UPDATED);
	ck_assert_uint_eq(out.sa.direction, 0);
	ck_assert(!out.sa.udp_encap);
	ck_assert_uint_eq(out.sa.mark + out.sa.mark_mask + out.sa.if_id + out.sa.offload_ifindex, 0);
	ck_assert_uint_eq(out.sa.seq_in + out.sa.seq_out + out.sa.replay_window, 0);
	ck_assert_uint_eq(out.sa.proposal.integ, 0);
}
END_TEST

START_TEST(an_sa_of_ipv6_has_addresses_of_16_octets)
{
	struct xfrm_usersa_info info = an_sa();
	info.family = info.sel.family = AF_INET6;
	info.id.daddr = addr("2001:db8::2");
	info.saddr = addr("2001:db8::1");
	sa_message(XFRM_MSG_NEWSA, &info);
	expect(XFRM_SA_THERE);
	expect_addr(&out.sa.key.dst, "2001:db8::2");
	expect_addr(&out.sa.src, "2001:db8::1");
}
END_TEST

START_TEST(a_limit_of_infinity_is_none)
{
	struct xfrm_usersa_info info = an_sa();
	info.lft = (struct xfrm_lifetime_cfg){ XFRM_INF, XFRM_INF, XFRM_INF, XFRM_INF,
					       XFRM_INF, XFRM_INF, XFRM_INF, XFRM_INF };
	sa_message(XFRM_MSG_NEWSA, &info);
	expect(XFRM_SA_THERE);
	ck_assert_uint_eq(out.sa.soft_octets | out.sa.hard_octets | out.sa.soft_pkts | out.sa.hard_pkts, 0);
	ck_assert_uint_eq(out.sa.soft_add_s | out.sa.hard_add_s | out.sa.soft_use_s | out.sa.hard_use_s, 0);
}
END_TEST

static const struct {
	uint8_t mode, encap;
} modes[] = {
	{ XFRM_MODE_TRANSPORT, IPM_ENCAP_TRANSPORT },
	{ XFRM_MODE_TUNNEL, IPM_ENCAP_TUNNEL },
	{ XFRM_MODE_ROUTEOPTIMIZATION, 0 },
	{ XFRM_MODE_IN_TRIGGER, 0 },
	{ XFRM_MODE_BEET, IPM_ENCAP_BEET },
	{ MODE_IPTFS, IPM_ENCAP_TUNNEL },
	{ 6, 0 },
	{ 255, 0 },
};

START_TEST(modes_are_tunnel_transport_and_beet_and_iptfs_is_a_tunnel)
{
	struct xfrm_usersa_info info = an_sa();
	info.mode = modes[_i].mode;
	sa_message(XFRM_MSG_NEWSA, &info);
	expect(XFRM_SA_THERE);
	ck_assert_uint_eq(out.sa.encap, modes[_i].encap);
}
END_TEST

START_TEST(an_sa_of_any_other_protocol_is_not_ours)
{
	for (unsigned int protocol = 0; protocol < 256; protocol++) {
		bool ours = protocol == 50 || protocol == 51 || protocol == 108;
		struct xfrm_usersa_info info = an_sa();
		info.id.proto = (uint8_t)protocol;
		sa_message(XFRM_MSG_NEWSA, &info);
		ck_assert_int_eq(decode(), ours ? 0 : -ENOMSG);
	}
}
END_TEST

START_TEST(families_other_than_ip_are_malformed)
{
	static const uint16_t families[] = { 0, 1, 3, 9, 11, 17, 255, 0x0200, 0xffff };
	for (size_t i = 0; i < COUNT(families); i++) {
		struct xfrm_usersa_info info = an_sa();
		info.family = families[i];
		sa_message(XFRM_MSG_NEWSA, &info);
		ck_assert_int_eq(decode(), -EBADMSG);
		if (families[i] == AF_UNSPEC)
			continue;
		info = an_sa();
		info.sel.family = families[i];
		sa_message(XFRM_MSG_NEWSA, &info);
		ck_assert_int_eq(decode(), -EBADMSG);
	}
}
END_TEST

START_TEST(a_source_of_zeros_is_none_and_a_destination_of_zeros_stays)
{
	struct xfrm_usersa_info info = an_sa();
	info.saddr = info.id.daddr = addr("0.0.0.0");
	sa_message(XFRM_MSG_NEWSA, &info);
	expect(XFRM_SA_THERE);
	expect_addr(&out.sa.src, "");
	expect_addr(&out.sa.key.dst, "0.0.0.0");
}
END_TEST

START_TEST(an_sa_without_an_algorithm_or_an_spi_is_larval)
{
	static const struct {
		uint8_t protocol;
		uint32_t spi;
		uint16_t attr;
		bool larval;
	} cases[] = {
		{ IPPROTO_ESP, 1, 0, true },
		{ IPPROTO_ESP, 1, XFRMA_ALG_CRYPT, false },
		{ IPPROTO_ESP, 1, XFRMA_ALG_AUTH, false },
		{ IPPROTO_ESP, 0, XFRMA_ALG_CRYPT, true },
		{ IPPROTO_AH, 1, 0, true },
		{ IPPROTO_AH, 1, XFRMA_ALG_AUTH, false },
		{ IPPROTO_COMP, 1, 0, true },
		{ IPPROTO_COMP, 1, XFRMA_ALG_COMP, false },
		{ IPPROTO_COMP, 0, XFRMA_ALG_COMP, true },
		{ IPPROTO_ESP, 1, XFRMA_ALG_COMP, true },
		{ IPPROTO_COMP, 1, XFRMA_ALG_AUTH, true },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct xfrm_usersa_info info = an_sa();
		info.id.proto = cases[i].protocol;
		info.id.spi = htonl(cases[i].spi);
		message(XFRM_MSG_NEWSA, &info, sizeof(info));
		if (cases[i].attr != 0)
			algo(cases[i].attr, "any", 0);
		expect(XFRM_SA_THERE);
		ck_assert_msg(out.sa.larval == cases[i].larval, "case %zu", i);
	}
}
END_TEST

START_TEST(of_ipcomp_the_spi_is_the_cpi_and_there_is_no_proposal)
{
	struct xfrm_usersa_info info = an_sa();
	struct xfrm_algo deflate = { .alg_name = "deflate", .alg_key_len = 64 };
	info.id.proto = IPPROTO_COMP;
	info.id.spi = htonl(0xabcd);
	message(XFRM_MSG_NEWSA, &info, sizeof(info));
	/* The kernel only sends this part, whatever key it got. */
	attr(XFRMA_ALG_COMP, &deflate, sizeof(deflate));
	expect(XFRM_SA_THERE);
	ck_assert_uint_eq(out.sa.key.spi, 0xabcd);
	ck_assert_uint_eq(out.sa.key.protocol, 108);
	ck_assert_uint_eq(out.sa.proposal.encr + out.sa.proposal.integ, 0);
	ck_assert(!out.sa.larval);
}
END_TEST

START_TEST(sequence_numbers_have_64_bits_with_esn_and_32_without)
{
	struct xfrm_replay_state_esn state = {
		.bmp_len = 4, .oseq = 1, .seq = 2, .oseq_hi = 3, .seq_hi = 4, .replay_window = 128
	};
	for (int esn = 0; esn <= 1; esn++) {
		struct xfrm_usersa_info info = an_sa();
		info.flags = esn ? XFRM_STATE_ESN : XFRM_STATE_NOECN;
		sa_message(XFRM_MSG_NEWSA, &info);
		esn_state(&state);
		expect(XFRM_SA_THERE);
		ck_assert_uint_eq(out.sa.proposal.esn, esn);
		ck_assert_uint_eq(out.sa.seq_out, (esn ? 3ULL << 32 : 0) + 1);
		ck_assert_uint_eq(out.sa.seq_in, (esn ? 4ULL << 32 : 0) + 2);
		ck_assert_uint_eq(out.sa.replay_window, 128);
	}
}
END_TEST

START_TEST(a_window_larger_than_a_bitmap_field_counts_in_place_of_the_small_one)
{
	struct xfrm_usersa_info info = an_sa();
	info.replay_window = 32;
	sa_message(XFRM_MSG_NEWSA, &info);
	esn_state(&(struct xfrm_replay_state_esn){ .bmp_len = 128, .replay_window = 4096 });
	expect(XFRM_SA_THERE);
	ck_assert_uint_eq(out.sa.replay_window, 4096);
}
END_TEST

START_TEST(only_a_known_direction_is_told)
{
	static const uint8_t expected[] = { 0, IPM_IN, IPM_OUT, 0, 0 };
	for (uint8_t direction = 0; direction < COUNT(expected); direction++) {
		struct xfrm_usersa_info info = an_sa();
		sa_message(XFRM_MSG_NEWSA, &info);
		mnl_attr_put_u8(&box.header, SA_DIR, direction);
		expect(XFRM_SA_THERE);
		ck_assert_uint_eq(out.sa.direction, expected[direction]);
	}
}
END_TEST

START_TEST(only_rfc_3948_is_encapsulation_in_udp)
{
	static const uint16_t types[] = { UDP_ENCAP_ESPINUDP_NON_IKE, UDP_ENCAP_ESPINUDP, TCP_ENCAP_ESPINTCP };
	for (size_t i = 0; i < COUNT(types); i++) {
		struct xfrm_usersa_info info = an_sa();
		struct xfrm_encap_tmpl encap = { .encap_type = types[i] };
		sa_message(XFRM_MSG_NEWSA, &info);
		attr(XFRMA_ENCAP, &encap, sizeof(encap));
		expect(XFRM_SA_THERE);
		ck_assert(out.sa.udp_encap == (types[i] == UDP_ENCAP_ESPINUDP));
	}
}
END_TEST

START_TEST(no_octet_of_a_key_is_copied)
{
	static const uint8_t key[4] = { KEY_OCTET, KEY_OCTET, KEY_OCTET, KEY_OCTET };
	struct xfrm_usersa_info info = an_sa();
	struct xfrm_usersa_id id = {
		.daddr = info.id.daddr, .spi = info.id.spi, .family = AF_INET, .proto = IPPROTO_ESP
	};
	for (int gone = 0; gone <= 1; gone++) {
		if (gone) {
			message(XFRM_MSG_DELSA, &id, sizeof(id));
			attr(XFRMA_SA, &info, sizeof(info));
		} else {
			message(XFRM_MSG_NEWSA, &info, sizeof(info));
		}
		algo_aead("rfc4106(gcm(aes))", 288, 128);
		algo(XFRMA_ALG_CRYPT, "cbc(aes)", 256);
		algo(XFRMA_ALG_AUTH, "hmac(sha512)", 512);
		algo_trunc("hmac(sha512)", 512, 256);
		algo(XFRMA_ALG_COMP, "deflate", 64);
		ck_assert_ptr_nonnull(memmem(box.octets, box.header.nlmsg_len, key, sizeof(key)));
		ck_assert_int_eq(decode(), 0);
		ck_assert_ptr_null(memchr(&out, KEY_OCTET, sizeof(out)));
	}
}
END_TEST

/* --- Selectors ----------------------------------------------------------- */

static const struct {
	const char *addr;
	uint8_t prefix, type;
	const char *first, *last;
} nets[] = {
	{ "10.1.2.3", 32, IPM_SEL_SINGLE, "10.1.2.3", "10.1.2.3" },
	{ "10.1.2.0", 24, IPM_SEL_SUBNET, "10.1.2.0", "10.1.2.255" },
	{ "10.1.2.3", 24, IPM_SEL_SUBNET, "10.1.2.0", "10.1.2.255" },
	{ "10.1.2.129", 25, IPM_SEL_SUBNET, "10.1.2.128", "10.1.2.255" },
	{ "10.1.2.3", 31, IPM_SEL_SUBNET, "10.1.2.2", "10.1.2.3" },
	{ "10.1.2.3", 1, IPM_SEL_SUBNET, "0.0.0.0", "127.255.255.255" },
	{ "0.0.0.0", 0, IPM_SEL_SUBNET, "0.0.0.0", "255.255.255.255" },
	{ "2001:db8::1", 128, IPM_SEL_SINGLE, "2001:db8::1", "2001:db8::1" },
	{ "2001:db8::1", 127, IPM_SEL_SUBNET, "2001:db8::", "2001:db8::1" },
	{ "2001:db8:7::1", 35, IPM_SEL_SUBNET, "2001:db8::", "2001:db8:1fff:ffff:ffff:ffff:ffff:ffff" },
	{ "::", 0, IPM_SEL_SUBNET, "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
};

START_TEST(a_selector_has_the_first_and_last_address_of_its_prefix)
{
	bool v6 = strchr(nets[_i].addr, ':') != NULL;
	for (int side = 0; side <= 1; side++) {
		struct xfrm_usersa_info info = an_sa();
		info.sel.family = v6 ? AF_INET6 : AF_INET;
		*(side ? &info.sel.daddr : &info.sel.saddr) = addr(nets[_i].addr);
		*(side ? &info.sel.prefixlen_d : &info.sel.prefixlen_s) = nets[_i].prefix;
		sa_message(XFRM_MSG_NEWSA, &info);
		expect(XFRM_SA_THERE);
		expect_side(side ? &out.sa.dst_sel : &out.sa.src_sel, nets[_i].type, nets[_i].first, nets[_i].last,
			    nets[_i].prefix);
		expect_side(side ? &out.sa.src_sel : &out.sa.dst_sel, IPM_SEL_SUBNET, v6 ? "::" : "0.0.0.0",
			    v6 ? "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" : "255.255.255.255", 0);
		ck_assert(out.sa.has_sel == (nets[_i].prefix != 0));
	}
}
END_TEST

START_TEST(a_selector_without_a_family_has_the_sas)
{
	struct xfrm_usersa_info info = an_sa();
	info.sel.family = AF_UNSPEC;
	info.sel.daddr = addr("10.2.0.1");
	info.sel.prefixlen_d = 32;
	sa_message(XFRM_MSG_NEWSA, &info);
	expect(XFRM_SA_THERE);
	expect_side(&out.sa.dst_sel, IPM_SEL_SINGLE, "10.2.0.1", "10.2.0.1", 32);
}
END_TEST

START_TEST(a_prefix_is_no_longer_than_the_address)
{
	static const struct {
		uint16_t family, sel_family;
		uint8_t prefix;
	} cases[] = { { AF_INET, AF_INET, 33 },    { AF_INET, AF_INET, 255 }, { AF_INET, AF_UNSPEC, 33 },
		      { AF_INET6, AF_INET6, 129 }, { AF_INET6, AF_INET, 33 }, { AF_INET, AF_INET6, 129 },
		      { AF_INET6, AF_UNSPEC, 129 } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (int side = 0; side <= 1; side++) {
			struct xfrm_usersa_info info = an_sa();
			info.family = cases[i].family;
			info.sel.family = cases[i].sel_family;
			*(side ? &info.sel.prefixlen_d : &info.sel.prefixlen_s) = cases[i].prefix;
			sa_message(XFRM_MSG_NEWSA, &info);
			ck_assert_int_eq(decode(), -EBADMSG);
		}
	}
}
END_TEST

static const struct {
	uint8_t protocol;
	uint16_t sport, sport_mask, dport, dport_mask;
	uint16_t src_first, src_last, dst_first, dst_last;
	bool selects;
} ports[] = {
	{ 0, 0, 0, 0, 0, 0, 65535, 0, 65535, false },
	{ 17, 0, 0, 0, 0, 0, 65535, 0, 65535, true },
	{ 17, 0, 0, 1701, FULL_MASK, 0, 65535, 1701, 1701, true },
	{ 6, 80, FULL_MASK, 0, 0, 80, 80, 0, 65535, true },
	{ 0, 0, FULL_MASK, 0, 0, 0, 0, 0, 65535, true },
	{ 0, 0, 0, 65535, FULL_MASK, 0, 65535, 65535, 65535, true },
	{ 6, 1024, 0xfc00, 1055, 0xfff0, 1024, 2047, 1040, 1055, true },
	{ 6, 1, 0x0001, 80, 0, 1, 65535, 0, 65535, true },
	/* ICMP: type 8 of any code, type 3 code 1, type 8 code 0, any; types 8 and 9; code 5 of any type. */
	{ 1, 8, FULL_MASK, 0, 0, 2048, 2048, 2048, 2048, true },
	{ 1, 3, FULL_MASK, 1, FULL_MASK, 769, 769, 769, 769, true },
	{ 1, 8, FULL_MASK, 0, FULL_MASK, 2048, 2048, 2048, 2048, true },
	{ 1, 0, 0, 0, 0, 0, 65535, 0, 65535, true },
	{ 1, 8, 0xfffe, 0, 0, 2048, 2304, 2048, 2304, true },
	{ 1, 0, 0, 5, FULL_MASK, 0, 65535, 0, 65535, true },
	{ 58, 128, FULL_MASK, 0, 0, 32768, 32768, 32768, 32768, true },
};

START_TEST(a_selector_has_its_protocol_and_ports_and_of_icmp_what_vici_shows)
{
	struct xfrm_usersa_info info = an_sa();
	info.sel.proto = ports[_i].protocol;
	info.sel.sport = htons(ports[_i].sport);
	info.sel.sport_mask = htons(ports[_i].sport_mask);
	info.sel.dport = htons(ports[_i].dport);
	info.sel.dport_mask = htons(ports[_i].dport_mask);
	sa_message(XFRM_MSG_NEWSA, &info);
	expect(XFRM_SA_THERE);
	ck_assert_uint_eq(out.sa.src_sel.protocol, ports[_i].protocol);
	ck_assert_uint_eq(out.sa.dst_sel.protocol, ports[_i].protocol);
	expect_ports(&out.sa.src_sel, ports[_i].src_first, ports[_i].src_last);
	expect_ports(&out.sa.dst_sel, ports[_i].dst_first, ports[_i].dst_last);
	ck_assert(out.sa.has_sel == ports[_i].selects);
}
END_TEST

/* --- What becomes of SAs ------------------------------------------------- */

START_TEST(a_deleted_sa_comes_with_its_last_counts_and_its_attributes)
{
	struct xfrm_usersa_info info = an_sa();
	struct xfrm_usersa_id id = {
		.daddr = info.id.daddr, .spi = info.id.spi, .family = AF_INET, .proto = IPPROTO_ESP
	};
	info.curlft = (struct xfrm_lifetime_cur){ .bytes = 8400, .packets = 100 };
	info.stats.replay = 5;
	message(XFRM_MSG_DELSA, &id, sizeof(id));
	attr(XFRMA_SA, &info, sizeof(info));
	algo_aead("rfc4106(gcm(aes))", 160, 128);
	mnl_attr_put_u32(&box.header, XFRMA_IF_ID, 44);
	attr(XFRMA_REPLAY_VAL, &(struct xfrm_replay_state){ .oseq = 100 }, sizeof(struct xfrm_replay_state));
	expect(XFRM_SA_GONE);
	ck_assert(out.has_sa);
	ck_assert_uint_eq(out.sa.key.spi, 0xc0ffee01);
	ck_assert_uint_eq(out.sa.octets, 8400);
	ck_assert_uint_eq(out.sa.pkts, 100);
	ck_assert_uint_eq(out.sa.replays, 5);
	ck_assert_uint_eq(out.sa.seq_out, 100);
	ck_assert_uint_eq(out.sa.if_id, 44);
	ck_assert_uint_eq(out.sa.proposal.encr, 20);
	ck_assert_uint_eq(out.sa.proposal.encr_bits, 128);
}
END_TEST

START_TEST(a_deleted_sa_that_is_not_there_is_known_by_its_key)
{
	struct xfrm_usersa_id id = {
		.daddr = addr("2001:db8::2"), .spi = htonl(0xc0ffee01), .family = AF_INET6, .proto = IPPROTO_AH
	};
	message(XFRM_MSG_DELSA, &id, sizeof(id));
	attr(XFRMA_MARK, &(struct xfrm_mark){ .v = 5, .m = 7 }, sizeof(struct xfrm_mark));
	expect(XFRM_SA_GONE);
	ck_assert(!out.has_sa);
	expect_addr(&out.sa.key.dst, "2001:db8::2");
	ck_assert_uint_eq(out.sa.key.spi, 0xc0ffee01);
	ck_assert_uint_eq(out.sa.key.protocol, 51);
	ck_assert_uint_eq(out.sa.mark, 5);
	ck_assert_uint_eq(out.sa.mark_mask, 7);
}
END_TEST

START_TEST(an_expired_sa_is_gone_when_it_was_the_hard_limit)
{
	for (uint8_t hard = 0; hard <= 1; hard++) {
		struct xfrm_user_expire expire = { .state = an_sa(), .hard = hard };
		expire.state.curlft.bytes = 1000;
		message(XFRM_MSG_EXPIRE, &expire, sizeof(expire));
		mnl_attr_put_u32(&box.header, XFRMA_IF_ID, 44);
		mnl_attr_put_u8(&box.header, SA_DIR, 1);
		expect(XFRM_SA_EXPIRED);
		ck_assert(out.hard == (hard != 0));
		ck_assert(!out.sa.larval); /* without algorithms, nothing is known about them */
		ck_assert_uint_eq(out.sa.octets, 1000);
		ck_assert_uint_eq(out.sa.if_id, 44);
		ck_assert_uint_eq(out.sa.direction, IPM_IN);
	}
}
END_TEST

START_TEST(a_larval_sa_that_expires_has_no_spi)
{
	struct xfrm_user_expire expire = { .state = an_sa(), .hard = 1 };
	expire.state.id.spi = 0;
	message(XFRM_MSG_EXPIRE, &expire, sizeof(expire));
	expect(XFRM_SA_EXPIRED);
	ck_assert(out.sa.larval);
}
END_TEST

START_TEST(a_flush_is_of_one_protocol_or_of_all)
{
	static const struct {
		uint8_t protocol;
		int rc;
		uint8_t expected;
	} cases[] = {
		{ 0, 0, 0 },        { 50, 0, 50 }, { 51, 0, 51 },
		{ 108, 0, 108 },    { 255, 0, 0 }, /* IPSEC_PROTO_ANY */ { 4, -ENOMSG, 0 },
		{ 43, -ENOMSG, 0 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		message(XFRM_MSG_FLUSHSA, &(struct xfrm_usersa_flush){ .proto = cases[i].protocol },
			sizeof(struct xfrm_usersa_flush));
		ck_assert_int_eq(decode(), cases[i].rc);
		ck_assert_int_eq(out.kind, XFRM_SAS_FLUSHED);
		if (cases[i].rc == 0)
			ck_assert_uint_eq(out.sa.key.protocol, cases[i].expected);
	}
}
END_TEST

START_TEST(a_counting_event_has_the_counts_that_it_tells)
{
	struct xfrm_aevent_id id = { .sa_id = { .daddr = addr("192.0.2.2"),
						.spi = htonl(0xc0ffee01),
						.family = AF_INET,
						.proto = IPPROTO_ESP },
				     .saddr = addr("192.0.2.1"),
				     .reqid = 7,
				     .flags = XFRM_AE_CR };
	struct xfrm_lifetime_cur cur = { .bytes = 8400, .packets = 100, .add_time = 5, .use_time = 6 };
	message(XFRM_MSG_NEWAE, &id, sizeof(id));
	esn_state(&(struct xfrm_replay_state_esn){ .bmp_len = 2, .seq = 9, .seq_hi = 1, .oseq = 8, .oseq_hi = 2 });
	expect(XFRM_COUNTED);
	ck_assert(!out.has_sa);
	ck_assert_uint_eq(out.sa.key.spi, 0xc0ffee01);
	expect_addr(&out.sa.key.dst, "192.0.2.2");
	expect_addr(&out.sa.src, "192.0.2.1");
	ck_assert_uint_eq(out.sa.reqid, 7);
	ck_assert_uint_eq(out.sa.seq_in, (1ULL << 32) + 9);
	ck_assert_uint_eq(out.sa.seq_out, (2ULL << 32) + 8);

	attr(XFRMA_LTIME_VAL, &cur, sizeof(cur));
	expect(XFRM_COUNTED);
	ck_assert(out.has_sa);
	ck_assert_uint_eq(out.sa.octets, 8400);
	ck_assert_uint_eq(out.sa.pkts, 100);
	ck_assert_uint_eq(out.sa.added, 5);
	ck_assert_uint_eq(out.sa.used, 6);
}
END_TEST

START_TEST(a_mapping_has_the_new_address_of_the_peer)
{
	struct xfrm_user_mapping mapping = {
		.id = { .daddr = addr("192.0.2.2"), .spi = htonl(0xc0ffee01), .family = AF_INET, .proto = IPPROTO_ESP },
		.reqid = 7,
		.old_saddr = addr("198.51.100.1"),
		.new_saddr = addr("203.0.113.1"),
		.old_sport = htons(4500),
		.new_sport = htons(1025)
	};
	message(XFRM_MSG_MAPPING, &mapping, sizeof(mapping));
	expect(XFRM_MAPPED);
	ck_assert_uint_eq(out.sa.key.spi, 0xc0ffee01);
	ck_assert_uint_eq(out.sa.reqid, 7);
	expect_addr(&out.sa.src, "203.0.113.1");
}
END_TEST

START_TEST(a_report_is_ours_when_its_protocol_is)
{
	struct xfrm_user_report report = { .proto = IPPROTO_ESP, .sel = a_policy().sel };
	message(XFRM_MSG_REPORT, &report, sizeof(report));
	expect(XFRM_REPORTED);
	ck_assert_uint_eq(out.sa.key.protocol, 50);
	expect_side(&out.sa.src_sel, IPM_SEL_SUBNET, "10.1.0.0", "10.1.255.255", 16);
	report.proto = IPPROTO_ROUTING;
	message(XFRM_MSG_REPORT, &report, sizeof(report));
	ck_assert_int_eq(decode(), -ENOMSG);
}
END_TEST

START_TEST(an_acquire_has_the_packet_and_the_family_of_its_template)
{
	struct xfrm_user_acquire acquire = { .id = { .daddr = addr("2001:db8::2"), .proto = IPPROTO_ESP },
					     .saddr = addr("2001:db8::1"),
					     .sel = { .family = AF_INET,
						      .saddr = addr("10.1.0.5"),
						      .daddr = addr("10.2.0.6"),
						      .prefixlen_s = 32,
						      .prefixlen_d = 32,
						      .proto = 6,
						      .sport = htons(40000),
						      .sport_mask = FULL_MASK,
						      .dport = htons(80),
						      .dport_mask = FULL_MASK },
					     .policy = a_policy() };
	struct xfrm_user_tmpl tmpl[3] = { a_tmpl(), a_tmpl(), a_tmpl() };
	tmpl[0].id.proto = IPPROTO_COMP;
	tmpl[0].reqid = 99;
	tmpl[1].family = AF_INET6;
	message(XFRM_MSG_ACQUIRE, &acquire, sizeof(acquire));
	attr(XFRMA_TMPL, tmpl, sizeof(tmpl));
	mnl_attr_put_u32(&box.header, XFRMA_IF_ID, 44);
	expect(XFRM_ACQUIRED);
	expect_addr(&out.sa.key.dst, "2001:db8::2");
	expect_addr(&out.sa.src, "2001:db8::1");
	ck_assert_uint_eq(out.sa.key.spi, 0);
	ck_assert_uint_eq(out.sa.key.protocol, 50);
	ck_assert(out.sa.larval);
	ck_assert_uint_eq(out.sa.reqid, 7);
	ck_assert_uint_eq(out.sa.encap, IPM_ENCAP_TUNNEL);
	ck_assert_uint_eq(out.sa.if_id, 44);
	expect_side(&out.sa.src_sel, IPM_SEL_SINGLE, "10.1.0.5", "10.1.0.5", 32);
	expect_side(&out.sa.dst_sel, IPM_SEL_SINGLE, "10.2.0.6", "10.2.0.6", 32);
	expect_ports(&out.sa.src_sel, 40000, 40000);
	expect_ports(&out.sa.dst_sel, 80, 80);
}
END_TEST

START_TEST(an_acquire_without_a_template_has_the_family_of_the_packet)
{
	struct xfrm_user_acquire acquire = { .id = { .daddr = addr("192.0.2.2"), .proto = IPPROTO_ESP },
					     .sel = { .family = AF_INET },
					     .policy = a_policy() };
	message(XFRM_MSG_ACQUIRE, &acquire, sizeof(acquire));
	expect(XFRM_ACQUIRED);
	expect_addr(&out.sa.key.dst, "192.0.2.2");
	expect_addr(&out.sa.src, "");
	ck_assert_uint_eq(out.sa.reqid, 0);
}
END_TEST

/* --- Policies ------------------------------------------------------------ */

START_TEST(a_policy_has_what_the_kernel_says_of_it)
{
	struct xfrm_userpolicy_info info = a_policy();
	struct xfrm_user_tmpl tmpl[2] = { a_tmpl(), a_tmpl() };
	info.priority = 375423;
	info.sel.proto = 17;
	info.sel.dport = htons(53);
	info.sel.dport_mask = FULL_MASK;
	tmpl[0].id.proto = IPPROTO_COMP;
	tmpl[0].optional = 1;
	tmpl[1].mode = XFRM_MODE_TRANSPORT;
	message(XFRM_MSG_NEWPOLICY, &info, sizeof(info));
	attr(XFRMA_TMPL, tmpl, sizeof(tmpl));
	attr(XFRMA_POLICY_TYPE, &(struct xfrm_userpolicy_type){ .type = XFRM_POLICY_TYPE_MAIN },
	     sizeof(struct xfrm_userpolicy_type));
	attr(XFRMA_MARK, &(struct xfrm_mark){ .v = 5, .m = 7 }, sizeof(struct xfrm_mark));
	mnl_attr_put_u32(&box.header, XFRMA_IF_ID, 44);

	expect(XFRM_POLICY_THERE);
	ck_assert_uint_eq(out.policy.index, 9);
	ck_assert_uint_eq(out.policy.direction, XFRM_OUT);
	ck_assert(!out.policy.block);
	ck_assert_uint_eq(out.policy.priority, 375423);
	ck_assert_uint_eq(out.policy.mark, 5);
	ck_assert_uint_eq(out.policy.mark_mask, 7);
	ck_assert_uint_eq(out.policy.if_id, 44);
	expect_side(&out.policy.src, IPM_SEL_SUBNET, "10.1.0.0", "10.1.255.255", 16);
	expect_side(&out.policy.dst, IPM_SEL_SUBNET, "10.2.0.0", "10.2.0.255", 24);
	ck_assert_uint_eq(out.policy.src.protocol, 17);
	expect_ports(&out.policy.src, 0, 65535);
	expect_ports(&out.policy.dst, 53, 53);
	ck_assert_uint_eq(out.policy.tmpls, 2);
	ck_assert_uint_eq(out.policy.tmpl[0].protocol, 108);
	ck_assert(out.policy.tmpl[0].optional);
	ck_assert_uint_eq(out.policy.tmpl[0].encap, IPM_ENCAP_TUNNEL);
	ck_assert_uint_eq(out.policy.tmpl[1].protocol, 50);
	ck_assert(!out.policy.tmpl[1].optional);
	ck_assert_uint_eq(out.policy.tmpl[1].encap, IPM_ENCAP_TRANSPORT);
	ck_assert_uint_eq(out.policy.tmpl[1].reqid, 7);
	expect_addr(&out.policy.tmpl[1].src, "192.0.2.1");
	expect_addr(&out.policy.tmpl[1].dst, "192.0.2.2");
}
END_TEST

START_TEST(a_policy_without_templates_wants_no_sa_and_may_block)
{
	struct xfrm_userpolicy_info info = a_policy();
	info.action = XFRM_POLICY_BLOCK;
	message(XFRM_MSG_UPDPOLICY, &info, sizeof(info));
	expect(XFRM_POLICY_THERE);
	ck_assert(out.policy.block);
	ck_assert_uint_eq(out.policy.tmpls, 0);
}
END_TEST

START_TEST(an_address_of_zeros_in_a_template_is_none)
{
	struct xfrm_userpolicy_info info = a_policy();
	struct xfrm_user_tmpl tmpl = a_tmpl();
	tmpl.family = AF_INET6;
	tmpl.id.daddr = addr("::");
	tmpl.saddr = addr("2001:db8::1");
	message(XFRM_MSG_NEWPOLICY, &info, sizeof(info));
	attr(XFRMA_TMPL, &tmpl, sizeof(tmpl));
	expect(XFRM_POLICY_THERE);
	expect_addr(&out.policy.tmpl[0].dst, "");
	expect_addr(&out.policy.tmpl[0].src, "2001:db8::1");
}
END_TEST

START_TEST(a_template_without_a_family_has_the_policys)
{
	struct xfrm_userpolicy_info info = a_policy();
	struct xfrm_user_tmpl tmpl = a_tmpl();
	tmpl.family = AF_UNSPEC;
	message(XFRM_MSG_NEWPOLICY, &info, sizeof(info));
	attr(XFRMA_TMPL, &tmpl, sizeof(tmpl));
	expect(XFRM_POLICY_THERE);
	expect_addr(&out.policy.tmpl[0].dst, "192.0.2.2");
}
END_TEST

START_TEST(a_template_of_another_family_is_malformed_and_of_another_protocol_not_ours)
{
	struct xfrm_userpolicy_info info = a_policy();
	struct xfrm_user_tmpl tmpl[2] = { a_tmpl(), a_tmpl() };
	tmpl[1].family = 17;
	message(XFRM_MSG_NEWPOLICY, &info, sizeof(info));
	attr(XFRMA_TMPL, tmpl, sizeof(tmpl));
	ck_assert_int_eq(decode(), -EBADMSG);
	tmpl[1].family = AF_INET;
	tmpl[1].id.proto = IPPROTO_ROUTING;
	message(XFRM_MSG_NEWPOLICY, &info, sizeof(info));
	attr(XFRMA_TMPL, tmpl, sizeof(tmpl));
	ck_assert_int_eq(decode(), -ENOMSG);
}
END_TEST

START_TEST(a_policy_has_up_to_six_templates)
{
	static struct xfrm_user_tmpl tmpl[255];
	struct xfrm_userpolicy_info info = a_policy();
	for (size_t i = 0; i < COUNT(tmpl); i++) {
		tmpl[i] = a_tmpl();
		tmpl[i].reqid = (uint32_t)i + 1;
	}
	for (size_t count = 1; count <= COUNT(tmpl); count++) {
		message(XFRM_MSG_NEWPOLICY, &info, sizeof(info));
		attr(XFRMA_TMPL, tmpl, count * sizeof(tmpl[0]));
		ck_assert_int_eq(decode(), count <= 6 ? 0 : -EBADMSG);
		if (count <= 6) {
			ck_assert_uint_eq(out.policy.tmpls, count);
			ck_assert_uint_eq(out.policy.tmpl[count - 1].reqid, count);
		}
	}
}
END_TEST

START_TEST(half_a_template_is_malformed)
{
	struct xfrm_userpolicy_info info = a_policy();
	struct xfrm_user_acquire acquire = { .id.proto = IPPROTO_ESP, .sel = info.sel };
	struct xfrm_user_tmpl tmpl[2] = { a_tmpl(), a_tmpl() };
	for (size_t len = 0; len <= sizeof(tmpl); len++) {
		bool whole = len == sizeof(tmpl[0]) || len == sizeof(tmpl);
		message(XFRM_MSG_NEWPOLICY, &info, sizeof(info));
		attr(XFRMA_TMPL, tmpl, len);
		ck_assert_int_eq(decode(), whole ? 0 : -EBADMSG);
		message(XFRM_MSG_ACQUIRE, &acquire, sizeof(acquire));
		attr(XFRMA_TMPL, tmpl, len);
		ck_assert_int_eq(decode(), whole ? 0 : -EBADMSG);
	}
}
END_TEST

START_TEST(directions_are_three_and_the_same_for_sockets)
{
	for (unsigned int direction = 0; direction < 256; direction++) {
		struct xfrm_userpolicy_info info = a_policy();
		info.dir = (uint8_t)direction;
		message(XFRM_MSG_NEWPOLICY, &info, sizeof(info));
		ck_assert_int_eq(decode(), direction <= XFRM_SOCKET_FWD ? 0 : -EBADMSG);
		if (direction <= XFRM_SOCKET_FWD)
			ck_assert_uint_eq(out.policy.direction, direction);
	}
}
END_TEST

START_TEST(a_policy_without_a_family_is_malformed)
{
	struct xfrm_userpolicy_info info = a_policy();
	info.sel.family = AF_UNSPEC;
	message(XFRM_MSG_NEWPOLICY, &info, sizeof(info));
	ck_assert_int_eq(decode(), -EBADMSG);
}
END_TEST

START_TEST(a_deleted_policy_is_the_one_in_the_attribute)
{
	struct xfrm_userpolicy_id id = { .index = 4711, .dir = XFRM_POLICY_IN };
	struct xfrm_userpolicy_info info = a_policy();
	struct xfrm_user_tmpl tmpl = a_tmpl();
	message(XFRM_MSG_DELPOLICY, &id, sizeof(id));
	attr(XFRMA_POLICY, &info, sizeof(info));
	attr(XFRMA_TMPL, &tmpl, sizeof(tmpl));
	mnl_attr_put_u32(&box.header, XFRMA_IF_ID, 44);
	expect(XFRM_POLICY_GONE);
	ck_assert_uint_eq(out.policy.index, 9);
	ck_assert_uint_eq(out.policy.direction, XFRM_OUT);
	ck_assert_uint_eq(out.policy.if_id, 44);
	ck_assert_uint_eq(out.policy.tmpls, 1);
	message(XFRM_MSG_DELPOLICY, &id, sizeof(id));
	ck_assert_int_eq(decode(), -EBADMSG);
}
END_TEST

START_TEST(an_expired_policy_is_gone_at_its_hard_limit_and_none_of_our_business_before)
{
	struct xfrm_user_polexpire expire = { .pol = a_policy(), .hard = 1 };
	message(XFRM_MSG_POLEXPIRE, &expire, sizeof(expire));
	expect(XFRM_POLICY_GONE);
	ck_assert(out.hard);
	ck_assert_uint_eq(out.policy.index, 9);
	expire.hard = 0;
	message(XFRM_MSG_POLEXPIRE, &expire, sizeof(expire));
	ck_assert_int_eq(decode(), -ENOMSG);
}
END_TEST

START_TEST(policies_are_flushed)
{
	message(XFRM_MSG_FLUSHPOLICY, NULL, 0);
	expect(XFRM_POLICIES_FLUSHED);
}
END_TEST

START_TEST(policies_of_the_second_kind_are_not_ours)
{
	struct xfrm_userpolicy_info info = a_policy();
	struct xfrm_userpolicy_type sub = { .type = XFRM_POLICY_TYPE_SUB };
	message(XFRM_MSG_NEWPOLICY, &info, sizeof(info));
	attr(XFRMA_POLICY_TYPE, &sub, sizeof(sub));
	ck_assert_int_eq(decode(), -ENOMSG);
	message(XFRM_MSG_FLUSHPOLICY, NULL, 0);
	attr(XFRMA_POLICY_TYPE, &sub, sizeof(sub));
	ck_assert_int_eq(decode(), -ENOMSG);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("xfrm_decode");
	TCase *tc = tcase_create("SAs");
	tcase_add_test(tc, an_sa_has_what_the_kernel_says_of_it);
	tcase_add_test(tc, an_sa_that_says_the_least_has_nothing_more);
	tcase_add_test(tc, an_sa_of_ipv6_has_addresses_of_16_octets);
	tcase_add_test(tc, a_limit_of_infinity_is_none);
	tcase_add_loop_test(tc, modes_are_tunnel_transport_and_beet_and_iptfs_is_a_tunnel, 0, COUNT(modes));
	tcase_add_test(tc, an_sa_of_any_other_protocol_is_not_ours);
	tcase_add_test(tc, families_other_than_ip_are_malformed);
	tcase_add_test(tc, a_source_of_zeros_is_none_and_a_destination_of_zeros_stays);
	tcase_add_test(tc, an_sa_without_an_algorithm_or_an_spi_is_larval);
	tcase_add_test(tc, of_ipcomp_the_spi_is_the_cpi_and_there_is_no_proposal);
	tcase_add_test(tc, sequence_numbers_have_64_bits_with_esn_and_32_without);
	tcase_add_test(tc, a_window_larger_than_a_bitmap_field_counts_in_place_of_the_small_one);
	tcase_add_test(tc, only_a_known_direction_is_told);
	tcase_add_test(tc, only_rfc_3948_is_encapsulation_in_udp);
	tcase_add_test(tc, no_octet_of_a_key_is_copied);
	suite_add_tcase(suite, tc);
	tc = tcase_create("selectors");
	tcase_add_loop_test(tc, a_selector_has_the_first_and_last_address_of_its_prefix, 0, COUNT(nets));
	tcase_add_test(tc, a_selector_without_a_family_has_the_sas);
	tcase_add_test(tc, a_prefix_is_no_longer_than_the_address);
	tcase_add_loop_test(tc, a_selector_has_its_protocol_and_ports_and_of_icmp_what_vici_shows, 0, COUNT(ports));
	suite_add_tcase(suite, tc);
	tc = tcase_create("events");
	tcase_add_test(tc, a_deleted_sa_comes_with_its_last_counts_and_its_attributes);
	tcase_add_test(tc, a_deleted_sa_that_is_not_there_is_known_by_its_key);
	tcase_add_test(tc, an_expired_sa_is_gone_when_it_was_the_hard_limit);
	tcase_add_test(tc, a_larval_sa_that_expires_has_no_spi);
	tcase_add_test(tc, a_flush_is_of_one_protocol_or_of_all);
	tcase_add_test(tc, a_counting_event_has_the_counts_that_it_tells);
	tcase_add_test(tc, a_mapping_has_the_new_address_of_the_peer);
	tcase_add_test(tc, a_report_is_ours_when_its_protocol_is);
	tcase_add_test(tc, an_acquire_has_the_packet_and_the_family_of_its_template);
	tcase_add_test(tc, an_acquire_without_a_template_has_the_family_of_the_packet);
	suite_add_tcase(suite, tc);
	tc = tcase_create("policies");
	tcase_add_test(tc, a_policy_has_what_the_kernel_says_of_it);
	tcase_add_test(tc, a_policy_without_templates_wants_no_sa_and_may_block);
	tcase_add_test(tc, an_address_of_zeros_in_a_template_is_none);
	tcase_add_test(tc, a_template_without_a_family_has_the_policys);
	tcase_add_test(tc, a_template_of_another_family_is_malformed_and_of_another_protocol_not_ours);
	tcase_add_test(tc, a_policy_has_up_to_six_templates);
	tcase_add_test(tc, half_a_template_is_malformed);
	tcase_add_test(tc, directions_are_three_and_the_same_for_sockets);
	tcase_add_test(tc, a_policy_without_a_family_is_malformed);
	tcase_add_test(tc, a_deleted_policy_is_the_one_in_the_attribute);
	tcase_add_test(tc, an_expired_policy_is_gone_at_its_hard_limit_and_none_of_our_business_before);
	tcase_add_test(tc, policies_are_flushed);
	tcase_add_test(tc, policies_of_the_second_kind_are_not_ours);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
