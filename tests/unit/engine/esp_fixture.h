/* SPDX-License-Identifier: ISC */
/* SAs of every suite, in pairs. */
#ifndef ESP_FIXTURE_H
#define ESP_FIXTURE_H

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
#include "suite.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SPI          0xc0ffee01u
#define SECOND       UINT64_C(1000000000)
#define INSTALLED    (1000 * SECOND)
#define NOW          (INSTALLED + SECOND)

/* --- SAs ----------------------------------------------------------------- */

/* 64 unique octets: if 8 of them are found anywhere, they are part of a key. */
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

static inline struct esp_conf
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

static inline struct esp_sa *
sa_new(const struct esp_conf *conf)
{
	struct esp_sa *sa;
	ck_assert_int_eq(esp_sa_new(conf, &sa), 0);
	ck_assert_ptr_nonnull(sa);
	return sa;
}

/* Both ends of an SA, with a lane at the receiver. */
static struct esp_sa *sender, *receiver;
static struct ipm_count counted;
static struct ipm_drops dropped;

static inline void
pair(struct esp_conf conf)
{
	sender = sa_new(&conf);
	conf.direction = IPM_IN;
	if (conf.replay_window == 0)
		conf.replay_window = 64;
	conf.lane = (struct ipm_lane){ &counted, &dropped };
	receiver = sa_new(&conf);
}

static inline void
unpair(void)
{
	esp_sa_free(sender);
	esp_sa_free(receiver);
	sender = receiver = NULL;
	memset(&counted, 0, sizeof(counted));
	memset(&dropped, 0, sizeof(dropped));
}

static inline uint64_t
all_drops(const struct esp_sa *sa)
{
	uint64_t sum = 0;
	for (int i = 0; i < ESP_DROP_COUNT; i++)
		sum += esp_sa_drops(sa, (enum esp_drop)i);
	return sum;
}

static inline uint64_t
lane_drops(void)
{
	uint64_t sum = 0;
	for (int i = 0; i < IPM_DROP_COUNT; i++)
		sum += dropped.pkts[i];
	return sum;
}

static inline void
fill(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 7 + len);
}

/* A packet from the sender, in memory of exactly its size. */
static inline uint8_t *
sealed(const uint8_t *payload, size_t len, size_t *size)
{
	*size = esp_sealed_size(sender, len);
	uint8_t *out = malloc(*size);
	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(esp_seal(sender, NOW, 17, payload, len, out, size), ESP_OK);
	ck_assert_uint_eq(*size, esp_sealed_size(sender, len));
	return out;
}

/* Open a copy of a packet at the receiver. */
static inline enum esp_drop
opened(const uint8_t *esp, size_t size)
{
	uint8_t *out = malloc(size ? size : 1), next;
	ck_assert_ptr_nonnull(out);
	size_t len = size;
	enum esp_drop why = esp_open(receiver, NOW, esp, size, out, &len, &next);
	free(out);
	return why;
}

/* The packet is dropped for that reason and counted once: in the SA, and in the lane under the model's reason. */
static inline void
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

/* Finds blocks that are freed while they hold part of a key. All memory of libcrypto goes through here. */
static bool watching;
static unsigned long leaks, frees;
static const uint8_t *salt; /* of 4 octets; NULL: none */

static inline void
no_key_in(const void *block, size_t size)
{
	frees++;
	for (size_t i = 0; i + 8 <= sizeof(key); i += 4)
		if (memmem(block, size, key + i, 8))
			leaks++;
	if (salt && memmem(block, size, salt, 4))
		leaks++;
}

static inline void *
watched_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(size);
}

static inline void
watched_free(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	if (block && watching)
		no_key_in(block, malloc_usable_size(block));
	free(block);
}

static inline void *
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

#endif
