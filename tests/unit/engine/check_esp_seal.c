/* SPDX-License-Identifier: ISC */
/* Payloads, published vectors, drops and lifetimes. */

#include "esp_fixture.h"

/* --- Payloads ------------------------------------------------------------ */

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

/* RFC 3602 3: neither a counter nor earlier packets predict the next one. */
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

/* --- Vectors ------------------------------------------------------------- */

static size_t
unhex(const char *hex, uint8_t *out)
{
	size_t n = 0;
	for (unsigned octet; hex[0] && sscanf(hex, "%2x", &octet) == 1; hex += 2)
		out[n++] = (uint8_t)octet;
	return n;
}

/* Plaintexts with padding and trailer, and the results: without ESP header, with ICV. */
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
	/* Python's hmac computed the ICVs of these two. */
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

/* RFC 4868 2.7.2.1, AUTH256-2: its text looks like a packet, except for the padding. */
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

/* --- Drops --------------------------------------------------------------- */

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

/* A packet that esp_seal() would not produce, but with a correct ICV. */
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
	len = 51; /* it would fit without the padding */
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

/* As it does when a context for decryption is asked for the ICV of encryption. */
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

/* --- Lifetimes ----------------------------------------------------------- */

START_TEST(an_sa_is_soft_and_then_hard_in_packets_octets_and_seconds)
{
	uint8_t payload[100] = { 0 }, out[256];
	/*
	 * Limits of 3 and 5 packets, 250 and 450 octets, 10 and 20 seconds: the packet that reaches them, with one
	 * packet a second.
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
	for (int n = 0; n < 40; n++) { /* after n packets, at n seconds */
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

int
main(void)
{
	if (CRYPTO_set_mem_functions(watched_malloc, watched_realloc, watched_free) != 1)
		return EXIT_FAILURE;
	Suite *suite = suite_create("esp_seal");
	TCase *tc = tcase_create("payloads");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_payload_of_any_length_comes_out_as_it_went_in, 0, SUITES);
	tcase_add_loop_test(tc, the_payload_cannot_be_read_on_its_way_but_with_null, 0, SUITES);
	tcase_add_test(tc, an_iv_of_cbc_is_not_a_counter);
	suite_add_tcase(suite, tc);
	tc = tcase_create("vectors");
	tcase_add_loop_test(tc, published_packets_are_made_and_read, 0, COUNT(vectors));
	tcase_add_test(tc, the_icv_is_hmac_sha_256_128);
	suite_add_tcase(suite, tc);
	tc = tcase_create("drops");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_packet_with_any_bit_changed_is_dropped_and_the_right_one_is_not, 0, SUITES);
	tcase_add_loop_test(tc, a_packet_of_any_other_length_is_dropped, 0, SUITES);
	tcase_add_loop_test(tc, a_packet_is_opened_once, 0, SUITES);
	tcase_add_loop_test(tc, padding_is_1_2_3_and_within_the_packet, 0, SUITES);
	tcase_add_loop_test(tc, a_tunnel_carries_ip_and_no_other_next_header, 0, SUITES);
	tcase_add_loop_test(tc, a_buffer_that_is_too_small_is_not_written_to, 0, SUITES);
	tcase_add_loop_test(tc, what_cannot_be_sealed_uses_no_sequence_number, 0, SUITES);
	tcase_add_test(tc, a_failure_of_libcrypto_drops_the_packet);
	tcase_add_test(tc, sequence_numbers_are_used_up_and_never_start_again);
	tcase_add_test(tc, every_reason_has_words_and_a_reason_of_the_model);
	suite_add_tcase(suite, tc);
	tc = tcase_create("lifetimes");
	tcase_add_loop_test(tc, an_sa_is_soft_and_then_hard_in_packets_octets_and_seconds, 0, 5);
	tcase_add_test(tc, a_moment_before_the_sa_was_there_does_not_end_it);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
