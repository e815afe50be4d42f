/* SPDX-License-Identifier: ISC */
/* Messages as the kernel builds them, and the decoder's results. */
#ifndef XFRM_MESSAGE_FIXTURE_H
#define XFRM_MESSAGE_FIXTURE_H

#include <arpa/inet.h>
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xfrm_corpus.h"
#include "xfrm_decode.h"
#include "xfrm_stat.h"
#include "suite.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SA_DIR       33 /* XFRMA_SA_DIR */

#define KEY_OCTET    0xa5

/* --- Messages, as the kernel makes them ---------------------------------- */

static union {
	char octets[1 << 17];
	struct nlmsghdr header;
} box;

static inline void
message(uint16_t type, const void *head, size_t size)
{
	mnl_nlmsg_put_header(box.octets)->nlmsg_type = type;
	if (size > 0)
		memcpy(mnl_nlmsg_put_extra_header(&box.header, size), head, size);
}

static inline void
attr(uint16_t type, const void *value, size_t size)
{
	mnl_attr_put(&box.header, type, size, value);
}

/* Keys consist of an octet that occurs nowhere else here. */
static inline void
put_with_key(uint16_t type, const void *head, size_t size, uint32_t key_bits)
{
	char value[4096];
	size_t key = (key_bits + 7) / 8;
	ck_assert_uint_le(size + key, sizeof(value));
	memcpy(value, head, size);
	memset(value + size, KEY_OCTET, key);
	attr(type, value, size + key);
}

static inline void
algo(uint16_t type, const char *name, uint32_t key_bits)
{
	struct xfrm_algo head = { .alg_key_len = key_bits };
	snprintf(head.alg_name, sizeof(head.alg_name), "%s", name);
	put_with_key(type, &head, sizeof(head), key_bits);
}

static inline void
algo_trunc(const char *name, uint32_t key_bits, uint32_t trunc_bits)
{
	struct xfrm_algo_auth head = { .alg_key_len = key_bits, .alg_trunc_len = trunc_bits };
	snprintf(head.alg_name, sizeof(head.alg_name), "%s", name);
	put_with_key(XFRMA_ALG_AUTH_TRUNC, &head, sizeof(head), key_bits);
}

static inline void
algo_aead(const char *name, uint32_t key_bits, uint32_t icv_bits)
{
	struct xfrm_algo_aead head = { .alg_key_len = key_bits, .alg_icv_len = icv_bits };
	snprintf(head.alg_name, sizeof(head.alg_name), "%s", name);
	put_with_key(XFRMA_ALG_AEAD, &head, sizeof(head), key_bits);
}

static inline void
esn_state(const struct xfrm_replay_state_esn *head)
{
	char value[sizeof(*head) + XFRMA_REPLAY_ESN_MAX / 8];
	memset(value, 0, sizeof(value));
	memcpy(value, head, sizeof(*head));
	attr(XFRMA_REPLAY_ESN_VAL, value, sizeof(*head) + head->bmp_len * 4);
}

static inline xfrm_address_t
addr(const char *text)
{
	xfrm_address_t out = { .a6 = { 0 } };
	ck_assert_int_eq(inet_pton(strchr(text, ':') != NULL ? AF_INET6 : AF_INET, text, &out), 1);
	return out;
}

/* The default values of an SA. */
static inline struct xfrm_usersa_info
an_sa(void)
{
	return (struct xfrm_usersa_info){
		.id = { .daddr = addr("192.0.2.2"), .spi = htonl(0xc0ffee01), .proto = IPPROTO_ESP },
		.saddr = addr("192.0.2.1"),
		.family = AF_INET,
		.sel.family = AF_INET,
		.mode = XFRM_MODE_TUNNEL,
	};
}

static inline void
sa_message(uint16_t type, const struct xfrm_usersa_info *info)
{
	message(type, info, sizeof(*info));
	algo_aead("rfc4106(gcm(aes))", 288, 128);
}

static inline struct xfrm_userpolicy_info
a_policy(void)
{
	return (struct xfrm_userpolicy_info){
		.sel = { .family = AF_INET,
			 .saddr = addr("10.1.0.0"),
			 .daddr = addr("10.2.0.0"),
			 .prefixlen_s = 16,
			 .prefixlen_d = 24 },
		.index = 9,
		.dir = XFRM_POLICY_OUT,
	};
}

static inline struct xfrm_user_tmpl
a_tmpl(void)
{
	return (struct xfrm_user_tmpl){
		.id = { .daddr = addr("192.0.2.2"), .proto = IPPROTO_ESP },
		.family = AF_INET,
		.saddr = addr("192.0.2.1"),
		.reqid = 7,
		.mode = XFRM_MODE_TUNNEL,
	};
}

/* --- What became of it --------------------------------------------------- */

static struct xfrm_msg out;

/* Decode from memory of exactly this size, at an address divisible by 4 but not by 8: the worst case of a dump. */
static inline int
decode_octets(const void *octets, size_t len)
{
	char *exact = malloc(4 + len);
	ck_assert_ptr_nonnull(exact);
	memcpy(exact + 4, octets, len);
	memset(&out, 0xff, sizeof(out));
	int rc = xfrm_decode((const void *)(exact + 4), &out);
	free(exact);
	return rc;
}

static inline int
decode(void)
{
	return decode_octets(box.octets, box.header.nlmsg_len);
}

static inline void
expect(enum xfrm_kind kind)
{
	ck_assert_int_eq(decode(), 0);
	ck_assert_int_eq(out.kind, kind);
}

#endif
