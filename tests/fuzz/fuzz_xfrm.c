/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target: netlink messages of XFRM, one after the other as in a dump, and the names of algorithms in them.
 * Decoded messages must keep the promises of xfrm_decode.h.
 *
 *   fuzz_xfrm CORPUS...          (libFuzzer)
 *   fuzz_xfrm FILE...            (with FUZZ_MAIN: runs these)
 *   fuzz_xfrm                    (with FUZZ_MAIN: runs mutations from a fixed seed)
 *   fuzz_xfrm --corpus DIR       (with FUZZ_MAIN: writes a corpus; that of a real kernel is in corpus-xfrm)
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_must.h"
#include "xfrm_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
is_addr(const struct ipm_addr *addr, int may_be_none)
{
	static const uint8_t zeros[16];
	must(addr->len == 4 || addr->len == 16 || (addr->len == 0 && may_be_none), "addresses have a length");
	must(memcmp(addr->reserved, zeros, sizeof(addr->reserved)) == 0, "nothing stands in what is reserved");
	must(memcmp(addr->bytes + addr->len, zeros, sizeof(addr->bytes) - addr->len) == 0,
	     "nothing stands behind an address");
}

static void
is_side(const struct ipm_sel_side *side)
{
	is_addr(&side->first, 0);
	must(side->first.len == side->last.len, "the addresses of a selector are of one family");
	int order = memcmp(side->first.bytes, side->last.bytes, side->first.len);
	must(order <= 0, "selectors are in order");
	must(side->prefix <= 8 * side->first.len, "prefixes are no longer than addresses");
	must(side->type == (side->prefix == 8 * side->first.len ? IPM_SEL_SINGLE : IPM_SEL_SUBNET),
	     "selectors have the type of their prefix");
	must((side->type == IPM_SEL_SINGLE) == (order == 0), "single is one address");
	must(side->port_first <= side->port_last, "ports are in order");
}

static void
is_key(const struct xfrm_key *key)
{
	is_addr(&key->dst, 0);
	must(key->protocol == 50 || key->protocol == 51 || key->protocol == 108, "SAs are of our protocols");
}

static void
is_transform(uint16_t number, uint16_t last)
{
	must(number <= last || number == IPM_TRANSFORM_OTHER, "transforms have a number of IANA or none");
}

static void
is_proposal(const struct ipm_proposal *p)
{
	is_transform(p->encr, 28);
	is_transform(p->integ, 14);
	must(p->prf == 0 && p->group == 0 && p->integ_bits == 0, "what the kernel does not know is not told");
	must(p->esn <= 1, "ESN is there or not");
}

static void
is_sa(const struct xfrm_sa *sa)
{
	is_key(&sa->key);
	is_addr(&sa->src, 1);
	is_proposal(&sa->proposal);
	is_side(&sa->src_sel);
	is_side(&sa->dst_sel);
	must(sa->encap <= IPM_ENCAP_BEET, "modes are in range");
	must(sa->direction <= IPM_OUT, "directions are in range");
	must(sa->has_sel || (sa->src_sel.prefix == 0 && sa->dst_sel.prefix == 0), "no selector is 0/0");
	must(sa->key.spi != 0 || sa->larval, "an SA without an SPI is larval");
	must((sa->soft_octets & sa->hard_octets & sa->soft_pkts & sa->hard_pkts) != UINT64_MAX, "infinity is no limit");
	must(sa->proposal.esn || (sa->seq_in | sa->seq_out) <= UINT32_MAX, "sequence numbers have 32 bits without ESN");
}

static void
is_policy(const struct xfrm_policy *policy)
{
	must(policy->direction <= XFRM_SOCKET_FWD, "directions are in range");
	is_side(&policy->src);
	is_side(&policy->dst);
	must(policy->tmpls <= XFRM_TMPL_MAX, "templates fit");
	for (uint32_t i = 0; i < policy->tmpls; i++) {
		const struct xfrm_tmpl *tmpl = &policy->tmpl[i];
		is_addr(&tmpl->src, 1);
		is_addr(&tmpl->dst, 1);
		must(tmpl->protocol == 50 || tmpl->protocol == 51 || tmpl->protocol == 108,
		     "templates are of our protocols");
		must(tmpl->encap <= IPM_ENCAP_BEET, "modes are in range");
	}
}

static void
is_msg(const struct xfrm_msg *msg)
{
	switch (msg->kind) {
	case XFRM_SA_THERE:
	case XFRM_SA_UPDATED:
	case XFRM_SA_EXPIRED:
		is_sa(&msg->sa);
		return;
	case XFRM_SA_GONE:
		if (msg->has_sa)
			is_sa(&msg->sa);
		is_key(&msg->sa.key);
		return;
	case XFRM_SAS_FLUSHED:
		must(msg->sa.key.protocol == 0 || msg->sa.key.protocol == 50 || msg->sa.key.protocol == 51 ||
			     msg->sa.key.protocol == 108,
		     "flushed is one of our protocols, or all");
		return;
	case XFRM_POLICY_THERE:
	case XFRM_POLICY_GONE:
		is_policy(&msg->policy);
		return;
	case XFRM_ACQUIRED:
		is_key(&msg->sa.key);
		is_addr(&msg->sa.src, 1);
		is_side(&msg->sa.src_sel);
		is_side(&msg->sa.dst_sel);
		must(msg->sa.larval, "what is acquired is larval");
		return;
	case XFRM_COUNTED:
	case XFRM_MAPPED:
		is_key(&msg->sa.key);
		is_addr(&msg->sa.src, 1);
		return;
	case XFRM_REPORTED:
		is_side(&msg->sa.src_sel);
		is_side(&msg->sa.dst_sel);
		return;
	case XFRM_POLICIES_FLUSHED:
		return;
	}
	must(0, "kinds are in range");
}

/* Use the octets of the message as a name: mutations rarely find the name of an algorithm. */
static void
decode_name(const uint8_t *data, size_t size)
{
	char *name = malloc(size + 1);
	struct ipm_proposal p = { .encr = 0 };
	must(name != NULL, "there is memory");
	memcpy(name, data, size);
	name[size] = '\0';
	xfrm_aead(name, (uint32_t)size * 8, 128, &p);
	is_proposal(&p);
	xfrm_crypt(name, (uint32_t)size, &p);
	is_proposal(&p);
	xfrm_auth(name, 128, (uint32_t)size, &p);
	is_proposal(&p);
	free(name);
}

static void
decode_message(const struct nlmsghdr *msg)
{
	char *exact = malloc(msg->nlmsg_len); /* of this size, so that reading beyond it is seen */
	struct xfrm_msg out, again;
	must(exact != NULL, "there is memory");
	memcpy(exact, msg, msg->nlmsg_len);
	memset(&out, 0xff, sizeof(out));
	memset(&again, 0, sizeof(again));
	int rc = xfrm_decode((const void *)exact, &out);
	must(rc == 0 || rc == -EBADMSG || rc == -ENOMSG, "decoding ends in 0, -EBADMSG or -ENOMSG");
	must(xfrm_decode((const void *)exact, &again) == rc, "decoding ends the same way again");
	if (rc == 0) {
		is_msg(&out);
		must(memcmp(&out, &again, sizeof(out)) == 0, "all of the struct is written");
	}
	free(exact);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int len = (int)size;
	char *exact = malloc(size > 0 ? size : 1);
	must(exact != NULL, "there is memory");
	if (size > 0)
		memcpy(exact, data, size);
	const struct nlmsghdr *msg = (const void *)exact;
	/* Lengths from 2^31 on are negative to mnl_nlmsg_ok(), and pass. */
	for (; mnl_nlmsg_ok(msg, len) && msg->nlmsg_len <= (uint32_t)len; msg = mnl_nlmsg_next(msg, &len))
		decode_message(msg);
	decode_name(data, size);
	free(exact);
	return 0;
}

#ifdef FUZZ_MAIN
static union {
	char octets[1 << 16];
	struct nlmsghdr header;
} box;

static void
algo(uint16_t type, const char *name, uint32_t key_bits, uint32_t more)
{
	union {
		struct xfrm_algo_aead head;
		char octets[sizeof(struct xfrm_algo_aead) + 64]; /* with a key of zeros */
	} value = { .octets = { 0 } };
	int fixed = type == XFRMA_ALG_AEAD || type == XFRMA_ALG_AUTH_TRUNC;
	value.head.alg_key_len = key_bits;
	value.head.alg_icv_len = more;
	snprintf(value.head.alg_name, sizeof(value.head.alg_name), "%s", name);
	mnl_attr_put(&box.header, type,
		     (fixed ? sizeof(struct xfrm_algo_aead) : sizeof(struct xfrm_algo)) + (key_bits + 7) / 8, &value);
}

static void
put_attrs(unsigned int set)
{
	struct xfrm_user_tmpl tmpl[2] = { { .id.proto = 50, .family = AF_INET, .mode = 1, .reqid = 1 },
					  { .id.proto = 108, .family = AF_INET6, .optional = 1 } };
	uint32_t esn[sizeof(struct xfrm_replay_state_esn) / 4 + 4] = { 4, 1, 2, 3, 4, 128 };
	if (set % 3 == 0)
		algo(XFRMA_ALG_AEAD, "rfc4106(gcm(aes))", 288, 128);
	if (set % 3 == 1)
		algo(XFRMA_ALG_CRYPT, "cbc(aes)", 128, 0);
	if (set % 3 == 1)
		algo(XFRMA_ALG_AUTH_TRUNC, "hmac(sha256)", 256, 128);
	if (set % 3 == 2)
		algo(XFRMA_ALG_COMP, "deflate", 0, 0);
	if (set & 4)
		mnl_attr_put(&box.header, XFRMA_TMPL, sizeof(tmpl), tmpl);
	if (set & 8)
		mnl_attr_put(&box.header, XFRMA_REPLAY_ESN_VAL, sizeof(esn), esn);
	else
		mnl_attr_put(&box.header, XFRMA_REPLAY_VAL, sizeof(struct xfrm_replay_state), esn);
	mnl_attr_put(&box.header, XFRMA_LTIME_VAL, sizeof(struct xfrm_lifetime_cur),
		     &(struct xfrm_lifetime_cur){ 1, 2, 3, 4 });
	mnl_attr_put(&box.header, XFRMA_ENCAP, sizeof(struct xfrm_encap_tmpl),
		     &(struct xfrm_encap_tmpl){ 2, 0, 0, { 0 } });
	mnl_attr_put(&box.header, XFRMA_MARK, sizeof(struct xfrm_mark), &(struct xfrm_mark){ 1, 2 });
	mnl_attr_put_u32(&box.header, XFRMA_IF_ID, 7);
	mnl_attr_put_u8(&box.header, 33 /* XFRMA_SA_DIR */, 1);
}

/* A message of each kind in turn, each time with other attributes. */
static size_t
seed(unsigned int n)
{
	static const uint16_t types[] = { XFRM_MSG_NEWSA,       XFRM_MSG_DELSA,     XFRM_MSG_EXPIRE,
					  XFRM_MSG_FLUSHSA,     XFRM_MSG_NEWPOLICY, XFRM_MSG_DELPOLICY,
					  XFRM_MSG_POLEXPIRE,   XFRM_MSG_ACQUIRE,   XFRM_MSG_NEWAE,
					  XFRM_MSG_FLUSHPOLICY, XFRM_MSG_MAPPING,   XFRM_MSG_REPORT };
	const unsigned int kinds = sizeof(types) / sizeof(types[0]);
	uint16_t type = types[n % kinds];
	unsigned int set = n / kinds;
	uint16_t family = set & 1 ? AF_INET6 : AF_INET;
	struct xfrm_selector sel = {
		.family = family, .prefixlen_s = 24, .proto = set & 2 ? 1 : 6, .sport = 8, .sport_mask = 0xffff
	};
	struct xfrm_usersa_info sa = { .sel = sel,
				       .id = { .daddr.a4 = 1, .spi = 1, .proto = set % 3 == 2 ? 108 : 50 },
				       .family = family,
				       .mode = 1,
				       .flags = set & 8 ? XFRM_STATE_ESN : 0 };
	struct xfrm_userpolicy_info policy = { .sel = sel, .index = 9, .dir = 1 };
	struct xfrm_usersa_id id = { .daddr.a4 = 1, .spi = 1, .family = family, .proto = 51 };
	union {
		struct xfrm_usersa_info sa;
		struct xfrm_usersa_id id;
		struct xfrm_user_expire expire;
		struct xfrm_usersa_flush flush;
		struct xfrm_userpolicy_info policy;
		struct xfrm_userpolicy_id policy_id;
		struct xfrm_user_polexpire polexpire;
		struct xfrm_user_acquire acquire;
		struct xfrm_aevent_id aevent;
		struct xfrm_user_mapping mapping;
		struct xfrm_user_report report;
	} head;
	size_t size = 0;
	memset(&head, 0, sizeof(head));
#define HEAD(field, ...) (head.field = (__typeof__(head.field))__VA_ARGS__, size = sizeof(head.field))
	switch (type) {
	case XFRM_MSG_NEWSA:
		HEAD(sa, sa);
		break;
	case XFRM_MSG_DELSA:
		HEAD(id, id);
		break;
	case XFRM_MSG_EXPIRE:
		HEAD(expire.state, sa);
		size = sizeof(head.expire);
		break;
	case XFRM_MSG_FLUSHSA:
		HEAD(flush.proto, 50);
		break;
	case XFRM_MSG_NEWPOLICY:
		HEAD(policy, policy);
		break;
	case XFRM_MSG_DELPOLICY:
		HEAD(policy_id.index, 9);
		size = sizeof(head.policy_id);
		break;
	case XFRM_MSG_POLEXPIRE:
		HEAD(polexpire, { policy, 1 });
		break;
	case XFRM_MSG_ACQUIRE:
		HEAD(acquire.sel, sel);
		head.acquire.id.proto = 50;
		head.acquire.policy = policy;
		size = sizeof(head.acquire);
		break;
	case XFRM_MSG_NEWAE:
		HEAD(aevent.sa_id, id);
		size = sizeof(head.aevent);
		break;
	case XFRM_MSG_MAPPING:
		HEAD(mapping.id, id);
		size = sizeof(head.mapping);
		break;
	case XFRM_MSG_REPORT:
		HEAD(report, { 50, sel });
		break;
	default:
		break;
	}
	mnl_nlmsg_put_header(box.octets)->nlmsg_type = type;
	if (size > 0)
		memcpy(mnl_nlmsg_put_extra_header(&box.header, size), &head, size);
	if (type == XFRM_MSG_DELSA && !(set & 1))
		mnl_attr_put(&box.header, XFRMA_SA, sizeof(sa), &sa);
	if (type == XFRM_MSG_DELPOLICY)
		mnl_attr_put(&box.header, XFRMA_POLICY, sizeof(policy), &policy);
	put_attrs(set);
	return box.header.nlmsg_len;
}
#define FUZZ_SEEDS (12 * 16)
#include "xfrm_corpus.h"
#define FUZZ_TO_HOST corpus_to_host
#include "fuzz_main.h"

static size_t
fuzz_seed(uint32_t n, uint8_t *out)
{
	size_t len = seed(n);
	memcpy(out, box.octets, len);
	return len;
}

/* Change some octets. Sometimes shorten the message, or its length field. */
static size_t
fuzz_mutation(uint8_t *out)
{
	size_t len = seed(rnd(FUZZ_SEEDS));
	for (uint32_t n = rnd(6); n > 0; n--)
		box.octets[MNL_NLMSG_HDRLEN + rnd((uint32_t)len - MNL_NLMSG_HDRLEN)] =
			(char)(rnd(2) ? rnd(256) : (uint32_t) "\0\x01\x02\x0a\x20\x80\xff"[rnd(7)]);
	if (rnd(4) == 0)
		box.header.nlmsg_len = rnd((uint32_t)len + 1);
	memcpy(out, box.octets, len);
	return rnd(16) == 0 ? rnd((uint32_t)len) : len;
}
#endif
