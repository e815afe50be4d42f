/* SPDX-License-Identifier: ISC */
#include "esp_int.h"

/* Compute the full sequence number and check it against the replay window. */
static enum esp_drop
sequence(const struct esp_sa *sa, uint32_t low, uint64_t *seq)
{
	*seq = low;
	if (sa->esn && !esp_replay_extend(&sa->replay, low, seq))
		return ESP_DROP_OLD;
	return esp_replay_check(&sa->replay, *seq);
}

/* Length of the payload without trailer and padding (RFC 4303 2.4 to 2.6). */
static enum esp_drop
payload_of(const struct esp_sa *sa, const uint8_t *text, size_t text_len, size_t *len, uint8_t *next)
{
	size_t pad_len = text[text_len - 2], before = text_len - ESP_TRAILER_SIZE;

	if (pad_len > before)
		return ESP_DROP_PADDING;
	*len = before - pad_len;
	for (size_t i = 0; i < pad_len; i++)
		if (text[*len + i] != i + 1)
			return ESP_DROP_PADDING;
	*next = text[text_len - 1];
	if (*next == PROTO_NONE)
		return ESP_DROP_DUMMY;
	if (sa->mode == IPM_ENCAP_TUNNEL && *next != PROTO_IPIP && *next != PROTO_IPV6)
		return ESP_DROP_NEXT_HEADER;
	return ESP_OK;
}

enum esp_drop
esp_open_payload(struct esp_sa *sa, uint64_t now_ns, const uint8_t *esp, size_t len, uint8_t *out, size_t *out_len,
		 uint8_t *next)
{
	size_t around = esp_head_size(sa) + ESP_ICV_SIZE;
	uint64_t seq;

	if (len < around + sa->align) /* each packet has a trailer */
		return ESP_DROP_SHORT;
	size_t text_len = len - around;
	if ((text_len & (sa->align - 1u)) != 0 || len > ESP_PAYLOAD_MAX)
		return ESP_DROP_LENGTH;
	if (get32(esp) != sa->spi)
		return ESP_DROP_SPI;
	if (*out_len < text_len)
		return ESP_DROP_ROOM;
	if (esp_sa_life(sa, now_ns) == ESP_LIFE_HARD)
		return ESP_DROP_EXPIRED;
	enum esp_drop why = sequence(sa, get32(esp + 4), &seq);
	if (why == ESP_OK)
		why = esp_decrypt(sa, esp, text_len, seq, out);
	if (why != ESP_OK)
		return why;
	esp_replay_mark(&sa->replay, seq); /* the packet is authentic, even if a later check fails */
	esp_tell_seq(sa, sa->replay.top);
	return payload_of(sa, out, text_len, out_len, next);
}

enum esp_drop
esp_open(struct esp_sa *sa, uint64_t now_ns, const uint8_t *esp, size_t len, uint8_t *out, size_t *out_len,
	 uint8_t *next)
{
	enum esp_drop why = esp_open_payload(sa, now_ns, esp, len, out, out_len, next);

	return esp_count(sa, why, why == ESP_OK ? *out_len : 0);
}
