/* SPDX-License-Identifier: ISC */
/*
 * Encrypt and decrypt one packet with OpenSSL's EVP. A context gets its key once. A packet only sets the nonce.
 *
 * The IV is the sequence number combined with a random mask of the SA. No two packets of an SA share a sequence number,
 * and AEADs need nothing more (RFC 4106 3.1, RFC 7634 2). The mask protects operators who, against all advice, give the
 * same key to two SAs one after the other. CBC needs an unpredictable IV (RFC 3602 3), so its IV is the number
 * encrypted under the SA's key (NIST SP 800-38A appendix C). One pass does both: it encrypts the number, placed in
 * front of the text, with an IV of zeros.
 */
#include "esp_int.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define MAC_SIZE 32 /* SHA-256; the ICV keeps the first half */

static const uint8_t zeros[ESP_IV_MAX];

struct suite {
	uint16_t encr, integ;
	uint8_t iv_size, align, salt_size;
	const char *cipher; /* OpenSSL's name, by key bits */
	uint16_t bits[3];
};

static const struct suite suites[] = {
	{ IPM_ENCR_NULL, IPM_INTEG_HMAC_SHA2_256_128, 0, 4, 0, NULL, { 0 } },
	{ IPM_ENCR_AES_CBC, IPM_INTEG_HMAC_SHA2_256_128, 16, 16, 0, "AES-%u-CBC", { 128, 192, 256 } },
	{ IPM_ENCR_AES_GCM_16, 0, 8, 4, ESP_SALT_SIZE, "AES-%u-GCM", { 128, 192, 256 } },
	{ IPM_ENCR_CHACHA20_POLY1305, 0, 8, 4, ESP_SALT_SIZE, "ChaCha20-Poly1305", { 256 } },
};

static const struct suite *
suite_of(const struct ipm_proposal *p)
{
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (suites[i].encr == p->encr && suites[i].integ == p->integ)
			return &suites[i];
	return NULL;
}

/* A cipher with only one key size may come without key bits in the proposal. */
static bool
key_size_fits(const struct suite *s, const struct esp_conf *conf)
{
	size_t bits = 8 * (conf->encr_key_len - s->salt_size);

	if (conf->encr_key_len < s->salt_size || (conf->proposal.encr_bits != 0 && conf->proposal.encr_bits != bits))
		return false;
	for (size_t i = 0; i < sizeof(s->bits) / sizeof(s->bits[0]); i++)
		if (bits == s->bits[i] && (bits != 0 || !s->cipher))
			return true;
	return false;
}

static int
cipher_init(struct esp_sa *sa, const struct suite *s, const struct esp_conf *conf)
{
	char name[32];
	int err = -ENOTSUP;

	size_t key_size = conf->encr_key_len - s->salt_size;
	snprintf(name, sizeof(name), s->cipher, (unsigned)(8 * key_size));
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	sa->cipher = EVP_CIPHER_CTX_new();
	if (cipher && sa->cipher &&
	    EVP_CipherInit_ex2(sa->cipher, cipher, conf->encr_key, NULL, sa->direction == IPM_OUT, NULL) == 1 &&
	    EVP_CIPHER_CTX_set_padding(sa->cipher, 0) == 1) /* ESP adds its own padding */
		err = 0;
	EVP_CIPHER_free(cipher);
	memcpy(sa->nonce, conf->encr_key + key_size, s->salt_size);
	return err;
}

static int
mac_init(struct esp_sa *sa, const struct esp_conf *conf)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_END };
	int err = -ENOTSUP;

	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (mac)
		sa->mac = EVP_MAC_CTX_new(mac);
	if (sa->mac && EVP_MAC_init(sa->mac, conf->integ_key, conf->integ_key_len, params) == 1)
		err = 0;
	EVP_MAC_free(mac);
	return err;
}

int
esp_crypt_init(struct esp_sa *sa, const struct esp_conf *conf)
{
	const struct suite *s = suite_of(&conf->proposal);
	int err = 0;

	if (!s)
		return -ENOTSUP;
	/* RFC 4868 2.1.1: the key is as long as the hash; other sizes are not allowed. */
	if (!key_size_fits(s, conf) || conf->integ_key_len != (s->integ ? MAC_SIZE : 0))
		return -EINVAL;
	sa->iv_size = s->iv_size;
	sa->align = s->align;
	if (s->iv_size > 0 && RAND_bytes(sa->iv_mask, ESP_IV_MAX) != 1)
		err = -ENOTSUP;
	if (err == 0 && s->cipher)
		err = cipher_init(sa, s, conf);
	if (err == 0 && s->integ)
		err = mac_init(sa, conf);
	if (err < 0)
		ERR_clear_error();
	return err;
}

void
esp_crypt_clear(struct esp_sa *sa)
{
	EVP_CIPHER_CTX_free(sa->cipher);
	EVP_MAC_CTX_free(sa->mac);
	sa->cipher = NULL;
	sa->mac = NULL;
}

/* Clear the thread's error queue, so a later failure doesn't report this one. */
static enum esp_drop
engine_failed(void)
{
	ERR_clear_error();
	return ESP_DROP_ENGINE;
}

/* Start an AEAD packet. The header, with the full sequence number, is authenticated but not encrypted. */
static bool
aead_begin(struct esp_sa *sa, const uint8_t *esp, uint64_t seq)
{
	uint8_t extended[ESP_HEADER_SIZE + 4];
	const uint8_t *aad = esp;
	int aad_len = ESP_HEADER_SIZE, len;

	memcpy(sa->nonce + ESP_SALT_SIZE, esp + ESP_HEADER_SIZE, ESP_NONCE_SIZE - ESP_SALT_SIZE);
	if (sa->esn) { /* RFC 4106 5: the high half goes between the SPI and the low half */
		put32(extended, sa->spi);
		put64(extended + 4, seq);
		aad = extended;
		aad_len = sizeof(extended);
	}
	return EVP_CipherInit_ex(sa->cipher, NULL, NULL, NULL, sa->nonce, -1) == 1 &&
	       EVP_CipherUpdate(sa->cipher, NULL, &len, aad, aad_len) == 1;
}

/* HMAC of everything before the ICV. With ESN, the high half of the sequence number follows (RFC 4303 2.2.1). */
static bool
mac_of(struct esp_sa *sa, const uint8_t *esp, size_t len, uint64_t seq, uint8_t mac[MAC_SIZE])
{
	uint8_t high[4];
	size_t mac_len;

	put32(high, (uint32_t)(seq >> 32));
	return EVP_MAC_init(sa->mac, NULL, 0, NULL) == 1 && EVP_MAC_update(sa->mac, esp, len) == 1 &&
	       (!sa->esn || EVP_MAC_update(sa->mac, high, sizeof(high)) == 1) &&
	       EVP_MAC_final(sa->mac, mac, &mac_len, MAC_SIZE) == 1 && mac_len == MAC_SIZE;
}

enum esp_drop
esp_encrypt(struct esp_sa *sa, uint8_t *esp, size_t text_len, uint64_t seq)
{
	uint8_t *iv = esp + ESP_HEADER_SIZE, *text = iv + sa->iv_size, *icv = text + text_len;
	uint8_t mac[MAC_SIZE];
	int len;

	put64(esp, (uint64_t)sa->spi << 32 | (uint32_t)seq);
	if (sa->iv_size > 0) {
		memcpy(iv, sa->iv_mask, sa->iv_size - 8u);
		put64(text - 8, get64(sa->iv_mask + sa->iv_size - 8) ^ seq);
	}
	if (!sa->mac) {
		if (!aead_begin(sa, esp, seq) || EVP_CipherUpdate(sa->cipher, text, &len, text, (int)text_len) != 1 ||
		    EVP_CipherFinal_ex(sa->cipher, icv, &len) != 1 ||
		    EVP_CIPHER_CTX_ctrl(sa->cipher, EVP_CTRL_AEAD_GET_TAG, ESP_ICV_SIZE, icv) != 1)
			return engine_failed();
		return ESP_OK;
	}
	if (sa->cipher && (EVP_CipherInit_ex(sa->cipher, NULL, NULL, NULL, zeros, -1) != 1 ||
			   EVP_CipherUpdate(sa->cipher, iv, &len, iv, (int)(sa->iv_size + text_len)) != 1))
		return engine_failed();
	if (!mac_of(sa, esp, (size_t)(icv - esp), seq, mac))
		return engine_failed();
	memcpy(icv, mac, ESP_ICV_SIZE);
	return ESP_OK;
}

enum esp_drop
esp_decrypt(struct esp_sa *sa, const uint8_t *esp, size_t text_len, uint64_t seq, uint8_t *out)
{
	const uint8_t *iv = esp + ESP_HEADER_SIZE, *text = iv + sa->iv_size, *icv = text + text_len;
	uint8_t mac[MAC_SIZE];
	int len;

	if (!sa->mac) {
		memcpy(mac, icv, ESP_ICV_SIZE); /* the EVP call takes a non-const pointer */
		if (!aead_begin(sa, esp, seq) ||
		    EVP_CIPHER_CTX_ctrl(sa->cipher, EVP_CTRL_AEAD_SET_TAG, ESP_ICV_SIZE, mac) != 1 ||
		    EVP_CipherUpdate(sa->cipher, out, &len, text, (int)text_len) != 1)
			return engine_failed();
		return EVP_CipherFinal_ex(sa->cipher, mac, &len) == 1 ? ESP_OK : ESP_DROP_ICV;
	}
	if (!mac_of(sa, esp, (size_t)(icv - esp), seq, mac))
		return engine_failed();
	if (CRYPTO_memcmp(mac, icv, ESP_ICV_SIZE) != 0)
		return ESP_DROP_ICV;
	if (!sa->cipher)
		memmove(out, text, text_len);
	else if (EVP_CipherInit_ex(sa->cipher, NULL, NULL, NULL, iv, -1) != 1 ||
		 EVP_CipherUpdate(sa->cipher, out, &len, text, (int)text_len) != 1)
		return engine_failed();
	return ESP_OK;
}
