/* SPDX-License-Identifier: ISC */
/*
 * Recorded netlink messages of XFRM have the byte order of the machine that recorded them. Those in
 * tests/fuzz/corpus-xfrm are little-endian; this file converts them to the byte order of this machine.
 *
 * Numbers in network order (addresses, SPIs, ports) stay as they are. A layout is a list of fields: 2, 4 and 8 are
 * numbers of that many octets, "s" and a number skips octets. A layout repeats until the end of the message.
 */
#ifndef XFRM_CORPUS_H
#define XFRM_CORPUS_H

#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LAYOUT_SEL    "s40 2 s6 4 4 "
#define LAYOUT_CUR    "8 8 8 8 "
#define LAYOUT_LFT    LAYOUT_CUR LAYOUT_CUR
#define LAYOUT_SA_ID  "s20 2 s2 "
#define LAYOUT_SA     LAYOUT_SEL "s40 " LAYOUT_LFT LAYOUT_CUR "4 4 4 4 4 2 s10 "
#define LAYOUT_POLICY LAYOUT_SEL LAYOUT_LFT LAYOUT_CUR "4 4 s8 "

struct corpus_layout {
	uint16_t type;
	uint16_t size; /* of what is in front of the attributes */
	const char *fields;
};

static const struct corpus_layout corpus_messages[] = {
	{ XFRM_MSG_NEWSA, sizeof(struct xfrm_usersa_info), LAYOUT_SA },
	{ XFRM_MSG_UPDSA, sizeof(struct xfrm_usersa_info), LAYOUT_SA },
	{ XFRM_MSG_DELSA, sizeof(struct xfrm_usersa_id), LAYOUT_SA_ID },
	{ XFRM_MSG_GETSA, sizeof(struct xfrm_usersa_id), LAYOUT_SA_ID },
	{ XFRM_MSG_EXPIRE, sizeof(struct xfrm_user_expire), LAYOUT_SA "s8" },
	{ XFRM_MSG_NEWPOLICY, sizeof(struct xfrm_userpolicy_info), LAYOUT_POLICY },
	{ XFRM_MSG_UPDPOLICY, sizeof(struct xfrm_userpolicy_info), LAYOUT_POLICY },
	{ XFRM_MSG_DELPOLICY, sizeof(struct xfrm_userpolicy_id), LAYOUT_SEL "4 s4" },
	{ XFRM_MSG_POLEXPIRE, sizeof(struct xfrm_user_polexpire), LAYOUT_POLICY "s8" },
	{ XFRM_MSG_ACQUIRE, sizeof(struct xfrm_user_acquire), "s40 " LAYOUT_SEL LAYOUT_POLICY "4 4 4 4" },
	{ XFRM_MSG_FLUSHSA, sizeof(struct xfrm_usersa_flush), "s1" },
	{ XFRM_MSG_FLUSHPOLICY, 0, "s1" },
	{ XFRM_MSG_NEWAE, sizeof(struct xfrm_aevent_id), LAYOUT_SA_ID "s16 4 4" },
	{ XFRM_MSG_MAPPING, sizeof(struct xfrm_user_mapping), LAYOUT_SA_ID "4 s36" },
	{ XFRM_MSG_MIGRATE, sizeof(struct xfrm_userpolicy_id), LAYOUT_SEL "4 s4" },
	{ XFRM_MSG_REPORT, sizeof(struct xfrm_user_report), "s4 " LAYOUT_SEL },
};

static const struct corpus_layout corpus_attributes[] = {
	{ XFRMA_ALG_AUTH, 0, "s64 4 s1024" },
	{ XFRMA_ALG_CRYPT, 0, "s64 4 s1024" },
	{ XFRMA_ALG_COMP, 0, "s64 4 s1024" },
	{ XFRMA_ALG_AEAD, 0, "s64 4 4 s1024" },
	{ XFRMA_ALG_AUTH_TRUNC, 0, "s64 4 4 s1024" },
	{ XFRMA_ENCAP, 0, "2 s1024" },
	{ XFRMA_TMPL, 0, "s24 2 s18 4 s4 4 4 4" },
	{ XFRMA_SA, 0, LAYOUT_SA },
	{ XFRMA_POLICY, 0, LAYOUT_POLICY },
	{ XFRMA_LTIME_VAL, 0, "8" },
	{ XFRMA_LASTUSED, 0, "8" },
	{ XFRMA_REPLAY_VAL, 0, "4" },
	{ XFRMA_REPLAY_ESN_VAL, 0, "4" },
	{ XFRMA_ETIMER_THRESH, 0, "4" },
	{ XFRMA_REPLAY_THRESH, 0, "4" },
	{ XFRMA_SA_EXTRA_FLAGS, 0, "4" },
	{ XFRMA_TFCPAD, 0, "4" },
	{ XFRMA_MARK, 0, "4" },
	{ XFRMA_SET_MARK, 0, "4" },
	{ XFRMA_SET_MARK_MASK, 0, "4" },
	{ XFRMA_IF_ID, 0, "4" },
	{ XFRMA_OFFLOAD_DEV, 0, "4 s1024" },
	{ XFRMA_MIGRATE, 0, "s68 4 2 2" },
};

static inline const struct corpus_layout *
corpus_layout(const struct corpus_layout *of, size_t n, uint16_t type)
{
	for (size_t i = 0; i < n; i++)
		if (of[i].type == type)
			return &of[i];
	return NULL;
}

/* Reverse the octets of a number of @p n octets. */
static inline void
corpus_turn(uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		uint8_t other = at[i];
		at[i] = at[n - 1 - i];
		at[n - 1 - i] = other;
	}
}

static inline void
corpus_turn_fields(uint8_t *at, size_t len, const char *fields)
{
	const char *f = fields;
	while (len > 0) {
		size_t n;
		bool skip;
		while (*f == ' ')
			f++;
		if (*f == '\0') {
			f = fields;
			continue;
		}
		skip = *f == 's';
		n = strtoul(f + skip, (char **)&f, 10);
		if (n > len)
			return;
		if (!skip)
			corpus_turn(at, n);
		at += n;
		len -= n;
	}
}

/* A number of 2 or 4 octets that is in our order before or after it is turned: that which it has now, if @p ours. */
static inline uint32_t
corpus_number(const uint8_t *at, size_t n, bool ours)
{
	uint8_t copy[4];
	uint32_t four;
	uint16_t two;
	memcpy(copy, at, n);
	if (!ours)
		corpus_turn(copy, n);
	memcpy(&four, copy, sizeof(four));
	memcpy(&two, copy, sizeof(two));
	return n == 4 ? four : two;
}

/* Turn all numbers of the messages around; they are in this machine's order before (@p ours), or afterwards. */
static inline void
corpus_turn_messages(uint8_t *octets, size_t len, bool ours)
{
	while (len >= sizeof(struct nlmsghdr)) {
		size_t size = corpus_number(octets, 4, ours), at = sizeof(struct nlmsghdr);
		uint16_t type = (uint16_t)corpus_number(octets + 4, 2, ours);
		const struct corpus_layout *m =
			corpus_layout(corpus_messages, sizeof(corpus_messages) / sizeof(corpus_messages[0]), type);
		if (size < at || size > len)
			return;
		corpus_turn_fields(octets, at, "4 2 2 4 4");
		if (m && m->size <= size - at) {
			corpus_turn_fields(octets + at, m->size, m->fields);
			at += (m->size + 3u) & ~3u;
		}
		while (m && at + 4 <= size) {
			size_t attr = corpus_number(octets + at, 2, ours);
			uint16_t kind = (uint16_t)corpus_number(octets + at + 2, 2, ours);
			const struct corpus_layout *a = corpus_layout(
				corpus_attributes, sizeof(corpus_attributes) / sizeof(corpus_attributes[0]), kind);
			if (attr < 4 || attr > size - at)
				break;
			corpus_turn_fields(octets + at, 4, "2");
			if (a)
				corpus_turn_fields(octets + at + 4, attr - 4, a->fields);
			at += (attr + 3u) & ~3u;
		}
		size = (size + 3u) & ~3u;
		if (size > len)
			return;
		octets += size;
		len -= size;
	}
}

/* Convert what was read from the corpus to the byte order of this machine. */
static inline void
corpus_to_host(uint8_t *octets, size_t len)
{
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		corpus_turn_messages(octets, len, false);
}

#endif
