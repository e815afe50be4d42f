/* SPDX-License-Identifier: ISC */
/* What esp.h and esp_replay.h promise. */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esp_int.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SPI          0xc0ffee01u
#define SECOND       UINT64_C(1000000000)
#define INSTALLED    (1000 * SECOND)
#define NOW          (INSTALLED + SECOND)

/* ---- SAs ---- */

/* 64 octets that look like nothing else: a piece of 8 of them anywhere is a piece of a key. */
static uint8_t key[64];

static const struct {
	const char *name;
	uint16_t encr, bits, integ;
	size_t encr_key_len, integ_key_len;
} suites[] = {
	{ "NULL", IPM_ENCR_NULL, 0, IPM_INTEG_HMAC_SHA2_256_128, 0, 32 },
	{ "AES-CBC-128", IPM_ENCR_AES_CBC, 128, IPM_INTEG_HMAC_SHA2_256_128, 16, 32 },
	{ "AES-CBC-192", IPM_ENCR_AES_CBC, 192, IPM_INTEG_HMAC_SHA2_256_128, 24, 32 },
	{ "AES-CBC-256", IPM_ENCR_AES_CBC, 256, IPM_INTEG_HMAC_SHA2_256_128, 32, 32 },
	{ "AES-GCM-128", IPM_ENCR_AES_GCM_16, 128, 0, 20, 0 },
	{ "AES-GCM-192", IPM_ENCR_AES_GCM_16, 192, 0, 28, 0 },
	{ "AES-GCM-256", IPM_ENCR_AES_GCM_16, 256, 0, 36, 0 },
	{ "ChaCha20-Poly1305", IPM_ENCR_CHACHA20_POLY1305, 0, 0, 36, 0 },
};
#define SUITES     ((int)COUNT(suites))
#define NULL_SUITE 0
#define CBC_SUITE  1
#define GCM_SUITE  4

static struct esp_conf
conf_of(int suite)
{
	return (struct esp_conf){
		.direction = IPM_OUT,
		.mode = IPM_ENCAP_TRANSPORT,
		.spi = SPI,
		.proposal = { .encr = suites[suite].encr,
			      .encr_bits = suites[suite].bits,
			      .integ = suites[suite].integ },
		.encr_key = suites[suite].encr_key_len ? key : NULL,
		.encr_key_len = suites[suite].encr_key_len,
		.integ_key = suites[suite].integ_key_len ? key + 32 : NULL,
		.integ_key_len = suites[suite].integ_key_len,
		.installed_ns = INSTALLED,
	};
}

static struct esp_sa *
sa_new(const struct esp_conf *conf)
{
	struct esp_sa *sa;
	ck_assert_int_eq(esp_sa_new(conf, &sa), 0);
	ck_assert_ptr_nonnull(sa);
	return sa;
}

/* The two ends of an SA, with a lane at the receiver. */
static struct esp_sa *sender, *receiver;
static struct ipm_count counted;
static struct ipm_drops dropped;

static void
pair(struct esp_conf conf)
{
	sender = sa_new(&conf);
	conf.direction = IPM_IN;
	if (conf.replay_window == 0)
		conf.replay_window = 64;
	conf.lane = (struct ipm_lane){ &counted, &dropped };
	receiver = sa_new(&conf);
}

static void
unpair(void)
{
	esp_sa_free(sender);
	esp_sa_free(receiver);
	sender = receiver = NULL;
	memset(&counted, 0, sizeof(counted));
	memset(&dropped, 0, sizeof(dropped));
}

static uint64_t
all_drops(const struct esp_sa *sa)
{
	uint64_t sum = 0;
	for (int i = 0; i < ESP_DROP_COUNT; i++)
		sum += esp_sa_drops(sa, (enum esp_drop)i);
	return sum;
}

static uint64_t
lane_drops(void)
{
	uint64_t sum = 0;
	for (int i = 0; i < IPM_DROP_COUNT; i++)
		sum += dropped.pkts[i];
	return sum;
}

static void
fill(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 7 + len);
}

static uint32_t
rnd(uint32_t below)
{
	static uint64_t seed = 88172645463325252u;
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % below;
}

/* A packet of the sender's, in memory of exactly its size. */
static uint8_t *
sealed(const uint8_t *payload, size_t len, size_t *size)
{
	*size = esp_sealed_size(sender, len);
	uint8_t *out = malloc(*size);
	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(esp_seal(sender, NOW, 17, payload, len, out, size), ESP_OK);
	ck_assert_uint_eq(*size, esp_sealed_size(sender, len));
	return out;
}

/* What the receiver makes of a packet, which stays as it is. */
static enum esp_drop
opened(const uint8_t *esp, size_t size)
{
	uint8_t *out = malloc(size ? size : 1), next;
	ck_assert_ptr_nonnull(out);
	size_t len = size;
	enum esp_drop why = esp_open(receiver, NOW, esp, size, out, &len, &next);
	free(out);
	return why;
}

/* It is dropped for that reason, and counted once: in the SA, and in the lane as what the model calls it. */
static void
expect_drop(const uint8_t *esp, size_t size, enum esp_drop why)
{
	uint64_t mine = esp_sa_drops(receiver, why), all = all_drops(receiver), pkts = esp_sa_pkts(receiver);
	uint64_t model = dropped.pkts[esp_drop_model(why)], model_all = lane_drops();

	enum esp_drop is = opened(esp, size);
	ck_assert_msg(is == why, "'%s' and not '%s'", esp_drop_text(is), esp_drop_text(why));
	ck_assert_uint_eq(esp_sa_drops(receiver, why), mine + 1);
	ck_assert_uint_eq(all_drops(receiver), all + 1);
	ck_assert_uint_eq(dropped.pkts[esp_drop_model(why)], model + 1);
	ck_assert_uint_eq(lane_drops(), model_all + 1);
	ck_assert_uint_eq(esp_sa_pkts(receiver), pkts);
	ck_assert_uint_eq(counted.pkts, pkts);
}

/* ---- Payloads ---- */

START_TEST(a_payload_of_any_length_comes_out_as_it_went_in)
{
	static uint8_t payload[70000], out[70000];
	size_t octets = 0, pkts = 0;

	for (int esn = 0; esn < 2; esn++) {
		struct esp_conf conf = conf_of(_i);
		conf.proposal.esn = (uint8_t)esn;
		pair(conf);
		octets = pkts = 0;
		for (size_t len = 0; len <= 65000; len = len < 300 ? len + 1 : len * 3 / 2) {
			size_t size, got;
			uint8_t next = 0;
			fill(payload, len);
			uint8_t *esp = sealed(payload, len, &size);
			ck_assert_uint_eq(size % 4, 0);
			/* apart */
			got = size;
			ck_assert_int_eq(esp_open(receiver, NOW, esp, size, out, &got, &next), ESP_OK);
			ck_assert_uint_eq(got, len);
			ck_assert_uint_eq(next, 17);
			ck_assert_mem_eq(out, payload, len);
			free(esp);
			/* in place, both */
			size_t head = esp_head_size(sender);
			esp = malloc(size);
			ck_assert_ptr_nonnull(esp);
			memcpy(esp + head, payload, len);
			got = size;
			ck_assert_int_eq(esp_seal(sender, NOW, 6, esp + head, len, esp, &got), ESP_OK);
			ck_assert_uint_eq(got, size);
			ck_assert_int_eq(esp_open(receiver, NOW, esp, size, esp + head, &got, &next), ESP_OK);
			ck_assert_uint_eq(got, len);
			ck_assert_uint_eq(next, 6);
			ck_assert_mem_eq(esp + head, payload, len);
			free(esp);
			octets += 2 * len;
			pkts += 2;
		}
		ck_assert_uint_eq(esp_sa_seq(sender), pkts);
		ck_assert_uint_eq(esp_sa_seq(receiver), pkts);
		ck_assert_uint_eq(esp_sa_pkts(sender), pkts);
		ck_assert_uint_eq(esp_sa_octets(sender), octets);
		ck_assert_uint_eq(counted.pkts, pkts);
		ck_assert_uint_eq(counted.octets, octets);
		ck_assert_uint_eq(all_drops(receiver), 0);
		unpair();
	}
}
END_TEST

START_TEST(the_payload_cannot_be_read_on_its_way_but_with_null)
{
	uint8_t payload[64];
	size_t size;

	memset(payload, 0x5a, sizeof(payload));
	pair(conf_of(_i));
	uint8_t *a = sealed(payload, sizeof(payload), &size), *b = sealed(payload, sizeof(payload), &size);
	ck_assert_int_eq(memmem(a, size, payload, 8) != NULL, _i == NULL_SUITE);
	if (_i != NULL_SUITE)
		ck_assert_mem_ne(a + esp_head_size(sender), b + esp_head_size(sender), sizeof(payload));
	free(a);
	free(b);
	unpair();
}
END_TEST

/* RFC 3602 3: neither a counter nor what was sent before tells the next one. */
START_TEST(an_iv_of_cbc_is_not_a_counter)
{
	size_t size;

	pair(conf_of(CBC_SUITE));
	uint8_t *a = sealed(NULL, 0, &size), *b = sealed(NULL, 0, &size);
	int same = 0;
	for (int i = 0; i < 16; i++)
		same += a[8 + i] == b[8 + i];
	ck_assert_int_lt(same, 8);
	free(a);
	free(b);
	unpair();
}
END_TEST

/* ---- Vectors ---- */

static size_t
unhex(const char *hex, uint8_t *out)
{
	size_t n = 0;
	for (unsigned octet; hex[0] && sscanf(hex, "%2x", &octet) == 1; hex += 2)
		out[n++] = (uint8_t)octet;
	return n;
}

/* Texts with padding and trailer, and what comes of them: without ESP header, with ICV. */
static const struct {
	const char *source;
	uint16_t encr, integ;
	const char *encr_key, *integ_key;
	uint32_t spi;
	uint64_t seq;
	uint8_t esn;
	const char *iv, *text, *sealed;
} vectors[] = {
	{ "draft-mcgrew-gcm-test-01, 1", IPM_ENCR_AES_GCM_16, 0, "4c80cdefbb5d10da906ac73c3613a6342e443b68", "", 0x4321,
	  0x8765432100000000, 1, "4956ed7e3b244cfe",
	  "45000048699a000080114db7c0a80102c0a801010a9bf15638d301000001000000000000045f736970045f7564700373697009637962"
	  "65"
	  "726369747902646b000021000101020201",
	  "fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34cfa2436f14a3f3cf65925bf1f4a13c5d15b21e1884f5"
	  "ff"
	  "6247aeabb786b93bce61bc17d768fd9732459018148f6cbe722fd04796562dfdb4" },
	{ "draft-mcgrew-gcm-test-01, 2", IPM_ENCR_AES_GCM_16, 0, "feffe9928665731c6d6a8f9467308308cafebabe", "", 0xa5f8,
	  10, 0, "facedbaddecaf888",
	  "4500003e698f000080114dccc0a80102c0a801010a980035002a2343b2d0010000010000000000000373697009637962657263697479"
	  "02"
	  "646b00000100010001",
	  "deb22cd9b07c72c16e3a65beeb8df304a5a5897d33ae530f1ba76d5d114d2a5c3de81827c10e9a4f51330d0eec416642cfbb85a5b47e"
	  "48"
	  "a4ec3b9ba95d918bd183b70d3aa8bc6ee4c309e9d85a41ad4a" },
	{ "draft-mcgrew-gcm-test-01, 3", IPM_ENCR_AES_GCM_16, 0,
	  "abbccddef00112233445566778899aababbccddef00112233445566778899aab11223344", "", 0x4a2cbfe3, 2, 0,
	  "0102030405060708",
	  "4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee0000000007002400020bf0000020405b40101040201020201",
	  "ff425c9b724599df7a3bcd510194e00d6a78107f1b0b1cbf06efae9d65a5d763748a637985771d347f0545659f14e99def842d8e"
	  "b335f4eecfdbf831824b4c4915956c96" },
	{ "draft-mcgrew-gcm-test-01, 7", IPM_ENCR_AES_GCM_16, 0,
	  "feffe9928665731c6d6a8f9467308308feffe9928665731ccafebabe", "", 0xa5f8, 10, 0, "facedbaddecaf888",
	  "45000028a4ad4000400678800a01038f0a010612802306b8cb712602dd6bb03e501016d075680001",
	  "a5b1f8066029aea40e598b8122de02420938b3ab33f828e687b8858b5bfbdbd0315b27452144cc77"
	  "95457b9652037f5318027b5b4cd7a636" },
	{ "draft-mcgrew-gcm-test-01, 9", IPM_ENCR_AES_GCM_16, 0,
	  "abbccddef00112233445566778899aababbccddef00112233445566778899aab73616c74", "", 0x17405e67,
	  0x156f3126dd0db99b, 1, "616e640169766563",
	  "45080028732c00004006e9f90a0106120a01038f06b88023dd6bafbecb71260250101f646d540001",
	  "f2d69ecdbd5a0d5b8d5ef38bad4da58d1f278fde98ef67549d524a3018d9a57ff4d3a31ce673119e"
	  "451626c2415771e3b7eebca614c89b35" },
	{ "draft-mcgrew-gcm-test-01, 12", IPM_ENCR_AES_GCM_16, 0, "7d773d00c144c525ac619d18c84a3f47d9664267", "",
	  0x335467ae, 0xffffffff, 0, "43457e9182443bc6", "01020201", "437f866bcb3f699fe9b0822bac961c4504bef270" },
	{ "draft-mcgrew-gcm-test-01, 14", IPM_ENCR_AES_GCM_16, 0,
	  "6c6567616c697a656d6172696a75616e61616e64646f69746265666f726569617475726e", "", 0x796b6963,
	  0xffffffffffffffff, 1, "333021696765746d",
	  "45000030da3a00008001df3bc0a80005c0a800010800c6cd020007006162636465666768696a6b6c6d6e6f707172737401020201",
	  "f97ab2aa356d8edce17644ac8c78e25dd24dedbb29ebf1b64a274b39b49c3a864cd3d78ca4ae68a32b42458fb57dbe821dcc63b9"
	  "d0937ba2945f669368661a329fb4c053" },
	{ "RFC 7634 appendix A", IPM_ENCR_CHACHA20_POLY1305, 0,
	  "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3", "", 0x01020304, 5, 0,
	  "1011121314151617",
	  "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b0c0d0e0f10111213141516171819"
	  "1a"
	  "1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363701020204",
	  "24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f"
	  "64"
	  "c9befe2facc638e8f3cbec163fac469b502773f6fb94e664da9165b82829f641e076aaa8266b7fb0f7b11b369907e1ad43" },
	/* The ICVs of these two are Python's hmac. */
	{ "RFC 3602 case 5, HMAC", IPM_ENCR_AES_CBC, IPM_INTEG_HMAC_SHA2_256_128, "90d382b410eeba7ad938c46cec1a82bf",
	  "4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a656665", 0x4321, 1, 0,
	  "e96e8c08ab465763fd098d45dd3ff893",
	  "08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d"
	  "2e"
	  "2f30313233343536370102030405060708090a0b0c0d0e0e01",
	  "f663c25d325c18c6a9453e194e120849a4870b66cc6b9965330013b4898dc856a4699e523a55db080b59ec3a8e4b7e52775b07d1db34"
	  "ed"
	  "9c538ab50c551b874aa269add047ad2d5913ac19b7cfbad4a697c0aa88ee1d61572bd79395041f7a66" },
	{ "RFC 3602 case 5, HMAC with ESN", IPM_ENCR_AES_CBC, IPM_INTEG_HMAC_SHA2_256_128,
	  "90d382b410eeba7ad938c46cec1a82bf", "4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a656665",
	  0x4321, 0x100000001, 1, "e96e8c08ab465763fd098d45dd3ff893",
	  "08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d"
	  "2e"
	  "2f30313233343536370102030405060708090a0b0c0d0e0e01",
	  "f663c25d325c18c6a9453e194e120849a4870b66cc6b9965330013b4898dc856a4699e523a55db080b59ec3a8e4b7e52775b07d1db34"
	  "ed"
	  "9c538ab50c551b874aa269add047ad2d5913ac19b7cfbad4a6e939fb1b89c98b6b8c791b61e6da4626" },
};

START_TEST(published_packets_are_made_and_read)
{
	uint8_t encr_key[64], integ_key[64], text[256], esp[512], out[512], next = 0;
	struct esp_conf conf = {
		.mode = IPM_ENCAP_TRANSPORT,
		.direction = IPM_IN,
		.spi = vectors[_i].spi,
		.proposal = { .encr = vectors[_i].encr, .integ = vectors[_i].integ, .esn = vectors[_i].esn },
		.encr_key = encr_key,
		.encr_key_len = unhex(vectors[_i].encr_key, encr_key),
		.integ_key = integ_key,
		.integ_key_len = unhex(vectors[_i].integ_key, integ_key),
		.replay_window = 32,
		.seq = vectors[_i].seq - 1,
	};
	put32(esp, vectors[_i].spi);
	put32(esp + 4, (uint32_t)vectors[_i].seq);
	size_t iv_len = unhex(vectors[_i].iv, esp + 8);
	size_t size = 8 + iv_len + unhex(vectors[_i].sealed, esp + 8 + iv_len),
	       text_len = unhex(vectors[_i].text, text);
	size_t payload_len = text_len - 2 - text[text_len - 2], len = sizeof(out);

	struct esp_sa *sa = sa_new(&conf);
	enum esp_drop why = esp_open(sa, 0, esp, size, out, &len, &next);
	ck_assert_msg(why == ESP_OK, "%s: %s", vectors[_i].source, esp_drop_text(why));
	ck_assert_uint_eq(len, payload_len);
	ck_assert_mem_eq(out, text, payload_len);
	ck_assert_uint_eq(next, text[text_len - 1]);
	ck_assert_uint_eq(esp_sa_seq(sa), vectors[_i].seq);
	esp_sa_free(sa);

	conf.direction = IPM_OUT;
	sa = sa_new(&conf);
	if (iv_len == 8) { /* an IV of our choice */
		for (size_t i = 0; i < 8; i++)
			sa->iv_mask[i] = esp[8 + i] ^ (uint8_t)(vectors[_i].seq >> 8 * (7 - i));
		len = sizeof(out);
		ck_assert_int_eq(esp_seal(sa, 0, next, text, payload_len, out, &len), ESP_OK);
		ck_assert_uint_eq(len, size);
		ck_assert_mem_eq(out, esp, size);
	}
	esp_sa_free(sa);
}
END_TEST

/* RFC 4868 2.7.2.1, AUTH256-2: its text has the form of a packet, but for the padding. */
START_TEST(the_icv_is_hmac_sha_256_128)
{
	uint8_t esp[64] = "what do ya want for nothing?", jefe[33] = "JefeJefeJefeJefeJefeJefeJefeJefe";
	struct esp_conf conf = conf_of(NULL_SUITE);

	conf.spi = get32(esp);
	conf.integ_key = jefe;
	pair(conf);
	unhex("167f928588c5cc2eef8e3093caa0e87c", esp + 28);
	esp[27] ^= 1;
	expect_drop(esp, 28 + 16, ESP_DROP_ICV);
	esp[27] ^= 1;
	expect_drop(esp, 28 + 16, ESP_DROP_PADDING);
	unpair();
}
END_TEST

/* ---- Drops ---- */

START_TEST(a_packet_with_any_bit_changed_is_dropped_and_the_right_one_is_not)
{
	uint8_t payload[40];
	size_t size;

	fill(payload, sizeof(payload));
	pair(conf_of(_i));
	uint8_t *esp = sealed(payload, sizeof(payload), &size);
	for (size_t bit = 0; bit < 8 * size; bit++) {
		esp[bit / 8] ^= (uint8_t)(1 << bit % 8);
		bool zero = get32(esp + 4) == 0;
		expect_drop(esp, size, bit < 32 ? ESP_DROP_SPI : zero ? ESP_DROP_OLD : ESP_DROP_ICV);
		esp[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ck_assert_uint_eq(esp_sa_seq(receiver), 0); /* a forgery moves no window */
	ck_assert_int_eq(opened(esp, size), ESP_OK);
	free(esp);
	unpair();
}
END_TEST

START_TEST(a_packet_of_any_other_length_is_dropped)
{
	uint8_t payload[100], shorter[256];
	size_t size;

	fill(payload, sizeof(payload));
	pair(conf_of(_i));
	uint8_t *esp = sealed(payload, sizeof(payload), &size);
	size_t least = esp_head_size(receiver) + receiver->align + ESP_ICV_SIZE;
	memset(shorter, 0, sizeof(shorter));
	for (size_t len = 0; len < size + 20; len++) {
		if (len == size)
			continue;
		uint8_t *cut = malloc(len ? len : 1);
		ck_assert_ptr_nonnull(cut);
		memset(cut, 0, len);
		memcpy(cut, esp, len < size ? len : size);
		if (len < least)
			expect_drop(cut, len, ESP_DROP_SHORT);
		else if ((len - size) % receiver->align != 0)
			expect_drop(cut, len, ESP_DROP_LENGTH);
		else
			expect_drop(cut, len, ESP_DROP_ICV);
		free(cut);
	}
	ck_assert_int_eq(opened(esp, size), ESP_OK);
	free(esp);
	unpair();
}
END_TEST

START_TEST(a_packet_is_opened_once)
{
	size_t size;

	pair(conf_of(_i));
	uint8_t *esp = sealed(NULL, 0, &size);
	ck_assert_int_eq(opened(esp, size), ESP_OK);
	expect_drop(esp, size, ESP_DROP_REPLAYED);
	for (int i = 0; i < 64; i++) {
		size_t n;
		uint8_t *later = sealed(NULL, 0, &n);
		ck_assert_int_eq(opened(later, n), ESP_OK);
		free(later);
	}
	expect_drop(esp, size, ESP_DROP_OLD);
	free(esp);
	unpair();
}
END_TEST

/* A text that esp_seal() would not make, but with an ICV that is right. */
static void
text_is(const uint8_t *text, size_t len, enum esp_drop why)
{
	uint8_t esp[512];
	size_t head = esp_head_size(sender), size = head + len + ESP_ICV_SIZE;

	ck_assert_uint_eq(len % sender->align, 0);
	memcpy(esp + head, text, len);
	ck_assert_int_eq(esp_encrypt(sender, esp, len, ++sender->seq), ESP_OK);
	if (why == ESP_OK)
		ck_assert_int_eq(opened(esp, size), ESP_OK);
	else
		expect_drop(esp, size, why);
}

START_TEST(padding_is_1_2_3_and_within_the_packet)
{
	uint8_t text[16];

	pair(conf_of(_i));
	for (unsigned pad = 0; pad < 256; pad++) {
		for (uint8_t i = 0; i < 14; i++)
			text[i] = (uint8_t)(pad - 13 + i);
		text[14] = (uint8_t)pad;
		text[15] = 6;
		text_is(text, sizeof(text), pad <= 14 ? ESP_OK : ESP_DROP_PADDING);
		for (uint8_t i = 0; i < pad && pad <= 14; i++) {
			text[13 - i] ^= 0x40;
			text_is(text, sizeof(text), ESP_DROP_PADDING);
			text[13 - i] ^= 0x40;
		}
	}
	unpair();
}
END_TEST

START_TEST(a_tunnel_carries_ip_and_no_other_next_header)
{
	uint8_t text[16] = { 0 };

	for (int mode = IPM_ENCAP_TUNNEL; mode <= IPM_ENCAP_TRANSPORT; mode++) {
		struct esp_conf conf = conf_of(_i);
		conf.mode = (enum ipm_encap)mode;
		pair(conf);
		for (unsigned next = 0; next < 256; next++) {
			text[15] = (uint8_t)next;
			text_is(text, sizeof(text),
				next == 59                                            ? ESP_DROP_DUMMY
				: mode == IPM_ENCAP_TUNNEL && next != 4 && next != 41 ? ESP_DROP_NEXT_HEADER
										      : ESP_OK);
		}
		unpair();
	}
}
END_TEST

START_TEST(a_buffer_that_is_too_small_is_not_written_to)
{
	uint8_t payload[50], out[50], next;
	size_t size;

	fill(payload, sizeof(payload));
	pair(conf_of(_i));
	size_t full = esp_sealed_size(sender, sizeof(payload)), len = full - 1;
	uint8_t *small = malloc(len);
	ck_assert_int_eq(esp_seal(sender, NOW, 6, payload, sizeof(payload), small, &len), ESP_DROP_ROOM);
	ck_assert_uint_eq(esp_sa_drops(sender, ESP_DROP_ROOM), 1);
	ck_assert_uint_eq(esp_sa_seq(sender), 0);
	free(small);
	uint8_t *esp = sealed(payload, sizeof(payload), &size);
	len = 51; /* without the padding it would do */
	ck_assert_int_eq(esp_open(receiver, NOW, esp, size, out, &len, &next), ESP_DROP_ROOM);
	ck_assert_uint_eq(esp_sa_drops(receiver, ESP_DROP_ROOM), 1);
	free(esp);
	unpair();
}
END_TEST

START_TEST(what_cannot_be_sealed_uses_no_sequence_number)
{
	static uint8_t payload[65536], out[70000];
	struct esp_conf conf = conf_of(_i);
	size_t len = sizeof(out);

	conf.mode = IPM_ENCAP_TUNNEL;
	pair(conf);
	ck_assert_int_eq(esp_seal(sender, NOW, 4, payload, sizeof(payload), out, &len), ESP_DROP_LENGTH);
	ck_assert_int_eq(esp_seal(sender, NOW, 4, payload, 65535, out, &len), ESP_DROP_LENGTH);
	ck_assert_int_eq(esp_seal(sender, NOW, 6, payload, 20, out, &len), ESP_DROP_NEXT_HEADER);
	ck_assert_uint_eq(esp_sa_drops(sender, ESP_DROP_LENGTH), 2);
	ck_assert_uint_eq(esp_sa_drops(sender, ESP_DROP_NEXT_HEADER), 1);
	ck_assert_uint_eq(all_drops(sender), 3);
	ck_assert_uint_eq(esp_sa_seq(sender), 0);
	unpair();
}
END_TEST

/* As it does when a context that is to decrypt is asked for the ICV of what it has encrypted. */
START_TEST(a_failure_of_libcrypto_drops_the_packet)
{
	uint8_t out[256];
	size_t len = sizeof(out);

	pair(conf_of(GCM_SUITE));
	ck_assert_int_eq(esp_seal(receiver, NOW, 6, key, 20, out, &len), ESP_DROP_ENGINE);
	ck_assert_uint_eq(esp_sa_drops(receiver, ESP_DROP_ENGINE), 1);
	ck_assert_uint_eq(dropped.pkts[IPM_DROP_CAPACITY], 1);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	unpair();
}
END_TEST

START_TEST(sequence_numbers_are_used_up_and_never_start_again)
{
	uint8_t out[128];
	struct esp_conf conf = conf_of(GCM_SUITE);

	for (int esn = 0; esn < 2; esn++) {
		conf.proposal.esn = (uint8_t)esn;
		conf.seq = (esn ? UINT64_MAX : UINT32_MAX) - 2;
		pair(conf);
		for (int i = 0; i < 2; i++) {
			size_t size;
			uint8_t *esp = sealed(NULL, 0, &size);
			ck_assert_int_eq(opened(esp, size), ESP_OK);
			free(esp);
		}
		for (uint64_t i = 1; i < 4; i++) {
			size_t len = sizeof(out);
			ck_assert_int_eq(esp_seal(sender, NOW, 6, NULL, 0, out, &len), ESP_DROP_SEQUENCE);
			ck_assert_uint_eq(esp_sa_drops(sender, ESP_DROP_SEQUENCE), i);
		}
		ck_assert_uint_eq(esp_sa_seq(sender), conf.seq + 2);
		unpair();
	}
}
END_TEST

START_TEST(every_reason_has_words_and_a_reason_of_the_model)
{
	ck_assert_str_eq(esp_drop_text(ESP_OK), "none");
	for (int i = ESP_OK + 1; i < ESP_DROP_COUNT; i++) {
		ck_assert_str_ne(esp_drop_text((enum esp_drop)i), "none");
		for (int j = ESP_OK + 1; j < i; j++)
			ck_assert_str_ne(esp_drop_text((enum esp_drop)i), esp_drop_text((enum esp_drop)j));
	}
	ck_assert_int_eq(esp_drop_model(ESP_DROP_REPLAYED), IPM_DROP_REPLAY);
	ck_assert_int_eq(esp_drop_model(ESP_DROP_OLD), IPM_DROP_WINDOW);
	ck_assert_int_eq(esp_drop_model(ESP_DROP_ICV), IPM_DROP_AUTH);
	ck_assert_int_eq(esp_drop_model(ESP_DROP_PADDING), IPM_DROP_CRYPT);
}
END_TEST

/* ---- Lifetimes ---- */

START_TEST(an_sa_is_soft_and_then_hard_in_packets_octets_and_seconds)
{
	uint8_t payload[100] = { 0 }, out[256];
	/* Limits of 3 and 5 packets, 250 and 450 octets, 10 and 20 seconds: which packet, of one a second, meets them.
	 */
	static const struct {
		struct esp_limits soft, hard;
		int soft_at, hard_at;
	} cases[] = {
		{ { .pkts = 3 }, { .pkts = 5 }, 3, 5 },
		{ { .octets = 250 }, { .octets = 450 }, 3, 5 },
		{ { .ns = 10 * SECOND }, { .ns = 20 * SECOND }, 10, 20 },
		{ { .pkts = 4, .ns = 2 * SECOND }, { .octets = 1000, .ns = 30 * SECOND }, 2, 10 },
		{ { 0 }, { 0 }, 1000, 1000 },
	};
	struct esp_conf conf = conf_of(GCM_SUITE);

	conf.soft = cases[_i].soft;
	conf.hard = cases[_i].hard;
	pair(conf);
	conf.soft = conf.hard = (struct esp_limits){ 0 };
	struct esp_sa *endless = sa_new(&conf);
	for (int n = 0; n < 40; n++) { /* n were carried, at n seconds */
		uint64_t now = INSTALLED + (uint64_t)n * SECOND;
		enum esp_life life = n >= cases[_i].hard_at   ? ESP_LIFE_HARD
				     : n >= cases[_i].soft_at ? ESP_LIFE_SOFT
							      : ESP_LIFE_FRESH;
		enum esp_drop why = life == ESP_LIFE_HARD ? ESP_DROP_EXPIRED : ESP_OK;
		size_t len = sizeof(out), opened_len = sizeof(out);
		uint8_t next;

		ck_assert_int_eq(esp_sa_life(sender, now), life);
		ck_assert_int_eq(esp_sa_life(receiver, now), life);
		ck_assert_int_eq(esp_seal(sender, now, 6, payload, sizeof(payload), out, &len), why);
		len = sizeof(out);
		ck_assert_int_eq(esp_seal(endless, now, 6, payload, sizeof(payload), out, &len), ESP_OK);
		ck_assert_int_eq(esp_open(receiver, now, out, len, out + esp_head_size(receiver), &opened_len, &next),
				 why);
	}
	uint64_t expired = cases[_i].hard_at < 40 ? 40 - (uint64_t)cases[_i].hard_at : 0;
	ck_assert_uint_eq(esp_sa_drops(sender, ESP_DROP_EXPIRED), expired);
	ck_assert_uint_eq(esp_sa_drops(receiver, ESP_DROP_EXPIRED), expired);
	ck_assert_uint_eq(dropped.pkts[IPM_DROP_EXPIRED], expired);
	esp_sa_free(endless);
	unpair();
}
END_TEST

START_TEST(a_moment_before_the_sa_was_there_does_not_end_it)
{
	struct esp_conf conf = conf_of(GCM_SUITE);
	conf.hard.ns = SECOND;
	pair(conf);
	ck_assert_int_eq(esp_sa_life(sender, INSTALLED - 1), ESP_LIFE_FRESH);
	unpair();
}
END_TEST

/* ---- The replay window ---- */

static const uint32_t windows[] = { 1, 2, 31, 32, 63, 64, 65, 127, 128, 1000, 1024, 4033, 4095, 4096 };

/* The window as RFC 4303 describes it: what was seen, one by one. */
#define REMEMBERED 16384u
static struct {
	uint64_t top, seen[REMEMBERED];
} model;

static enum esp_drop
model_check(uint32_t window, uint64_t seq)
{
	if (seq == 0 || (seq <= model.top && model.top - seq >= window))
		return ESP_DROP_OLD;
	return model.seen[seq % REMEMBERED] == seq ? ESP_DROP_REPLAYED : ESP_OK;
}

/* Appendix A2.2, case by case. */
static bool
model_extend(uint32_t window, uint32_t low, uint64_t *seq)
{
	uint32_t top_low = (uint32_t)model.top, high = (uint32_t)(model.top >> 32);
	if (top_low >= window - 1) {
		if (low < top_low - window + 1)
			high++;
	} else if (low >= top_low - window + 1) {
		if (high == 0)
			return false;
		high--;
	}
	*seq = (uint64_t)high << 32 | low;
	return true;
}

START_TEST(any_order_of_packets_is_judged_as_one_by_one)
{
	static const uint64_t begins[] = { 0, 1, 5000, 0xfffffff0, 0xfffff000, 0x1fffff800, 0x7ffffffffffff000 };
	static struct esp_replay r;
	uint32_t window = windows[_i], accepted = 0, others = 0;

	for (size_t b = 0; b < COUNT(begins); b++) {
		memset(&model, 0, sizeof(model));
		model.top = begins[b];
		for (uint64_t seq = model.top; seq > 0 && model.top - seq < window; seq--)
			model.seen[seq % REMEMBERED] = seq;
		esp_replay_init(&r, window, begins[b]);
		for (int i = 0; i < 30000; i++) {
			/* Near the window's ends, within, ahead, and sometimes far away. */
			uint64_t near = rnd(3) ? model.top : model.top - window, seq, expected_seq = 0;
			uint32_t low = (uint32_t)near + rnd(10) - 5;
			switch (rnd(16)) {
			case 0:
				low = (uint32_t)model.top + rnd(2 * window);
				break;
			case 1:
			case 2:
				low = (uint32_t)model.top - rnd(window + 2);
				break;
			case 3:
				if (rnd(100) == 0)
					low = (uint32_t)model.top + rnd(1u << 20);
				break;
			}
			/* Not ck_assert, which tells its parent of each that holds. */
			bool expected = model_extend(window, low, &expected_seq);
			if (esp_replay_extend(&r, low, &seq) != expected || (expected && seq != expected_seq))
				ck_abort_msg("%#x behind %#jx is not %#jx", low, (uintmax_t)model.top, (uintmax_t)seq);
			if (!expected)
				continue;
			enum esp_drop why = model_check(window, seq);
			if (esp_replay_check(&r, seq) != why)
				ck_abort_msg("%#jx behind %#jx: not '%s'", (uintmax_t)seq, (uintmax_t)model.top,
					     esp_drop_text(why));
			if (why != ESP_OK || rnd(8) == 0) { /* a forgery */
				others++;
				continue;
			}
			accepted++;
			esp_replay_mark(&r, seq);
			model.seen[seq % REMEMBERED] = seq;
			if (seq > model.top)
				model.top = seq;
			if (r.top != model.top)
				ck_abort_msg("%#jx is not the top", (uintmax_t)r.top);
		}
		if (begins[b] > 0xffff && begins[b] < 0x1ffff0000)
			ck_assert_uint_gt(model.top, 0xffffffff); /* the wrap was there */
	}
	ck_assert_uint_gt(accepted, 1000);
	ck_assert_uint_gt(others, 1000);
}
END_TEST

START_TEST(the_high_half_is_what_the_window_makes_it)
{
	static const struct {
		uint64_t top;
		uint32_t low;
		uint64_t seq; /* 0: none */
	} cases[] = {
		{ 0, 1, 1 },
		{ 0, 0xffffffc0, 0xffffffc0 },
		{ 0, 0xffffffc1, 0 }, /* before the first, by a window's length less 1 */
		{ 0, 0xffffffff, 0 },
		{ 0x1ffffffff, 0, 0x200000000 },
		{ 0x1ffffffff, 0xffffffff, 0x1ffffffff },
		{ 0x1ffffffff, 0xffffffc0, 0x1ffffffc0 },
		{ 0x1ffffffff, 0xffffffbf, 0x2ffffffbf },
		{ 0x200000000, 0xffffffff, 0x1ffffffff },
		{ 0x20000003e, 0xffffffff, 0x1ffffffff },
		{ 0x20000003f, 0xffffffff, 0x2ffffffff },
		{ UINT64_MAX, 0xffffffff, UINT64_MAX },
	};
	static struct esp_replay r;
	uint64_t seq;

	esp_replay_init(&r, 64, cases[_i].top);
	ck_assert_int_eq(esp_replay_extend(&r, cases[_i].low, &seq), cases[_i].seq != 0);
	if (cases[_i].seq != 0)
		ck_assert_uint_eq(seq, cases[_i].seq);
}
END_TEST

START_TEST(packets_across_the_wrap_of_the_low_half_are_opened_in_any_order)
{
	struct esp_conf conf = conf_of(_i);
	uint8_t *esp[64];
	size_t size[64];

	conf.proposal.esn = 1;
	conf.seq = 0x1ffffffe0;
	pair(conf);
	for (size_t i = 0; i < COUNT(esp); i++)
		esp[i] = sealed(key, i, &size[i]);
	for (size_t i = COUNT(esp); i > 0; i--)
		ck_assert_int_eq(opened(esp[i - 1], size[i - 1]), ESP_OK);
	for (size_t i = 0; i < COUNT(esp); i++) {
		expect_drop(esp[i], size[i], ESP_DROP_REPLAYED);
		free(esp[i]);
	}
	ck_assert_uint_eq(esp_sa_seq(receiver), 0x200000020);
	unpair();
}
END_TEST

START_TEST(an_sa_that_goes_on_takes_all_of_its_window_for_seen)
{
	struct esp_conf conf = conf_of(_i);
	uint8_t *esp[200], out[256], next;
	size_t size[200], len = sizeof(out);

	conf.proposal.esn = (uint8_t)(_i % 2);
	pair(conf);
	for (size_t i = 0; i < COUNT(esp); i++)
		esp[i] = sealed(key, 32, &size[i]);
	/* Of an earlier run, the highest was number 190; which of those before it came in is not known. */
	conf.direction = IPM_IN;
	conf.replay_window = 128;
	conf.seq = 190;
	struct esp_sa *again = sa_new(&conf);
	for (size_t i = COUNT(esp); i > 0; i--, len = sizeof(out)) {
		enum esp_drop why = esp_open(again, NOW, esp[i - 1], size[i - 1], out, &len, &next);
		if (i > 190)
			ck_assert_int_eq(why, ESP_OK);
		else
			ck_assert_int_ne(why, ESP_OK);
		free(esp[i - 1]);
	}
	ck_assert_uint_eq(esp_sa_pkts(again), 10);
	esp_sa_free(again);
	unpair();
}
END_TEST

START_TEST(without_a_window_nothing_is_seen_before)
{
	struct esp_conf conf = conf_of(GCM_SUITE);
	uint8_t payload[64], out[256], next;
	size_t size, len = sizeof(out);

	fill(payload, sizeof(payload));
	pair(conf);
	conf.direction = IPM_IN;
	struct esp_sa *sa = sa_new(&conf);
	uint8_t *esp = sealed(payload, sizeof(payload), &size);
	for (int i = 0; i < 3; i++, len = sizeof(out))
		ck_assert_int_eq(esp_open(sa, NOW, esp, size, out, &len, &next), ESP_OK);
	free(esp);
	esp_sa_free(sa);
	unpair();
}
END_TEST

/* ---- Whole packets ---- */

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
		ip[8] = 17; /* hop limit, by chance the number of UDP */
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
		ip[40] = 43; /* hop-by-hop, then routing, then destination options, which are not for the way */
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

/* A packet in the middle of a buffer with just the room that is always enough. */
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
	ck_assert_uint_eq(get16(ip + 6), 0x4000); /* IPv6 is not fragmented on its way */
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
	/* Headers that end behind the packet's end. */
	len = ip_packet(packet, ways[_i].inner, 50);
	if (ways[_i].inner == 4)
		put16(packet + 2, 23);
	else
		put16(packet + 4, 4);
	expect_packet(sender, buffer(packet, len), tunnel && ways[_i].inner == 6 ? ESP_OK : ESP_DROP_HEADER);
	/* Too little room, at either end, and a packet that gets too long. */
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
	/* Neither is the other encapsulation. */
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

/* What a tunnel may carry: @len octets of @text, of IP protocol @next. */
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

/* ---- Configuration and keys ---- */

START_TEST(a_configuration_that_contradicts_itself_is_refused)
{
	struct esp_sa *sa = (struct esp_sa *)key;
	struct esp_conf good = conf_of(GCM_SUITE), c;

#define REFUSED(error, change)                        \
	c = good;                                     \
	c.change;                                     \
	ck_assert_int_eq(esp_sa_new(&c, &sa), error); \
	ck_assert_ptr_null(sa)

	REFUSED(-EINVAL, direction = 0);
	REFUSED(-EINVAL, mode = IPM_ENCAP_BEET);
	REFUSED(-EINVAL, spi = 0);
	REFUSED(-EINVAL, spi = 255);
	REFUSED(-EINVAL, encr_key_len = 19);
	REFUSED(-EINVAL, encr_key_len = 3);
	REFUSED(-EINVAL, encr_key_len = 4);
	REFUSED(-EINVAL, encr_key_len = 28);
	REFUSED(-EINVAL, encr_key_len = 0);
	REFUSED(-EINVAL, integ_key_len = 32);
	REFUSED(-EINVAL, replay_window = ESP_WINDOW_MAX + 1);
	REFUSED(-EINVAL, udp_src = 4500);
	REFUSED(-EINVAL, src.len = 4);
	REFUSED(-EINVAL, seq = UINT64_C(1) << 32);
	REFUSED(-ENOTSUP, proposal.encr = IPM_ENCR_3DES);
	REFUSED(-ENOTSUP, proposal.encr = 0);
	REFUSED(-ENOTSUP, proposal.integ = IPM_INTEG_HMAC_SHA2_256_128);
	good.direction = IPM_IN;
	REFUSED(-EINVAL, proposal.esn = 1);
	good = conf_of(CBC_SUITE);
	REFUSED(-ENOTSUP, proposal.integ = 0);
	REFUSED(-ENOTSUP, proposal.integ = IPM_INTEG_HMAC_SHA1_96);
	REFUSED(-EINVAL, integ_key_len = 20);
	REFUSED(-EINVAL, integ_key_len = 0);
	REFUSED(-EINVAL, encr_key_len = 20);
	REFUSED(-EINVAL, proposal.encr_bits = 256);
	good = conf_of(NULL_SUITE);
	REFUSED(-EINVAL, encr_key_len = 16);
#undef REFUSED
	esp_sa_free(NULL);
}
END_TEST

/* Who frees a block in which there still is a piece of a key? All of libcrypto's memory goes through here. */
static bool watching;
static unsigned long leaks, frees;
static const uint8_t *salt; /* of 4 octets; NULL: none */

static void
no_key_in(const void *block, size_t size)
{
	frees++;
	for (size_t i = 0; i + 8 <= sizeof(key); i += 4)
		if (memmem(block, size, key + i, 8))
			leaks++;
	if (salt && memmem(block, size, salt, 4))
		leaks++;
}

static void *
watched_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(size);
}

static void
watched_free(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	if (block && watching)
		no_key_in(block, malloc_usable_size(block));
	free(block);
}

static void *
watched_realloc(void *block, size_t size, const char *file, int line)
{
	void *other = size > 0 ? watched_malloc(size, file, line) : NULL;
	if (block && other) {
		size_t old = malloc_usable_size(block);
		memcpy(other, block, old < size ? old : size);
	}
	if (other || size == 0)
		watched_free(block, file, line);
	return other;
}

START_TEST(no_freed_memory_has_a_piece_of_a_key_in_it)
{
	uint8_t payload[100];
	size_t size;

	fill(payload, sizeof(payload));
	watching = true;
	salt = suites[_i].integ ? NULL : key + suites[_i].encr_key_len - 4;
	for (int esn = 0; esn < 2; esn++) {
		struct esp_conf conf = conf_of(_i);
		conf.proposal.esn = (uint8_t)esn;
		pair(conf);
		uint8_t *esp = sealed(payload, sizeof(payload), &size);
		ck_assert_int_eq(opened(esp, size), ESP_OK);
		esp[size - 1] ^= 1;
		esp[7] ^= 64;
		expect_drop(esp, size, ESP_DROP_ICV);
		free(esp);
		unpair();
	}
	ck_assert_uint_gt(frees, 4);
	ck_assert_uint_eq(leaks, 0);
	/* And it would be seen. */
	void *block = OPENSSL_malloc(sizeof(key));
	memcpy(block, key, sizeof(key));
	OPENSSL_free(block);
	ck_assert_uint_gt(leaks, 0);
}
END_TEST

int
main(void)
{
	/* Before libcrypto has any memory. */
	if (CRYPTO_set_mem_functions(watched_malloc, watched_realloc, watched_free) != 1)
		return EXIT_FAILURE;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)((i * i + 1) * 37 + 0x5b + i / 16);

	Suite *suite = suite_create("esp");
	SRunner *runner = srunner_create(suite);
	TCase *payloads = tcase_create("payloads"), *published = tcase_create("vectors"),
	      *drops = tcase_create("drops");
	TCase *lifetimes = tcase_create("lifetimes"), *replay = tcase_create("replay"),
	      *packets = tcase_create("packets");
	TCase *confs = tcase_create("configuration and keys");

	tcase_set_timeout(payloads, 60);
	tcase_add_loop_test(payloads, a_payload_of_any_length_comes_out_as_it_went_in, 0, SUITES);
	tcase_add_loop_test(payloads, the_payload_cannot_be_read_on_its_way_but_with_null, 0, SUITES);
	tcase_add_test(payloads, an_iv_of_cbc_is_not_a_counter);
	suite_add_tcase(suite, payloads);

	tcase_add_loop_test(published, published_packets_are_made_and_read, 0, COUNT(vectors));
	tcase_add_test(published, the_icv_is_hmac_sha_256_128);
	suite_add_tcase(suite, published);

	tcase_set_timeout(drops, 60);
	tcase_add_loop_test(drops, a_packet_with_any_bit_changed_is_dropped_and_the_right_one_is_not, 0, SUITES);
	tcase_add_loop_test(drops, a_packet_of_any_other_length_is_dropped, 0, SUITES);
	tcase_add_loop_test(drops, a_packet_is_opened_once, 0, SUITES);
	tcase_add_loop_test(drops, padding_is_1_2_3_and_within_the_packet, 0, SUITES);
	tcase_add_loop_test(drops, a_tunnel_carries_ip_and_no_other_next_header, 0, SUITES);
	tcase_add_loop_test(drops, a_buffer_that_is_too_small_is_not_written_to, 0, SUITES);
	tcase_add_loop_test(drops, what_cannot_be_sealed_uses_no_sequence_number, 0, SUITES);
	tcase_add_test(drops, a_failure_of_libcrypto_drops_the_packet);
	tcase_add_test(drops, sequence_numbers_are_used_up_and_never_start_again);
	tcase_add_test(drops, every_reason_has_words_and_a_reason_of_the_model);
	suite_add_tcase(suite, drops);

	tcase_add_loop_test(lifetimes, an_sa_is_soft_and_then_hard_in_packets_octets_and_seconds, 0, 5);
	tcase_add_test(lifetimes, a_moment_before_the_sa_was_there_does_not_end_it);
	suite_add_tcase(suite, lifetimes);

	tcase_set_timeout(replay, 60);
	tcase_add_loop_test(replay, any_order_of_packets_is_judged_as_one_by_one, 0, COUNT(windows));
	tcase_add_loop_test(replay, the_high_half_is_what_the_window_makes_it, 0, 12);
	tcase_add_loop_test(replay, packets_across_the_wrap_of_the_low_half_are_opened_in_any_order, 0, SUITES);
	tcase_add_loop_test(replay, an_sa_that_goes_on_takes_all_of_its_window_for_seen, 0, SUITES);
	tcase_add_test(replay, without_a_window_nothing_is_seen_before);
	suite_add_tcase(suite, replay);

	tcase_set_timeout(packets, 60);
	tcase_add_loop_test(packets, a_packet_comes_out_as_it_went_in_on_every_way, 0, COUNT(ways));
	tcase_add_test(packets, an_outer_header_is_made_of_the_sa_and_the_inner_one);
	tcase_add_test(packets, transport_mode_leaves_in_front_what_is_for_the_way);
	tcase_add_loop_test(packets, what_is_no_ip_packet_is_not_sealed, 0, COUNT(ways));
	tcase_add_loop_test(packets, what_is_not_esp_as_the_sa_has_it_is_not_opened, 0, COUNT(ways));
	tcase_add_test(packets, what_a_tunnel_carries_is_an_ip_packet_and_is_trimmed_to_it);
	tcase_add_test(packets, congestion_on_the_way_is_told_to_the_inner_packet);
	suite_add_tcase(suite, packets);

	tcase_add_test(confs, a_configuration_that_contradicts_itself_is_refused);
	tcase_add_loop_test(confs, no_freed_memory_has_a_piece_of_a_key_in_it, 0, SUITES);
	suite_add_tcase(suite, confs);

	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
