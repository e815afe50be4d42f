/* SPDX-License-Identifier: ISC */
/*
 * The other end of a kernel's SAs, for it_esp.sh: seals ICMP echo requests of many sizes with the engine, and opens
 * what the kernel answers.
 *
 *     esp_peer [-tux] [-q SEQ] SUITE KEY INTEG_KEY SPI_OUT SPI_IN SRC DST [INNER_SRC INNER_DST]
 *
 *   -t          transport mode; the inner addresses are the outer ones
 *   -u          in UDP, from and to port 4500
 *   -x          extended sequence numbers
 *   -q SEQ      the last sequence number that was sent, and the highest received
 *   SUITE       gcm, chacha, cbc or null; keys are hexadecimal, or - for none
 *
 * Status 0: each request was answered, with the same data. Else it says on stderr what was dropped, and why.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "esp_int.h"

#define PORT       4500
#define ROOM       2048
#define TIMEOUT_MS 3000

#ifndef IPV6_HDRINCL
#define IPV6_HDRINCL 36
#endif

static const size_t sizes[] = { 0, 1, 2, 3, 4, 13, 14, 15, 16, 64, 100, 333, 512, 1000, 1299, 1300 };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static size_t
unhex(const char *hex, uint8_t *out, size_t room)
{
	size_t n = 0;
	for (unsigned octet; n < room && sscanf(hex, "%2x", &octet) == 1; hex += 2)
		out[n++] = (uint8_t)octet;
	return n;
}

static struct ipm_addr
addr(const char *text)
{
	struct ipm_addr a = { .len = strchr(text, ':') ? 16 : 4 };
	if (inet_pton(a.len == 16 ? AF_INET6 : AF_INET, text, a.bytes) != 1) {
		fprintf(stderr, "esp_peer: %s is no address\n", text);
		exit(2);
	}
	return a;
}

static uint32_t
sum16(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static uint8_t
data_octet(size_t i, uint16_t number)
{
	return (uint8_t)(i * 3 + number);
}

/* An echo request with @size octets of data; returns its length. */
static size_t
echo_request(uint8_t *ip, const struct ipm_addr *src, const struct ipm_addr *dst, uint16_t number, size_t size)
{
	size_t header = src->len == 4 ? 20 : 40, len = 8 + size;
	uint8_t *icmp = ip + header;

	memset(ip, 0, header + 8);
	icmp[0] = src->len == 4 ? 8 : 128;
	put16(icmp + 4, 0x4e53);
	put16(icmp + 6, number);
	for (size_t i = 0; i < size; i++)
		icmp[8 + i] = data_octet(i, number);
	if (src->len == 4) {
		ip[0] = 0x45;
		put16(ip + 2, (uint32_t)(header + len));
		ip[8] = 64;
		ip[9] = IPPROTO_ICMP;
		memcpy(ip + 12, src->bytes, 4);
		memcpy(ip + 16, dst->bytes, 4);
		put16(ip + 10, ~sum16(0, ip, header));
		put16(icmp + 2, ~sum16(0, icmp, len));
	} else {
		ip[0] = 0x60;
		put16(ip + 4, (uint32_t)len);
		ip[6] = IPPROTO_ICMPV6;
		ip[7] = 64;
		memcpy(ip + 8, src->bytes, 16);
		memcpy(ip + 24, dst->bytes, 16);
		put16(icmp + 2, ~sum16(sum16((uint32_t)len + IPPROTO_ICMPV6, ip + 8, 32), icmp, len));
	}
	return header + len;
}

static bool
is_answer(const uint8_t *ip, size_t len, uint16_t number, size_t size)
{
	size_t header = ip[0] >> 4 == 4 ? 20 : 40;
	const uint8_t *icmp = ip + header;

	if (len != header + 8 + size || icmp[0] != (header == 20 ? 0 : 129) || get16(icmp + 6) != number)
		return false;
	for (size_t i = 0; i < size; i++)
		if (icmp[8 + i] != data_octet(i, number))
			return false;
	return true;
}

/* Whole IP packets, without the kernel's own help in either direction. */
static int
raw_socket(bool six)
{
	int fd = socket(six ? AF_INET6 : AF_INET, SOCK_RAW, IPPROTO_RAW), one = 1;
	if (fd < 0 ||
	    setsockopt(fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_HDRINCL : IP_HDRINCL, &one, sizeof(one)))
		fail("raw socket");
	return fd;
}

static void
send_packet(int fd, const struct esp_buf *buf, const struct ipm_addr *to)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	const void *where = to->len == 4 ? (const void *)&v4 : &v6;

	memcpy(&v4.sin_addr, to->bytes, 4);
	memcpy(&v6.sin6_addr, to->bytes, 16);
	if (sendto(fd, buf->data + buf->at, buf->len, 0, where, to->len == 4 ? sizeof(v4) : sizeof(v6)) < 0)
		fail("sendto");
}

static uint64_t
now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Wait for the answer; what is dropped on the way there is told. */
static bool
answered(int fd, struct esp_sa *in, uint8_t proto, uint16_t number, size_t size)
{
	static uint8_t room[ROOM];
	uint64_t until = now_ms() + TIMEOUT_MS, now;

	while ((now = now_ms()) < until) {
		struct pollfd wait = { fd, POLLIN, 0 };
		struct sockaddr_ll from;
		socklen_t from_len = sizeof(from);
		if (poll(&wait, 1, (int)(until - now)) <= 0)
			continue;
		ssize_t len = recvfrom(fd, room, sizeof(room), 0, (void *)&from, &from_len);
		if (len < 20 || from.sll_pkttype == PACKET_OUTGOING || room[room[0] >> 4 == 4 ? 9 : 6] != proto)
			continue;
		struct esp_buf buf = { room, sizeof(room), 0, (size_t)len };
		enum esp_drop why = esp_packet_open(in, now * 1000000, &buf);
		if (why != ESP_OK)
			fprintf(stderr, "dropped: %s\n", esp_drop_text(why));
		else if (is_answer(room + buf.at, buf.len, number, size))
			return true;
		else
			fprintf(stderr, "opened, but it is not the answer\n");
	}
	fprintf(stderr, "no answer to %zu octets\n", size);
	return false;
}

static struct ipm_proposal
proposal(const char *suite)
{
	static const struct {
		const char *name;
		struct ipm_proposal p;
	} all[] = {
		{ "gcm", { .encr = IPM_ENCR_AES_GCM_16 } },
		{ "chacha", { .encr = IPM_ENCR_CHACHA20_POLY1305 } },
		{ "cbc", { .encr = IPM_ENCR_AES_CBC, .integ = IPM_INTEG_HMAC_SHA2_256_128 } },
		{ "null", { .encr = IPM_ENCR_NULL, .integ = IPM_INTEG_HMAC_SHA2_256_128 } },
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i].name, suite) == 0)
			return all[i].p;
	return (struct ipm_proposal){ 0 };
}

int
main(int argc, char **argv)
{
	struct esp_conf conf = { .direction = IPM_OUT, .mode = IPM_ENCAP_TUNNEL, .replay_window = 64 };
	uint8_t key[64], integ_key[64];
	uint8_t esn = 0;
	int option;

	while ((option = getopt(argc, argv, "tuxq:")) != -1) {
		if (option == 't')
			conf.mode = IPM_ENCAP_TRANSPORT;
		else if (option == 'u')
			conf.udp_src = conf.udp_dst = PORT;
		else if (option == 'x')
			esn = 1;
		else if (option == 'q')
			conf.seq = strtoull(optarg, NULL, 0);
		else
			return 2;
	}
	argv += optind;
	argc -= optind;
	if (argc != (conf.mode == IPM_ENCAP_TUNNEL ? 9 : 7)) {
		fputs("usage: esp_peer [-tux] [-q SEQ] SUITE KEY INTEG_KEY SPI_OUT SPI_IN SRC DST [INNER_SRC "
		      "INNER_DST]\n",
		      stderr);
		return 2;
	}
	conf.proposal = proposal(argv[0]);
	conf.proposal.esn = esn;
	conf.encr_key = key;
	conf.encr_key_len = unhex(argv[1], key, sizeof(key));
	conf.integ_key = integ_key;
	conf.integ_key_len = unhex(argv[2], integ_key, sizeof(integ_key));
	conf.spi = (uint32_t)strtoul(argv[3], NULL, 0);
	conf.src = addr(argv[5]);
	conf.dst = addr(argv[6]);
	struct ipm_addr inner_src = conf.mode == IPM_ENCAP_TUNNEL ? addr(argv[7]) : conf.src;
	struct ipm_addr inner_dst = conf.mode == IPM_ENCAP_TUNNEL ? addr(argv[8]) : conf.dst;
	struct esp_sa *out, *in;
	if (esp_sa_new(&conf, &out) != 0) {
		fputs("esp_peer: no such SA\n", stderr);
		return 2;
	}
	conf.direction = IPM_IN;
	conf.spi = (uint32_t)strtoul(argv[4], NULL, 0);
	if (esp_sa_new(&conf, &in) != 0)
		return 2;

	int raw = raw_socket(conf.src.len == 16);
	int all = socket(AF_PACKET, SOCK_DGRAM, htons(conf.src.len == 16 ? ETH_P_IPV6 : ETH_P_IP));
	if (all < 0)
		fail("packet socket");
	uint16_t good = 0;
	for (uint16_t n = 0; n < SIZES; n++) {
		static uint8_t room[ROOM];
		struct esp_buf buf = { room, sizeof(room), ESP_HEADROOM, 0 };
		buf.len = echo_request(room + buf.at, &inner_src, &inner_dst, n, sizes[n]);
		enum esp_drop why = esp_packet_seal(out, now_ms() * 1000000, &buf);
		if (why != ESP_OK) {
			fprintf(stderr, "not sealed: %s\n", esp_drop_text(why));
			break;
		}
		send_packet(raw, &buf, &conf.dst);
		if (!answered(all, in, conf.udp_src ? PROTO_UDP : PROTO_ESP, n, sizes[n]))
			break;
		good++;
	}
	printf("%u of %zu answered, %llu sealed, %llu opened\n", good, SIZES, (unsigned long long)esp_sa_seq(out),
	       (unsigned long long)esp_sa_pkts(in));
	esp_sa_free(out);
	esp_sa_free(in);
	close(raw);
	close(all);
	return good == SIZES ? 0 : 1;
}
