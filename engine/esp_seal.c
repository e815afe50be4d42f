/* SPDX-License-Identifier: ISC */
#include "esp_int.h"

#include <string.h>

enum esp_drop
esp_seal_payload(struct esp_sa *sa, uint64_t now_ns, uint8_t next, const uint8_t *payload, size_t len, uint8_t *out,
		 size_t *out_len)
{
	size_t size = esp_sealed_size(sa, len);
	if (len > ESP_PAYLOAD_MAX || size > ESP_PAYLOAD_MAX)
		return ESP_DROP_LENGTH;
	if (sa->mode == IPM_ENCAP_TUNNEL && next != PROTO_IPIP && next != PROTO_IPV6)
		return ESP_DROP_NEXT_HEADER;
	if (*out_len < size)
		return ESP_DROP_ROOM;
	if (esp_sa_life(sa, now_ns) == ESP_LIFE_HARD)
		return ESP_DROP_EXPIRED;
	/* The number must never wrap to 0. With an AEAD, reuse would reveal the key (RFC 4303 3.3.3, RFC 4106 2). */
	if (sa->seq == (sa->esn ? UINT64_MAX : UINT32_MAX))
		return ESP_DROP_SEQUENCE;

	uint8_t *text = out + esp_head_size(sa);
	size_t text_len = size - esp_head_size(sa) - ESP_ICV_SIZE, pad_len = text_len - ESP_TRAILER_SIZE - len;
	if (text != payload && len > 0)
		memmove(text, payload, len);
	for (size_t i = 0; i < pad_len; i++)
		text[len + i] = (uint8_t)(i + 1);
	text[text_len - 2] = (uint8_t)pad_len;
	text[text_len - 1] = next;
	*out_len = size;
	/* Use up the number even if libcrypto fails: the failure may come after encryption. */
	sa->seq++;
	esp_tell_seq(sa, sa->seq);
	return esp_encrypt(sa, out, text_len, sa->seq);
}

enum esp_drop
esp_seal(struct esp_sa *sa, uint64_t now_ns, uint8_t next, const uint8_t *payload, size_t len, uint8_t *out,
	 size_t *out_len)
{
	return esp_count(sa, esp_seal_payload(sa, now_ns, next, payload, len, out, out_len), len);
}
