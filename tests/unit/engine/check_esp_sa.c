/* SPDX-License-Identifier: ISC */
/* The configuration of an SA, and erasing its keys. */

#include "esp_fixture.h"

/* --- Configuration and keys ---------------------------------------------- */

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
	/* Before libcrypto allocates memory. */
	if (CRYPTO_set_mem_functions(watched_malloc, watched_realloc, watched_free) != 1)
		return EXIT_FAILURE;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)((i * i + 1) * 37 + 0x5b + i / 16);
	Suite *suite = suite_create("esp_sa");
	TCase *tc = tcase_create("configuration and keys");
	tcase_add_test(tc, a_configuration_that_contradicts_itself_is_refused);
	tcase_add_loop_test(tc, no_freed_memory_has_a_piece_of_a_key_in_it, 0, SUITES);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
