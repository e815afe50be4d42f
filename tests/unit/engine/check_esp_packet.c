/* SPDX-License-Identifier: ISC */
/* Whole packets, with the IP and UDP headers outside. */

#include "esp_fixture.h"

/* --- Whole packets ------------------------------------------------------- */

static struct ipm_addr
addr(const char *text)
{
	struct ipm_addr a = { .len = strchr(text, ':') ? 16 : 4 };
	ck_assert_int_eq(inet_pton(a.len == 16 ? AF_INET6 : AF_INET, text, a.bytes), 1);
	return a;
}

static uint32_t
ones_sum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* A UDP packet; IPv4 with 4 octets of options, IPv6 with hop-by-hop, routing and destination options. */
static size_t
ip_packet(uint8_t *ip, int family, size_t data)
{
	size_t header = family == 4 ? 24 : 64, len = header + 8 + data;

	memset(ip, 0, header);
	fill(ip + header, 8 + data);
	if (family == 4) {
		put16(ip, 0x4600);
		put16(ip + 2, (uint32_t)len);
		put16(ip + 4, 0x1234);
		ip[8] = 17; /* hop limit; it happens to be the number of UDP */
		ip[9] = 17;
		put32(ip + 12, 0x0a000001);
		put32(ip + 16, 0x0a000002);
		put32(ip + 20, 0x01010100);
		put16(ip + 10, ~ones_sum(ip, 24));
	} else {
		put32(ip, 0x60000000 | 0x12345);
		put16(ip + 4, (uint32_t)(len - 40));
		ip[7] = 17;
		ip[8] = 0xfd;
		ip[24] = 0xfe;
		ip[40] = 43; /* hop-by-hop, then routing, then destination options for the destination */
		ip[48] = 60;
		ip[56] = 17;
		put32(ip + 42, 0x01040000);
		put32(ip + 58, 0x01040000);
	}
	return len;
}

static const struct way {
	enum ipm_encap mode;
	int inner, outer;
	bool udp;
} ways[] = {
	{ IPM_ENCAP_TUNNEL, 4, 4, false },    { IPM_ENCAP_TUNNEL, 4, 6, false },   { IPM_ENCAP_TUNNEL, 6, 4, false },
	{ IPM_ENCAP_TUNNEL, 6, 6, false },    { IPM_ENCAP_TUNNEL, 4, 4, true },    { IPM_ENCAP_TUNNEL, 4, 6, true },
	{ IPM_ENCAP_TUNNEL, 6, 4, true },     { IPM_ENCAP_TUNNEL, 6, 6, true },    { IPM_ENCAP_TRANSPORT, 4, 4, false },
	{ IPM_ENCAP_TRANSPORT, 6, 6, false }, { IPM_ENCAP_TRANSPORT, 4, 4, true }, { IPM_ENCAP_TRANSPORT, 6, 6, true },
};

static void
pair_way(int suite, const struct way *w, uint8_t esn)
{
	struct esp_conf conf = conf_of(suite);

	conf.mode = w->mode;
	conf.proposal.esn = esn;
	if (w->mode == IPM_ENCAP_TUNNEL) {
		conf.src = addr(w->outer == 4 ? "192.0.2.1" : "2001:db8::1");
		conf.dst = addr(w->outer == 4 ? "192.0.2.2" : "2001:db8::2");
	}
	if (w->udp) {
		conf.udp_src = 4500;
		conf.udp_dst = 14500;
	}
	pair(conf);
}

/* A packet in the middle of a buffer with the room that is always enough, and no more. */
static uint8_t memory[70000 + ESP_HEADROOM + ESP_TAILROOM];

static struct esp_buf
buffer(const uint8_t *packet, size_t len)
{
	struct esp_buf buf = { memory, ESP_HEADROOM + len + ESP_TAILROOM, ESP_HEADROOM, len };
	memset(memory, 0xee, buf.size + 1);
	memcpy(memory + buf.at, packet, len);
	return buf;
}

START_TEST(a_packet_comes_out_as_it_went_in_on_every_way)
{
	static uint8_t packet[2000];

	for (int suite = 0; suite < SUITES; suite++) {
		for (uint8_t esn = 0; esn < 2; esn++) {
			pair_way(suite, &ways[_i], esn);
			for (size_t data = 0; data < 1500; data = data < 40 ? data + 1 : data * 2) {
				size_t len = ip_packet(packet, ways[_i].inner, data);
				struct esp_buf buf = buffer(packet, len);
				ck_assert_int_eq(esp_packet_seal(sender, NOW, &buf), ESP_OK);
				ck_assert_uint_le(buf.at + buf.len, buf.size);
				ck_assert_uint_eq(memory[buf.size], 0xee);
				const uint8_t *ip = memory + buf.at;
				ck_assert_int_eq(ip[0] >> 4, ways[_i].outer);
				if (ways[_i].outer == 4) {
					ck_assert_uint_eq(get16(ip + 2), buf.len);
					ck_assert_uint_eq(ones_sum(ip, 4u * (ip[0] & 15u)), 0xffff);
					ck_assert_uint_eq(ip[9], ways[_i].udp ? 17 : 50);
				} else {
					ck_assert_uint_eq(get16(ip + 4) + 40u, buf.len);
				}
				ck_assert_int_eq(esp_packet_open(receiver, NOW, &buf), ESP_OK);
				ck_assert_uint_eq(buf.len, len);
				ck_assert_mem_eq(memory + buf.at, packet, len);
			}
			ck_assert_uint_eq(all_drops(sender), 0);
			ck_assert_uint_eq(all_drops(receiver), 0);
			ck_assert_uint_eq(esp_sa_octets(sender), counted.octets);
			ck_assert_uint_gt(counted.octets, 0);
			unpair();
		}
	}
}
END_TEST

static const struct way tunnel44 = { IPM_ENCAP_TUNNEL, 4, 4, false };

START_TEST(an_outer_header_is_made_of_the_sa_and_the_inner_one)
{
	uint8_t packet[128];
	struct esp_buf buf;
	size_t len = ip_packet(packet, 4, 20);

	packet[1] = 0xb9; /* EF, ECT(1) */
	pair_way(GCM_SUITE, &tunnel44, 0);
	buf = buffer(packet, len);
	ck_assert_int_eq(esp_packet_seal(sender, NOW, &buf), ESP_OK);
	const uint8_t *ip = memory + buf.at;
	ck_assert_uint_eq(ip[0], 0x45);
	ck_assert_uint_eq(ip[1], 0xb9);
	ck_assert_uint_eq(get16(ip + 4), 1); /* may be fragmented */
	ck_assert_uint_eq(get16(ip + 6), 0);
	ck_assert_uint_eq(ip[8], 64);
	ck_assert_uint_eq(ip[9], 50);
	ck_assert_uint_eq(get32(ip + 12), 0xc0000201);
	ck_assert_uint_eq(get32(ip + 16), 0xc0000202);
	ck_assert_uint_eq(get32(ip + 20), SPI);
	ck_assert_uint_eq(get32(ip + 24), 1);
	packet[6] = 0x40; /* may not */
	buf = buffer(packet, len);
	ck_assert_int_eq(esp_packet_seal(sender, NOW, &buf), ESP_OK);
	ck_assert_uint_eq(get16(memory + buf.at + 6), 0x4000);
	packet[6] = 0x20; /* is one already */
	buf = buffer(packet, len);
	ck_assert_int_eq(esp_packet_seal(sender, NOW, &buf), ESP_OK);
	ck_assert_uint_eq(get16(memory + buf.at + 6), 0);
	unpair();

	pair_way(GCM_SUITE, &(struct way){ IPM_ENCAP_TUNNEL, 6, 6, true }, 0);
	len = ip_packet(packet, 6, 20);
	put16(packet, 0x6b91);
	buf = buffer(packet, len);
	ck_assert_int_eq(esp_packet_seal(sender, NOW, &buf), ESP_OK);
	ip = memory + buf.at;
	ck_assert_uint_eq(get32(ip), 0x6b900000);
	ck_assert_uint_eq(ip[6], 17);
	ck_assert_uint_eq(ip[7], 64);
	ck_assert_uint_eq(get16(ip + 40), 4500);
	ck_assert_uint_eq(get16(ip + 42), 14500);
	ck_assert_uint_eq(get16(ip + 44), buf.len - 40);
	uint8_t pseudo[40 + 256];
	memcpy(pseudo, ip + 8, 32);
	put32(pseudo + 32, (uint32_t)buf.len - 40);
	put32(pseudo + 36, 17);
	memcpy(pseudo + 40, ip + 40, buf.len - 40);
	ck_assert_uint_eq(ones_sum(pseudo, buf.len), 0xffff);
	unpair();

	pair_way(GCM_SUITE, &(struct way){ IPM_ENCAP_TUNNEL, 6, 4, true }, 0);
	buf = buffer(packet, len);
	ck_assert_int_eq(esp_packet_seal(sender, NOW, &buf), ESP_OK);
	ip = memory + buf.at;
	ck_assert_uint_eq(ip[1], 0xb9);
	ck_assert_uint_eq(get16(ip + 6), 0x4000); /* routers don't fragment IPv6 */
	ck_assert_uint_eq(get16(ip + 26), 0);
	unpair();
}
END_TEST

START_TEST(transport_mode_leaves_in_front_what_is_for_the_way)
{
	uint8_t packet[128];
	size_t len = ip_packet(packet, 6, 20);
	struct esp_buf buf = buffer(packet, len);

	pair_way(GCM_SUITE, &(struct way){ IPM_ENCAP_TRANSPORT, 6, 6, false }, 0);
	ck_assert_int_eq(esp_packet_seal(sender, NOW, &buf), ESP_OK);
	const uint8_t *ip = memory + buf.at;
	ck_assert_mem_eq(ip + 8, packet + 8, 40);
	ck_assert_uint_eq(ip[48], 50); /* the routing header's next; the destination options are hidden */
	ck_assert_uint_eq(get32(ip + 56), SPI);
	ck_assert_int_eq(esp_packet_open(receiver, NOW, &buf), ESP_OK);
	/* The peer may have put them in front (RFC 4303 3.1.1). */
	uint8_t esp[256], options[8] = { 50, 0, 1, 4 }, payload[8] = { 0 };
	size_t size = sizeof(esp);
	ck_assert_int_eq(esp_seal(sender, NOW, 17, payload, sizeof(payload), esp, &size), ESP_OK);
	memset(packet, 0, 40);
	packet[0] = 0x60;
	packet[6] = 60;
	memcpy(packet + 40, options, 8);
	memcpy(packet + 48, esp, size);
	put16(packet + 4, (uint32_t)size + 8);
	buf = buffer(packet, 48 + size);
	ck_assert_int_eq(esp_packet_open(receiver, NOW, &buf), ESP_OK);
	ck_assert_uint_eq(buf.len, 56);
	ck_assert_uint_eq(memory[buf.at + 40], 17);
	unpair();
}
END_TEST

static void
expect_packet(struct esp_sa *sa, struct esp_buf buf, enum esp_drop why)
{
	uint64_t all = all_drops(sa), mine = esp_sa_drops(sa, why), pkts = esp_sa_pkts(sa);
	enum esp_drop is = sa == sender ? esp_packet_seal(sa, NOW, &buf) : esp_packet_open(sa, NOW, &buf);

	ck_assert_msg(is == why, "'%s' and not '%s'", esp_drop_text(is), esp_drop_text(why));
	ck_assert_uint_eq(all_drops(sa), all + (why != ESP_OK));
	ck_assert_uint_eq(esp_sa_drops(sa, why), mine + (why != ESP_OK));
	ck_assert_uint_eq(esp_sa_pkts(sa), pkts + (why == ESP_OK));
}

START_TEST(what_is_no_ip_packet_is_not_sealed)
{
	uint8_t packet[256];
	size_t len = ip_packet(packet, ways[_i].inner, 50);
	struct esp_buf buf;

	pair_way(GCM_SUITE, &ways[_i], 0);
	for (size_t cut = 0; cut < len; cut++)
		expect_packet(sender, buffer(packet, cut), ESP_DROP_HEADER);
	for (unsigned v = 0; v < 16; v++) {
		packet[0] = (uint8_t)(v << 4 | (packet[0] & 15));
		if (v != 4 && v != 6)
			expect_packet(sender, buffer(packet, len), ESP_DROP_HEADER);
	}
	len = ip_packet(packet, ways[_i].inner, 50);
	bool tunnel = ways[_i].mode == IPM_ENCAP_TUNNEL;
	if (ways[_i].inner == 4) {
		packet[0] = 0x44;
		expect_packet(sender, buffer(packet, len), ESP_DROP_HEADER);
		packet[0] = 0x46;
		packet[7] = 1;
		expect_packet(sender, buffer(packet, len), tunnel ? ESP_OK : ESP_DROP_FRAGMENT);
		put16(packet + 6, 0x2000);
		expect_packet(sender, buffer(packet, len), tunnel ? ESP_OK : ESP_DROP_FRAGMENT);
	} else {
		packet[48] = 44;
		expect_packet(sender, buffer(packet, len), tunnel ? ESP_OK : ESP_DROP_FRAGMENT);
		packet[48] = 43;
		packet[57] = 200; /* a routing header beyond the packet */
		expect_packet(sender, buffer(packet, len), tunnel ? ESP_OK : ESP_DROP_HEADER);
	}
	/* Headers that extend past the end of the packet. */
	len = ip_packet(packet, ways[_i].inner, 50);
	if (ways[_i].inner == 4)
		put16(packet + 2, 23);
	else
		put16(packet + 4, 4);
	expect_packet(sender, buffer(packet, len), tunnel && ways[_i].inner == 6 ? ESP_OK : ESP_DROP_HEADER);
	/* Too little room at either end, and a packet that becomes too long. */
	len = ip_packet(packet, ways[_i].inner, 50);
	buf = buffer(packet, len);
	size_t front = (tunnel ? (ways[_i].outer == 4 ? 20 : 40) : 0) + (ways[_i].udp ? 8 : 0) + 16;
	memmove(memory + front - 1, packet, len);
	expect_packet(sender, (struct esp_buf){ memory, buf.size, front - 1, len }, ESP_DROP_ROOM);
	memmove(memory + front, packet, len);
	expect_packet(sender, (struct esp_buf){ memory, buf.size, front, len }, ESP_OK);
	buf = buffer(packet, len);
	buf.size = buf.at + len + 17;
	expect_packet(sender, buf, ESP_DROP_ROOM);
	static uint8_t large[65536];
	len = ip_packet(large, ways[_i].inner, 65530 - (ways[_i].inner == 4 ? 32 : 72));
	expect_packet(sender, buffer(large, len), ESP_DROP_LENGTH);
	unpair();
}
END_TEST

START_TEST(what_is_not_esp_as_the_sa_has_it_is_not_opened)
{
	static uint8_t packet[256], sealed_packet[512];
	size_t len = ip_packet(packet, ways[_i].inner, 50);
	struct esp_buf buf = buffer(packet, len);

	pair_way(GCM_SUITE, &ways[_i], 0);
	ck_assert_int_eq(esp_packet_seal(sender, NOW, &buf), ESP_OK);
	size_t size = buf.len;
	memcpy(sealed_packet, memory + buf.at, size);
	for (size_t cut = 0; cut < size; cut++)
		expect_packet(receiver, buffer(sealed_packet, cut), ESP_DROP_HEADER);
	/* Wrong encapsulation: neither is accepted as the other. */
	size_t proto_at = ways[_i].outer == 4 ? 9 : ways[_i].mode == IPM_ENCAP_TUNNEL ? 6 : 48;
	uint8_t proto = sealed_packet[proto_at];
	ck_assert_uint_eq(proto, ways[_i].udp ? 17 : 50);
	sealed_packet[proto_at] = ways[_i].udp ? 50 : 17;
	expect_packet(receiver, buffer(sealed_packet, size), ESP_DROP_HEADER);
	sealed_packet[proto_at] = ways[_i].outer == 6 ? 44 : proto;
	if (ways[_i].outer == 4)
		sealed_packet[7] |= 1;
	expect_packet(receiver, buffer(sealed_packet, size), ESP_DROP_FRAGMENT);
	sealed_packet[proto_at] = proto;
	if (ways[_i].outer == 4)
		sealed_packet[7] &= 0xfe;
	if (ways[_i].udp) {
		uint8_t *udp = sealed_packet + size - (esp_sealed_size(sender, esp_sa_octets(sender)) + 8);
		uint32_t udp_len = get16(udp + 4);
		put16(udp + 4, 7);
		expect_packet(receiver, buffer(sealed_packet, size), ESP_DROP_HEADER);
		put16(udp + 4, udp_len + 1);
		expect_packet(receiver, buffer(sealed_packet, size), ESP_DROP_HEADER);
		put16(udp + 4, 9); /* as a NAT keepalive has it */
		expect_packet(receiver, buffer(sealed_packet, size), ESP_DROP_SHORT);
		put16(udp + 4, udp_len);
		put16(udp + 6, 0x4711); /* nobody looks */
		/* Not even a UDP header. */
		uint8_t *total_at = sealed_packet + (ways[_i].outer == 4 ? 2 : 4);
		uint32_t total = get16(total_at);
		put16(total_at, total - udp_len + 7);
		expect_packet(receiver, buffer(sealed_packet, size), ESP_DROP_SHORT);
		put16(total_at, total);
	}
	expect_packet(receiver, buffer(sealed_packet, size), ESP_OK);
	expect_packet(receiver, buffer(sealed_packet, size), ESP_DROP_REPLAYED);
	unpair();
}
END_TEST

/* Payloads of a tunnel: @len octets of @text, of IP protocol @next. */
static struct esp_buf
carried(const uint8_t *text, size_t len, uint8_t next)
{
	uint8_t packet[600] = { 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 50 };
	size_t size = sizeof(packet) - 20;

	ck_assert_int_eq(esp_seal(sender, NOW, next, text, len, packet + 20, &size), ESP_OK);
	put16(packet + 2, 20 + (uint32_t)size);
	return buffer(packet, 20 + size);
}

START_TEST(what_a_tunnel_carries_is_an_ip_packet_and_is_trimmed_to_it)
{
	uint8_t inner[256];

	pair_way(GCM_SUITE, &tunnel44, 0);
	for (int family = 4; family <= 6; family += 2) {
		uint8_t next = family == 4 ? 4 : 41;
		size_t len = ip_packet(inner, family, 30);
		for (size_t cut = 0; cut < len; cut++)
			expect_packet(receiver, carried(inner, cut, next), ESP_DROP_INNER);
		expect_packet(receiver, carried(inner, len, 45 - next), ESP_DROP_INNER);
		struct esp_buf buf = carried(inner, len + 60, next);
		ck_assert_int_eq(esp_packet_open(receiver, NOW, &buf), ESP_OK);
		ck_assert_uint_eq(buf.len, len);
		ck_assert_mem_eq(memory + buf.at, inner, len);
	}
	unpair();
}
END_TEST

START_TEST(congestion_on_the_way_is_told_to_the_inner_packet)
{
	/* RFC 6040 figure 4, by inner and outer: -1 is dropped. */
	static const int expected[4][4] = { { 0, 0, 0, -1 }, { 1, 1, 1, 3 }, { 2, 1, 2, 3 }, { 3, 3, 3, 3 } };
	uint8_t inner[256];

	pair_way(GCM_SUITE, &tunnel44, 0);
	for (int family = 4; family <= 6; family += 2) {
		for (unsigned in = 0; in < 4; in++) {
			for (unsigned out = 0; out < 4; out++) {
				size_t len = ip_packet(inner, family, 30);
				if (family == 4) {
					inner[1] = (uint8_t)(0xb8 | in);
					put16(inner + 10, 0);
					put16(inner + 10, ~ones_sum(inner, 24));
				} else {
					put16(inner, 0x6b80 | in << 4);
				}
				struct esp_buf buf = carried(inner, len, family == 4 ? 4 : 41);
				memory[buf.at + 1] = (uint8_t)out;
				if (expected[in][out] < 0) {
					expect_packet(receiver, buf, ESP_DROP_CONGESTION);
					continue;
				}
				ck_assert_int_eq(esp_packet_open(receiver, NOW, &buf), ESP_OK);
				const uint8_t *ip = memory + buf.at;
				unsigned class = family == 4 ? ip[1] : get16(ip) >> 4 & 0xff;
				ck_assert_uint_eq(class, 0xb8 | (unsigned)expected[in][out]);
				if (family == 4)
					ck_assert_uint_eq(ones_sum(ip, 24), 0xffff);
			}
		}
	}
	unpair();
}
END_TEST

int
main(void)
{
	if (CRYPTO_set_mem_functions(watched_malloc, watched_realloc, watched_free) != 1)
		return EXIT_FAILURE;
	Suite *suite = suite_create("esp_packet");
	TCase *tc = tcase_create("packets");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_packet_comes_out_as_it_went_in_on_every_way, 0, COUNT(ways));
	tcase_add_test(tc, an_outer_header_is_made_of_the_sa_and_the_inner_one);
	tcase_add_test(tc, transport_mode_leaves_in_front_what_is_for_the_way);
	tcase_add_loop_test(tc, what_is_no_ip_packet_is_not_sealed, 0, COUNT(ways));
	tcase_add_loop_test(tc, what_is_not_esp_as_the_sa_has_it_is_not_opened, 0, COUNT(ways));
	tcase_add_test(tc, what_a_tunnel_carries_is_an_ip_packet_and_is_trimmed_to_it);
	tcase_add_test(tc, congestion_on_the_way_is_told_to_the_inner_packet);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
