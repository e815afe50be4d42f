/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target: a packet to open. The first octet selects the SA, the second one the kind of input: a packet from the
 * wire; or a payload with padding and trailer, which is encrypted here under a correct ICV so that fuzzing reaches the
 * code after that check. A dropped packet is counted once. An opened packet is an IP packet within the buffer, and can
 * be sealed again.
 *
 *   fuzz_esp -max_len=600 CORPUS...          (libFuzzer)
 *   fuzz_esp FILE...                         (with FUZZ_MAIN: runs these)
 *   fuzz_esp                                 (with FUZZ_MAIN: runs mutations from a fixed seed)
 *   fuzz_esp --corpus DIR                    (with FUZZ_MAIN: writes the corpus)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esp_int.h"

#define SPI  0x1001u
#define ROOM 4096u

/* The first octet: suite, and ESN. */
#define SUITE 3u
#define ESN   4u
/* The second. */
#define TRANSPORT 1u
#define OUTER_6   2u
#define UDP       4u
#define CARRIED   8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct ends {
	struct esp_sa *out, *in;
};

static struct esp_sa *
sa_new(uint8_t sa, uint8_t way, enum ipm_direction direction)
{
	static const struct {
		uint16_t encr, integ;
		uint8_t key_len;
	} suites[] = {
		{ IPM_ENCR_NULL, IPM_INTEG_HMAC_SHA2_256_128, 0 },
		{ IPM_ENCR_AES_CBC, IPM_INTEG_HMAC_SHA2_256_128, 16 },
		{ IPM_ENCR_AES_GCM_16, 0, 20 },
		{ IPM_ENCR_CHACHA20_POLY1305, 0, 36 },
	};
	static const uint8_t key[36] = "no secret, or the corpus were none!";
	uint8_t len = way & OUTER_6 ? 16 : 4;
	struct esp_conf conf = {
		.direction = direction,
		.mode = way & TRANSPORT ? IPM_ENCAP_TRANSPORT : IPM_ENCAP_TUNNEL,
		.spi = SPI,
		.proposal = { .encr = suites[sa & SUITE].encr,
			      .integ = suites[sa & SUITE].integ,
			      .esn = (sa & ESN) != 0 },
		.encr_key = key,
		.encr_key_len = suites[sa & SUITE].key_len,
		.integ_key = key,
		.integ_key_len = suites[sa & SUITE].integ ? 32 : 0,
		.replay_window = 64,
		.src = { .len = len, .bytes = { 192, 0, 2, 1 } },
		.dst = { .len = len, .bytes = { 192, 0, 2, 2 } },
		.udp_src = way & UDP ? 4500 : 0,
		.udp_dst = way & UDP ? 4500 : 0,
	};
	struct esp_sa *new;
	if (esp_sa_new(&conf, &new) != 0)
		abort();
	memset(new->iv_mask, 0, sizeof(new->iv_mask)); /* the same input, the same packet */
	return new;
}

/* Creating an SA is expensive: create each once, and reset it. */
static struct ends
ends_of(uint8_t sa, uint8_t way)
{
	static struct ends all[8][8];
	struct ends *e = &all[sa & (SUITE | ESN)][way & (TRANSPORT | OUTER_6 | UDP)];

	if (!e->out) {
		e->out = sa_new(sa, way, IPM_OUT);
		e->in = sa_new(sa, way, IPM_IN);
	}
	e->out->seq = 0;
	esp_replay_init(&e->in->replay, e->in->replay.window, 0);
	return *e;
}

/* Build a packet with the payload @text, as if the SA had sealed it. Return its length. */
static size_t
carry(struct esp_sa *sa, uint8_t way, const uint8_t *text, size_t len, uint8_t *ip)
{
	size_t header = way & OUTER_6 ? 40 : 20, udp = way & UDP ? 8 : 0;

	len -= len % sa->align;
	size_t esp = esp_head_size(sa) + len + ESP_ICV_SIZE;
	memset(ip, 0, header + udp);
	if (way & OUTER_6) {
		ip[0] = 0x60;
		put16(ip + 4, (uint32_t)(udp + esp));
		ip[6] = udp ? PROTO_UDP : PROTO_ESP;
	} else {
		ip[0] = 0x45;
		ip[1] = way >> 4 & 3; /* ECN */
		put16(ip + 2, (uint32_t)(header + udp + esp));
		ip[9] = udp ? PROTO_UDP : PROTO_ESP;
	}
	if (udp)
		put16(ip + header + 4, (uint32_t)(udp + esp));
	memcpy(ip + header + udp + esp_head_size(sa), text, len);
	if (esp_encrypt(sa, ip + header + udp, len, 1) != ESP_OK)
		abort();
	return header + udp + esp;
}

static uint64_t
drops(const struct esp_sa *sa)
{
	uint64_t sum = 0;
	for (int i = 0; i < ESP_DROP_COUNT; i++)
		sum += esp_sa_drops(sa, (enum esp_drop)i);
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t packet[ROOM];

	if (size < 2 || size > ROOM / 2)
		return 0;
	uint8_t sa = data[0], way = data[1];
	struct ends e = ends_of(sa, way);
	data += 2;
	size -= 2;
	if (way & CARRIED)
		size = carry(e.out, way, data, size, packet);
	else
		memcpy(packet, data, size);
	/* Allocate exactly the length, so that the address sanitizer detects reads beyond it. */
	uint8_t *exact = malloc(size ? size : 1);
	if (!exact)
		abort();
	memcpy(exact, packet, size);
	struct esp_buf buf = { exact, size, 0, size };
	uint64_t pkts = esp_sa_pkts(e.in), dropped = drops(e.in);
	enum esp_drop why = esp_packet_open(e.in, 0, &buf);
	if (esp_sa_pkts(e.in) != pkts + (why == ESP_OK) || drops(e.in) != dropped + (why != ESP_OK))
		abort();
	if ((way & CARRIED) && (why == ESP_DROP_ICV || why == ESP_DROP_SPI || why == ESP_DROP_REPLAYED))
		abort();
	if (why == ESP_OK) {
		if (buf.at > size || buf.len > size - buf.at || buf.len < 20)
			abort();
		memcpy(packet + ESP_HEADROOM, exact + buf.at, buf.len);
		buf = (struct esp_buf){ packet, sizeof(packet), ESP_HEADROOM, buf.len };
		/* In transport mode the payload may be a forbidden one. */
		why = esp_packet_seal(e.out, 0, &buf);
		if (why != ESP_OK && !(way & TRANSPORT))
			abort();
	}
	free(exact);
	return 0;
}

#ifdef FUZZ_MAIN
/* The inner packet: IPv4 or IPv6, with padding that suits all suites. */
static size_t
inner(uint8_t *out, int version, uint8_t next)
{
	size_t header = version == 4 ? 20 : 40, len = header + 24, text = 80;

	memset(out, 0, text);
	out[0] = version == 4 ? 0x45 : 0x60;
	if (version == 4) {
		put16(out + 2, (uint32_t)len);
		out[8] = 64;
		out[9] = 17;
	} else {
		put16(out + 4, 24);
		out[6] = 17;
		out[7] = 64;
	}
	for (size_t i = len; i < text - 2; i++)
		out[i] = (uint8_t)(i - len + 1);
	out[text - 2] = (uint8_t)(text - 2 - len);
	out[text - 1] = next;
	return text;
}

#define SEEDS 256

/* Seed @n: its SA, its kind, and the packet to open. */
static size_t
seed(uint32_t n, uint8_t *out)
{
	out[0] = n & 7;
	out[1] = (uint8_t)(n >> 3 & 15);
	int version = n >> 7 ? 6 : 4;
	uint8_t next = version == 4 ? PROTO_IPIP : PROTO_IPV6;
	if (out[1] & CARRIED)
		return 2 + inner(out + 2, version, next);
	uint8_t text[80];
	size_t len = inner(text, version, next);
	return 2 + carry(ends_of(out[0], out[1]).out, out[1], text, len, out + 2);
}

/* One of each kind is enough for the corpus: libFuzzer finds the others. */
#define EVERY      5
#define FUZZ_SEEDS ((SEEDS + EVERY - 1) / EVERY)
#include "fuzz_main.h"

static size_t
fuzz_seed(uint32_t n, uint8_t *out)
{
	return seed(n * EVERY, out);
}

static size_t
fuzz_mutation(uint8_t *out)
{
	size_t len = seed(rnd(SEEDS), out);

	for (uint32_t n = rnd(5); n > 0; n--) {
		size_t at = rnd((uint32_t)len);
		switch (rnd(5)) {
		case 0: /* another octet, often in a trailer or header */
			out[rnd(2) ? at : len - 1 - rnd(4)] = (uint8_t)rnd(256);
			break;
		case 1:
			out[rnd(24)] ^= (uint8_t)(1 << rnd(8));
			break;
		case 2: /* one less */
			if (len > 3)
				memmove(out + at, out + at + 1, --len - at);
			break;
		case 3: /* more */
			for (uint32_t more = rnd(100); more > 0; more--)
				out[len++] = (uint8_t)rnd(256);
			break;
		default:
			len = at > 2 ? at : len;
		}
		if (len < 24)
			break;
	}
	return len;
}
#endif
