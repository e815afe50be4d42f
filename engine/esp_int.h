/* SPDX-License-Identifier: ISC */
/* Shared by the files of the ESP engine, and by tests that make invalid packets. */
#ifndef ESP_INT_H
#define ESP_INT_H

#include <stdatomic.h>

#include <endian.h>
#include <openssl/evp.h>
#include <string.h>

#include "esp.h"
#include "esp_replay.h"

#define ESP_HEADER_SIZE  8u  /* SPI and sequence number */
#define ESP_ICV_SIZE     16u /* of all suites */
#define ESP_NONCE_SIZE   12u /* of the AEADs: salt and IV */
#define ESP_SALT_SIZE    4u
#define ESP_IV_MAX       16u
#define ESP_TRAILER_SIZE 2u /* pad length and next header */

#define PROTO_HOPOPTS    0u
#define PROTO_IPIP       4u
#define PROTO_UDP        17u
#define PROTO_IPV6       41u
#define PROTO_ROUTING    43u
#define PROTO_FRAGMENT   44u
#define PROTO_ESP        50u
#define PROTO_NONE       59u
#define PROTO_DSTOPTS    60u

/* 0: count nothing, not even for limits in packets and octets. Only bench/esp uses it, to measure the cost. */
#ifndef ESP_COUNTING
#define ESP_COUNTING 1
#endif

struct esp_sa {
	/* Every packet needs these. */
	EVP_CIPHER_CTX *cipher;       /* has its key; NULL: ENCR_NULL */
	EVP_MAC_CTX *mac;             /* has its key; NULL: an AEAD */
	struct ipm_lane lane;         /* NULLs: none */
	uint64_t seq;                 /* outbound: the last one sent */
	uint64_t pkts, octets;        /* carried, as lifetimes count them */
	struct esp_limits hard, soft; /* UINT64_MAX: none */
	uint64_t installed_ns;
	uint32_t spi;
	uint8_t iv_size, align; /* payload and trailer are a multiple of align, a power of two */
	uint8_t direction, mode, esn;
	uint8_t nonce[ESP_NONCE_SIZE]; /* AEAD: the salt, which is part of the keys, and the IV of the packet in hand */
	uint8_t iv_mask[ESP_IV_MAX];   /* combined with the sequence number into an IV: see esp_crypt.c */

	uint16_t udp_src, udp_dst;
	struct ipm_addr src, dst;
	_Atomic uint64_t drops[ESP_DROP_COUNT];
	struct esp_replay replay;
};

/*
 * Publish the sequence number before the packet leaves. A run after a kill continues after this number, so it never
 * sends or accepts a number twice.
 */
static inline void
esp_tell_seq(const struct esp_sa *sa, uint64_t seq)
{
	if (ESP_COUNTING && sa->lane.drops)
		ipm_lane_seq(sa->lane, seq);
}

/* Numbers in network order, each in one access. */
static inline void
put16(uint8_t *p, uint32_t v)
{
	uint16_t n = htobe16((uint16_t)v);
	memcpy(p, &n, sizeof(n));
}

static inline void
put32(uint8_t *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void
put64(uint8_t *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof(v));
}

static inline uint16_t
get16(const uint8_t *p)
{
	uint16_t n;
	memcpy(&n, p, sizeof(n));
	return be16toh(n);
}

static inline uint32_t
get32(const uint8_t *p)
{
	uint32_t n;
	memcpy(&n, p, sizeof(n));
	return be32toh(n);
}

static inline uint64_t
get64(const uint8_t *p)
{
	uint64_t n;
	memcpy(&n, p, sizeof(n));
	return be64toh(n);
}

/* Give the cipher and MAC contexts their keys. 0, or an error of esp_sa_new(). */
int esp_crypt_init(struct esp_sa *sa, const struct esp_conf *conf);
void esp_crypt_clear(struct esp_sa *sa);

/*
 * Finish a packet: IV, encryption and ICV. At @p esp is room for the header and the IV, then the text (payload, padding
 * and trailer), then room for the ICV. ESP_OK or ESP_DROP_ENGINE.
 */
enum esp_drop esp_encrypt(struct esp_sa *sa, uint8_t *esp, size_t text_len, uint64_t seq);

/* Check the ICV and decrypt the text to @p out. ESP_OK, ESP_DROP_ICV or ESP_DROP_ENGINE. */
enum esp_drop esp_decrypt(struct esp_sa *sa, const uint8_t *esp, size_t text_len, uint64_t seq, uint8_t *out);

/* esp_seal() and esp_open() without counting. */
enum esp_drop esp_seal_payload(struct esp_sa *sa, uint64_t now_ns, uint8_t next, const uint8_t *payload, size_t len,
			       uint8_t *out, size_t *out_len);
enum esp_drop esp_open_payload(struct esp_sa *sa, uint64_t now_ns, const uint8_t *esp, size_t len, uint8_t *out,
			       size_t *out_len, uint8_t *next);

/* Count a packet or its drop. Returns @p why. */
enum esp_drop esp_count(struct esp_sa *sa, enum esp_drop why, size_t payload_len);

/*
 * Count a packet that is encrypted but not yet sent towards the SA's limits. The caller then counts it in the SA's
 * lane, as a packet or as a drop.
 */
static inline void
esp_spend(struct esp_sa *sa, size_t payload_len)
{
	sa->pkts++;
	sa->octets += payload_len;
}

/* Add to a counter with only one writer. */
static inline void
esp_add(_Atomic uint64_t *counter, uint64_t amount)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + amount,
			      memory_order_relaxed);
}

#endif
