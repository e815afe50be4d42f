/* SPDX-License-Identifier: ISC */
/*
 * The heads and attributes of each message are from the kernel's net/xfrm/xfrm_user.c (4.19 to 6.14).
 *
 * Heads and attributes are aligned to 4 octets but contain numbers of 8 octets, so they are copied before use.
 */
#include "xfrm_decode.h"

#define OFFLOAD_PACKET 4 /* XFRM_OFFLOAD_PACKET, of Linux 6.2 and later */

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Newer than the oldest headers that we build with. */
#define ATTR_SA_DIR 33 /* XFRMA_SA_DIR, Linux 6.10: one octet, 1 in, 2 out */
#define ATTR_MAX    ATTR_SA_DIR
#define MODE_IPTFS  5 /* XFRM_MODE_IPTFS, Linux 6.14: a tunnel with its traffic pattern hidden (RFC 9347) */

#define PROTO_ANY   255 /* IPSEC_PROTO_ANY: ESP, AH and IPComp */

/* ---- Attributes ---- */

struct attrs {
	const struct nlattr *at[ATTR_MAX + 1];
	const char *end; /* of the last attribute, with its padding */
};

/* The smallest size of each attribute that we read. */
static const uint16_t attr_size[ATTR_MAX + 1] = {
	[XFRMA_ALG_AUTH] = sizeof(struct xfrm_algo),
	[XFRMA_ALG_CRYPT] = sizeof(struct xfrm_algo),
	[XFRMA_ALG_COMP] = sizeof(struct xfrm_algo),
	[XFRMA_ALG_AEAD] = sizeof(struct xfrm_algo_aead),
	[XFRMA_ALG_AUTH_TRUNC] = sizeof(struct xfrm_algo_auth),
	[XFRMA_ENCAP] = sizeof(struct xfrm_encap_tmpl),
	[XFRMA_TMPL] = sizeof(struct xfrm_user_tmpl),
	[XFRMA_SA] = sizeof(struct xfrm_usersa_info),
	[XFRMA_POLICY] = sizeof(struct xfrm_userpolicy_info),
	[XFRMA_LTIME_VAL] = sizeof(struct xfrm_lifetime_cur),
	[XFRMA_REPLAY_VAL] = sizeof(struct xfrm_replay_state),
	[XFRMA_REPLAY_ESN_VAL] = sizeof(struct xfrm_replay_state_esn),
	[XFRMA_POLICY_TYPE] = sizeof(struct xfrm_userpolicy_type),
	[XFRMA_MARK] = sizeof(struct xfrm_mark),
	[XFRMA_OFFLOAD_DEV] = sizeof(struct xfrm_user_offload),
	[XFRMA_IF_ID] = sizeof(uint32_t),
	[ATTR_SA_DIR] = sizeof(uint8_t),
};

static int
take_attr(const struct nlattr *attr, void *arg)
{
	struct attrs *attrs = arg;
	uint16_t type = mnl_attr_get_type(attr);
	attrs->end = (const char *)attr + MNL_ALIGN(mnl_attr_get_len(attr));
	if (type > ATTR_MAX || attr_size[type] == 0)
		return MNL_CB_OK;
	if (mnl_attr_get_payload_len(attr) < attr_size[type])
		return MNL_CB_ERROR;
	attrs->at[type] = attr;
	return MNL_CB_OK;
}

/*
 * Find the attributes in exactly @p size octets. (mnl_attr_parse() assumes that the length of a message is a multiple
 * of 4, and else reads beyond it.) The walk ends at the first attribute that does not fit: that is an error.
 */
static int
find_attrs(const char *begin, size_t size, struct attrs *out)
{
	*out = (struct attrs){ .end = begin };
	if (mnl_attr_parse_payload(begin, size, take_attr, out) != MNL_CB_OK)
		return -EBADMSG;
	return out->end >= begin + size ? 0 : -EBADMSG; /* the last one's padding may be missing */
}

/* Copy the fixed part of an attribute. False: the message does not have it. */
static bool
attr_copy(const struct attrs *a, uint16_t type, void *out)
{
	if (a->at[type] == NULL)
		return false;
	memcpy(out, mnl_attr_get_payload(a->at[type]), attr_size[type]);
	return true;
}

/* ---- Values ---- */

static bool
is_ours(uint8_t protocol)
{
	return protocol == IPPROTO_ESP || protocol == IPPROTO_AH || protocol == IPPROTO_COMP;
}

/* XFRM_INF is "no limit". */
static uint64_t
limit(uint64_t n)
{
	return n == XFRM_INF ? 0 : n;
}

static int
read_addr(const xfrm_address_t *addr, uint16_t family, struct ipm_addr *out)
{
	if (family != AF_INET && family != AF_INET6)
		return -EBADMSG;
	*out = (struct ipm_addr){ .len = family == AF_INET ? 4 : 16 };
	memcpy(out->bytes, addr, out->len);
	return 0;
}

/* An address of zeros is none. */
static int
read_addr_or_none(const xfrm_address_t *addr, uint16_t family, struct ipm_addr *out)
{
	static const uint8_t none[16];
	int rc = read_addr(addr, family, out);
	if (rc == 0 && memcmp(out->bytes, none, out->len) == 0)
		out->len = 0;
	return rc;
}

static uint8_t
encap_of(uint8_t mode)
{
	switch (mode) {
	case XFRM_MODE_TUNNEL:
	case MODE_IPTFS:
		return IPM_ENCAP_TUNNEL;
	case XFRM_MODE_TRANSPORT:
		return IPM_ENCAP_TRANSPORT;
	case XFRM_MODE_BEET:
		return IPM_ENCAP_BEET;
	default:
		return 0;
	}
}

/* ---- Selectors ---- */

/* The addresses from all host bits clear to all host bits set. */
static int
read_net(const xfrm_address_t *addr, uint16_t family, uint8_t prefix, struct ipm_sel_side *out)
{
	*out = (struct ipm_sel_side){ .prefix = prefix };
	if (read_addr(addr, family, &out->first) != 0)
		return -EBADMSG;
	unsigned int bits = 8u * out->first.len;
	if (prefix > bits)
		return -EBADMSG;
	out->type = prefix == bits ? IPM_SEL_SINGLE : IPM_SEL_SUBNET;
	out->last = out->first;
	for (unsigned int bit = prefix; bit < bits; bit++) {
		uint8_t mask = (uint8_t)(0x80u >> (bit % 8));
		out->first.bytes[bit / 8] &= (uint8_t)~mask;
		out->last.bytes[bit / 8] |= mask;
	}
	return 0;
}

/* The lowest and the highest port that match the mask; both arguments are in network order. */
static void
read_ports(uint16_t port, uint16_t mask, uint16_t *first, uint16_t *last)
{
	*first = ntohs(port & mask);
	*last = ntohs((uint16_t)(port | ~mask));
}

/*
 * For ICMP, the kernel has the type as source port and the code as destination port. We show what VICI shows for the
 * same policy: type * 256 + code on both sides, with code 0 if charon makes the kernel accept all codes. A code without
 * a type can't be expressed, and becomes any.
 */
static void
read_icmp(const struct xfrm_selector *sel, struct ipm_sel_side *out)
{
	uint16_t types[2], codes[2] = { 0, 0 };
	if (sel->sport_mask == 0) {
		out->port_first = 0;
		out->port_last = UINT16_MAX;
		return;
	}
	read_ports(sel->sport, sel->sport_mask, &types[0], &types[1]);
	if (sel->dport_mask != 0)
		read_ports(sel->dport, sel->dport_mask, &codes[0], &codes[1]);
	out->port_first = (uint16_t)(types[0] << 8 | (codes[0] & 0xff));
	out->port_last = (uint16_t)(types[1] << 8 | (codes[1] & 0xff));
}

/* @p family: for a selector without one of its own. */
static int
read_selector(const struct xfrm_selector *sel, uint16_t family, struct ipm_sel_side *src, struct ipm_sel_side *dst)
{
	if (sel->family != AF_UNSPEC)
		family = sel->family;
	if (read_net(&sel->saddr, family, sel->prefixlen_s, src) != 0 ||
	    read_net(&sel->daddr, family, sel->prefixlen_d, dst) != 0)
		return -EBADMSG;
	src->protocol = dst->protocol = sel->proto;
	if (sel->proto == IPPROTO_ICMP || sel->proto == IPPROTO_ICMPV6) {
		read_icmp(sel, src);
		read_icmp(sel, dst);
	} else {
		read_ports(sel->sport, sel->sport_mask, &src->port_first, &src->port_last);
		read_ports(sel->dport, sel->dport_mask, &dst->port_first, &dst->port_last);
	}
	return 0;
}

static bool
selects(const struct ipm_sel_side *side)
{
	return side->prefix != 0 || side->protocol != 0 || side->port_first != 0 || side->port_last != UINT16_MAX;
}

/* ---- Algorithms ---- */

/* Check struct xfrm_algo and the like: the name ends, and the key is complete. */
static int
check_algo(const struct attrs *a, uint16_t type, const char name[64], uint32_t key_bits)
{
	size_t room = mnl_attr_get_payload_len(a->at[type]) - attr_size[type];
	if (memchr(name, '\0', sizeof(((struct xfrm_algo *)0)->alg_name)) == NULL)
		return -EBADMSG;
	/* For IPComp, the kernel only sends the name. */
	return type == XFRMA_ALG_COMP || ((uint64_t)key_bits + 7) / 8 <= room ? 0 : -EBADMSG;
}

static int
read_algos(const struct attrs *a, struct ipm_proposal *out)
{
	struct xfrm_algo_aead aead;
	struct xfrm_algo_auth trunc;
	struct xfrm_algo crypt, auth, comp;
	if (attr_copy(a, XFRMA_ALG_AEAD, &aead)) {
		if (check_algo(a, XFRMA_ALG_AEAD, aead.alg_name, aead.alg_key_len) != 0)
			return -EBADMSG;
		xfrm_aead(aead.alg_name, aead.alg_key_len, aead.alg_icv_len, out);
	}
	if (attr_copy(a, XFRMA_ALG_CRYPT, &crypt)) {
		if (check_algo(a, XFRMA_ALG_CRYPT, crypt.alg_name, crypt.alg_key_len) != 0)
			return -EBADMSG;
		xfrm_crypt(crypt.alg_name, crypt.alg_key_len, out);
	}
	if (attr_copy(a, XFRMA_ALG_AUTH, &auth)) {
		if (check_algo(a, XFRMA_ALG_AUTH, auth.alg_name, auth.alg_key_len) != 0)
			return -EBADMSG;
		xfrm_auth(auth.alg_name, auth.alg_key_len, 0, out);
	}
	/* Since Linux 2.6.33 the same is there again, with its truncation. */
	if (attr_copy(a, XFRMA_ALG_AUTH_TRUNC, &trunc)) {
		if (check_algo(a, XFRMA_ALG_AUTH_TRUNC, trunc.alg_name, trunc.alg_key_len) != 0)
			return -EBADMSG;
		xfrm_auth(trunc.alg_name, trunc.alg_key_len, trunc.alg_trunc_len, out);
	}
	if (attr_copy(a, XFRMA_ALG_COMP, &comp) && check_algo(a, XFRMA_ALG_COMP, comp.alg_name, comp.alg_key_len) != 0)
		return -EBADMSG;
	return 0;
}

static bool
has_algo(const struct attrs *a, uint8_t protocol)
{
	if (protocol == IPPROTO_COMP)
		return a->at[XFRMA_ALG_COMP] != NULL;
	return a->at[XFRMA_ALG_AEAD] != NULL || a->at[XFRMA_ALG_CRYPT] != NULL || a->at[XFRMA_ALG_AUTH] != NULL ||
	       a->at[XFRMA_ALG_AUTH_TRUNC] != NULL;
}

/* ---- What an SA's messages have in common ---- */

/* @p esn: sequence numbers have 64 bits. */
static int
read_replay(const struct attrs *a, bool esn, struct xfrm_sa *out)
{
	struct xfrm_replay_state_esn big;
	struct xfrm_replay_state small;
	if (attr_copy(a, XFRMA_REPLAY_VAL, &small)) {
		out->seq_in = small.seq;
		out->seq_out = small.oseq;
	}
	if (attr_copy(a, XFRMA_REPLAY_ESN_VAL, &big)) {
		size_t room = mnl_attr_get_payload_len(a->at[XFRMA_REPLAY_ESN_VAL]) - sizeof(big);
		if ((uint64_t)big.bmp_len * sizeof(uint32_t) > room)
			return -EBADMSG;
		out->seq_in = (esn ? (uint64_t)big.seq_hi << 32 : 0) | big.seq;
		out->seq_out = (esn ? (uint64_t)big.oseq_hi << 32 : 0) | big.oseq;
		out->replay_window = big.replay_window;
	}
	return 0;
}

static void
read_mark(const struct attrs *a, uint32_t *mark, uint32_t *mask, uint32_t *if_id)
{
	struct xfrm_mark m;
	if (attr_copy(a, XFRMA_MARK, &m)) {
		*mark = m.v;
		*mask = m.m;
	}
	attr_copy(a, XFRMA_IF_ID, if_id);
}

/* Attributes of an SA other than algorithms. */
static int
read_beside(const struct attrs *a, bool esn, struct xfrm_sa *out)
{
	struct xfrm_encap_tmpl encap;
	struct xfrm_user_offload offload;
	uint8_t direction;
	read_mark(a, &out->mark, &out->mark_mask, &out->if_id);
	if (attr_copy(a, ATTR_SA_DIR, &direction) && (direction == IPM_IN || direction == IPM_OUT))
		out->direction = direction;
	if (attr_copy(a, XFRMA_ENCAP, &encap))
		out->udp_encap = encap.encap_type == UDP_ENCAP_ESPINUDP;
	if (attr_copy(a, XFRMA_OFFLOAD_DEV, &offload)) {
		out->offload_ifindex = (uint32_t)offload.ifindex;
		out->offload_packets = (offload.flags & OFFLOAD_PACKET) != 0;
	}
	return read_replay(a, esn, out);
}

static int
read_key(const xfrm_address_t *dst, uint16_t family, uint32_t spi, uint8_t protocol, struct xfrm_key *out)
{
	if (!is_ours(protocol))
		return -ENOMSG;
	out->spi = ntohl(spi);
	out->protocol = protocol;
	return read_addr(dst, family, &out->dst);
}

static void
read_counts(const struct xfrm_lifetime_cur *cur, struct xfrm_sa *out)
{
	out->octets = cur->bytes;
	out->pkts = cur->packets;
	out->added = cur->add_time;
	out->used = cur->use_time;
}

static int
read_info(const struct xfrm_usersa_info *info, struct xfrm_sa *out)
{
	int rc = read_key(&info->id.daddr, info->family, info->id.spi, info->id.proto, &out->key);
	if (rc != 0)
		return rc;
	if (read_addr_or_none(&info->saddr, info->family, &out->src) != 0 ||
	    read_selector(&info->sel, info->family, &out->src_sel, &out->dst_sel) != 0)
		return -EBADMSG;
	out->has_sel = selects(&out->src_sel) || selects(&out->dst_sel);
	out->encap = encap_of(info->mode);
	out->reqid = info->reqid;
	out->proposal.esn = (info->flags & XFRM_STATE_ESN) != 0;
	out->replay_window = info->replay_window;
	out->soft_octets = limit(info->lft.soft_byte_limit);
	out->hard_octets = limit(info->lft.hard_byte_limit);
	out->soft_pkts = limit(info->lft.soft_packet_limit);
	out->hard_pkts = limit(info->lft.hard_packet_limit);
	out->soft_add_s = limit(info->lft.soft_add_expires_seconds);
	out->hard_add_s = limit(info->lft.hard_add_expires_seconds);
	out->soft_use_s = limit(info->lft.soft_use_expires_seconds);
	out->hard_use_s = limit(info->lft.hard_use_expires_seconds);
	read_counts(&info->curlft, out);
	out->replays = info->stats.replay;
	out->behind = info->stats.replay_window;
	out->auth_fails = info->stats.integrity_failed;
	return 0;
}

/* ---- What a policy's messages have in common ---- */

/* Find the templates: their number, or -EBADMSG. */
static int
count_tmpls(const struct attrs *a)
{
	size_t len = a->at[XFRMA_TMPL] != NULL ? mnl_attr_get_payload_len(a->at[XFRMA_TMPL]) : 0;
	size_t count = len / sizeof(struct xfrm_user_tmpl);
	return len % sizeof(struct xfrm_user_tmpl) == 0 && count <= XFRM_TMPL_MAX ? (int)count : -EBADMSG;
}

static void
copy_tmpl(const struct attrs *a, int at, struct xfrm_user_tmpl *out)
{
	const char *tmpls = mnl_attr_get_payload(a->at[XFRMA_TMPL]);
	memcpy(out, tmpls + (size_t)at * sizeof(*out), sizeof(*out));
}

/* @p family: the policy's, for templates without one. */
static int
read_tmpl(const struct xfrm_user_tmpl *tmpl, uint16_t family, struct xfrm_tmpl *out)
{
	if (!is_ours(tmpl->id.proto))
		return -ENOMSG;
	if (tmpl->family != AF_UNSPEC)
		family = tmpl->family;
	out->reqid = tmpl->reqid;
	out->protocol = tmpl->id.proto;
	out->encap = encap_of(tmpl->mode);
	out->optional = tmpl->optional != 0;
	return read_addr_or_none(&tmpl->saddr, family, &out->src) == 0 &&
			       read_addr_or_none(&tmpl->id.daddr, family, &out->dst) == 0
		       ? 0
		       : -EBADMSG;
}

/* "Sub" policies belong to Mobile IPv6. */
static int
check_policy_type(const struct attrs *a)
{
	struct xfrm_userpolicy_type type;
	return attr_copy(a, XFRMA_POLICY_TYPE, &type) && type.type == XFRM_POLICY_TYPE_SUB ? -ENOMSG : 0;
}

static int
read_policy(const struct xfrm_userpolicy_info *info, const struct attrs *a, struct xfrm_policy *out)
{
	int tmpls = count_tmpls(a);
	int rc = check_policy_type(a);
	if (tmpls < 0 || info->dir > XFRM_SOCKET_FWD || read_selector(&info->sel, AF_UNSPEC, &out->src, &out->dst) != 0)
		return -EBADMSG;
	out->index = info->index;
	out->direction = info->dir;
	out->block = info->action == XFRM_POLICY_BLOCK;
	out->priority = info->priority;
	out->tmpls = (uint32_t)tmpls;
	read_mark(a, &out->mark, &out->mark_mask, &out->if_id);
	for (int i = 0; i < tmpls && rc == 0; i++) {
		struct xfrm_user_tmpl tmpl;
		copy_tmpl(a, i, &tmpl);
		rc = read_tmpl(&tmpl, info->sel.family, &out->tmpl[i]);
	}
	return rc;
}

/* ---- Messages; a head is as long as the table below says ---- */

static int
decode_sa(const void *head, const struct attrs *a, struct xfrm_msg *out)
{
	struct xfrm_usersa_info info;
	memcpy(&info, head, sizeof(info));
	int rc = read_info(&info, &out->sa);
	if (rc != 0)
		return rc;
	out->has_sa = true;
	out->sa.larval = out->sa.key.spi == 0 || !has_algo(a, out->sa.key.protocol);
	rc = read_algos(a, &out->sa.proposal);
	return rc == 0 ? read_beside(a, out->sa.proposal.esn, &out->sa) : rc;
}

/* The SA is an attribute itself, next to its attributes. */
static int
decode_delete(const void *head, const struct attrs *a, struct xfrm_msg *out)
{
	struct xfrm_usersa_id id;
	if (a->at[XFRMA_SA] != NULL)
		return decode_sa(mnl_attr_get_payload(a->at[XFRMA_SA]), a, out);
	memcpy(&id, head, sizeof(id));
	read_mark(a, &out->sa.mark, &out->sa.mark_mask, &out->sa.if_id);
	return read_key(&id.daddr, id.family, id.spi, id.proto, &out->sa.key);
}

/* The message never has algorithms. */
static int
decode_expire(const void *head, const struct attrs *a, struct xfrm_msg *out)
{
	struct xfrm_user_expire expire;
	memcpy(&expire, head, sizeof(expire));
	int rc = decode_sa(&expire.state, a, out);
	out->hard = expire.hard != 0;
	out->sa.larval = out->sa.key.spi == 0;
	return rc;
}

static int
decode_flush(const void *head, const struct attrs *a, struct xfrm_msg *out)
{
	struct xfrm_usersa_flush flush;
	(void)a;
	memcpy(&flush, head, sizeof(flush));
	out->sa.key.protocol = flush.proto == PROTO_ANY ? 0 : flush.proto;
	return out->sa.key.protocol == 0 || is_ours(flush.proto) ? 0 : -ENOMSG;
}

/* The family of the SA's addresses may differ from the packet's. Only the policy's template has it. */
static int
decode_acquire(const void *head, const struct attrs *a, struct xfrm_msg *out)
{
	struct xfrm_user_acquire acquire;
	struct xfrm_user_tmpl tmpl;
	memcpy(&acquire, head, sizeof(acquire));
	uint16_t family = acquire.sel.family;
	int tmpls = count_tmpls(a);
	if (tmpls < 0)
		return -EBADMSG;
	for (int i = tmpls; i-- > 0;) { /* the first one last */
		copy_tmpl(a, i, &tmpl);
		if (tmpl.id.proto != acquire.id.proto)
			continue;
		family = tmpl.family != AF_UNSPEC ? tmpl.family : acquire.sel.family;
		out->sa.reqid = tmpl.reqid;
		out->sa.encap = encap_of(tmpl.mode);
	}
	int rc = read_key(&acquire.id.daddr, family, acquire.id.spi, acquire.id.proto, &out->sa.key);
	if (rc != 0)
		return rc;
	out->sa.larval = true;
	read_mark(a, &out->sa.mark, &out->sa.mark_mask, &out->sa.if_id);
	if (read_addr_or_none(&acquire.saddr, family, &out->sa.src) != 0 ||
	    read_selector(&acquire.sel, AF_UNSPEC, &out->sa.src_sel, &out->sa.dst_sel) != 0)
		return -EBADMSG;
	out->sa.has_sel = selects(&out->sa.src_sel) || selects(&out->sa.dst_sel);
	return check_policy_type(a);
}

/* The message does not say whether the SA has ESN. Without ESN, the high halves are 0. */
static int
decode_aevent(const void *head, const struct attrs *a, struct xfrm_msg *out)
{
	struct xfrm_aevent_id id;
	struct xfrm_lifetime_cur cur;
	memcpy(&id, head, sizeof(id));
	int rc = read_key(&id.sa_id.daddr, id.sa_id.family, id.sa_id.spi, id.sa_id.proto, &out->sa.key);
	if (rc == 0)
		rc = read_addr_or_none(&id.saddr, id.sa_id.family, &out->sa.src);
	if (rc != 0)
		return rc;
	out->sa.reqid = id.reqid;
	out->has_sa = attr_copy(a, XFRMA_LTIME_VAL, &cur);
	if (out->has_sa)
		read_counts(&cur, &out->sa);
	return read_beside(a, true, &out->sa);
}

static int
decode_mapping(const void *head, const struct attrs *a, struct xfrm_msg *out)
{
	struct xfrm_user_mapping mapping;
	(void)a;
	memcpy(&mapping, head, sizeof(mapping));
	out->sa.reqid = mapping.reqid;
	int rc = read_key(&mapping.id.daddr, mapping.id.family, mapping.id.spi, mapping.id.proto, &out->sa.key);
	return rc == 0 ? read_addr_or_none(&mapping.new_saddr, mapping.id.family, &out->sa.src) : rc;
}

static int
decode_report(const void *head, const struct attrs *a, struct xfrm_msg *out)
{
	struct xfrm_user_report report;
	(void)a;
	memcpy(&report, head, sizeof(report));
	if (!is_ours(report.proto))
		return -ENOMSG;
	out->sa.key.protocol = report.proto;
	return read_selector(&report.sel, AF_UNSPEC, &out->sa.src_sel, &out->sa.dst_sel);
}

static int
decode_policy(const void *head, const struct attrs *a, struct xfrm_msg *out)
{
	struct xfrm_userpolicy_info info;
	memcpy(&info, head, sizeof(info));
	return read_policy(&info, a, &out->policy);
}

static int
decode_policy_delete(const void *head, const struct attrs *a, struct xfrm_msg *out)
{
	(void)head; /* the request: by index or by selector */
	if (a->at[XFRMA_POLICY] == NULL)
		return -EBADMSG;
	return decode_policy(mnl_attr_get_payload(a->at[XFRMA_POLICY]), a, out);
}

static int
decode_policy_expire(const void *head, const struct attrs *a, struct xfrm_msg *out)
{
	struct xfrm_user_polexpire expire;
	memcpy(&expire, head, sizeof(expire));
	out->hard = expire.hard != 0;
	return out->hard ? read_policy(&expire.pol, a, &out->policy) : -ENOMSG;
}

static int
decode_policy_flush(const void *head, const struct attrs *a, struct xfrm_msg *out)
{
	(void)head;
	(void)out;
	return check_policy_type(a);
}

static const struct form {
	int (*decode)(const void *head, const struct attrs *a, struct xfrm_msg *out);
	size_t head; /* octets before the attributes, without padding */
	enum xfrm_kind kind;
} forms[] = {
	[XFRM_MSG_NEWSA] = { decode_sa, sizeof(struct xfrm_usersa_info), XFRM_SA_THERE },
	[XFRM_MSG_UPDSA] = { decode_sa, sizeof(struct xfrm_usersa_info), XFRM_SA_UPDATED },
	[XFRM_MSG_DELSA] = { decode_delete, sizeof(struct xfrm_usersa_id), XFRM_SA_GONE },
	[XFRM_MSG_EXPIRE] = { decode_expire, sizeof(struct xfrm_user_expire), XFRM_SA_EXPIRED },
	[XFRM_MSG_FLUSHSA] = { decode_flush, sizeof(struct xfrm_usersa_flush), XFRM_SAS_FLUSHED },
	[XFRM_MSG_NEWPOLICY] = { decode_policy, sizeof(struct xfrm_userpolicy_info), XFRM_POLICY_THERE },
	[XFRM_MSG_UPDPOLICY] = { decode_policy, sizeof(struct xfrm_userpolicy_info), XFRM_POLICY_THERE },
	[XFRM_MSG_DELPOLICY] = { decode_policy_delete, sizeof(struct xfrm_userpolicy_id), XFRM_POLICY_GONE },
	[XFRM_MSG_POLEXPIRE] = { decode_policy_expire, sizeof(struct xfrm_user_polexpire), XFRM_POLICY_GONE },
	[XFRM_MSG_FLUSHPOLICY] = { decode_policy_flush, 0, XFRM_POLICIES_FLUSHED },
	[XFRM_MSG_ACQUIRE] = { decode_acquire, sizeof(struct xfrm_user_acquire), XFRM_ACQUIRED },
	[XFRM_MSG_NEWAE] = { decode_aevent, sizeof(struct xfrm_aevent_id), XFRM_COUNTED },
	[XFRM_MSG_MAPPING] = { decode_mapping, sizeof(struct xfrm_user_mapping), XFRM_MAPPED },
	[XFRM_MSG_REPORT] = { decode_report, sizeof(struct xfrm_user_report), XFRM_REPORTED },
};

int
xfrm_decode(const struct nlmsghdr *msg, struct xfrm_msg *out)
{
	const struct form *form = msg->nlmsg_type < COUNT(forms) ? &forms[msg->nlmsg_type] : NULL;
	const char *head = mnl_nlmsg_get_payload(msg);
	size_t len = mnl_nlmsg_get_payload_len(msg);
	struct attrs attrs;
	if (form == NULL || form->decode == NULL)
		return -ENOMSG;
	memset(out, 0, sizeof(*out));
	out->kind = form->kind;
	if (len < form->head)
		return -EBADMSG;
	size_t skip = MNL_ALIGN(form->head) < len ? MNL_ALIGN(form->head) : len;
	int rc = find_attrs(head + skip, len - skip, &attrs);
	return rc == 0 ? form->decode(head, &attrs, out) : rc;
}
