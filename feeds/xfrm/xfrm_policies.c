/* SPDX-License-Identifier: ISC */
/* Outbound policies, by index and by peer. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "ipm_hash.h"
#include "ipm_segment.h"
#include "xfrm_policies.h"

LIST_HEAD(rule_list, xfrm_rule);

struct xfrm_policies {
	struct rule_list *by_index, *by_peer;
	uint32_t buckets; /* of each, a power of 2 */
	struct feed_rounds dumps;
};

uint32_t
xfrm_peer_hash(uint32_t reqid, const struct ipm_addr *local, const struct ipm_addr *remote)
{
	uint32_t hash = ipm_hash(IPM_HASH_BEGIN, &reqid, sizeof(reqid));
	if (local->len && remote->len) {
		hash = ipm_hash(hash, local->bytes, local->len);
		hash = ipm_hash(hash, remote->bytes, remote->len);
	}
	return hash ^ hash >> 15;
}

static struct rule_list *
peer_list(const struct xfrm_policies *p, uint32_t reqid, const struct ipm_addr *local, const struct ipm_addr *remote)
{
	return &p->by_peer[xfrm_peer_hash(reqid, local, remote) & (p->buckets - 1)];
}

static struct rule_list *
index_list(const struct xfrm_policies *p, uint32_t index)
{
	return &p->by_index[(index >> 3) & (p->buckets - 1)]; /* the low 3 bits are the direction */
}

static struct xfrm_rule *
rule_find(const struct xfrm_policies *p, uint32_t index)
{
	struct xfrm_rule *rule = LIST_FIRST(index_list(p, index));
	while (rule && rule->index != index)
		rule = LIST_NEXT(rule, by_index);
	return rule;
}

static void
rule_unlink(struct xfrm_rule *rule)
{
	LIST_REMOVE(rule, by_peer);
	LIST_REMOVE(rule, by_index);
}

const struct xfrm_rule *
xfrm_policies_find(const struct xfrm_policies *p, uint32_t index)
{
	return rule_find(p, index);
}

struct xfrm_policies *
xfrm_policies_new(uint32_t expected)
{
	struct xfrm_policies *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	for (p->buckets = 64; p->buckets < expected && p->buckets < 1u << 24;)
		p->buckets *= 2;
	p->by_index = calloc(p->buckets, sizeof(*p->by_index));
	p->by_peer = calloc(p->buckets, sizeof(*p->by_peer));
	if (p->by_index && p->by_peer)
		return p;
	xfrm_policies_free(p);
	return NULL;
}

void
xfrm_policies_free(struct xfrm_policies *p)
{
	if (!p)
		return;
	for (uint32_t i = 0; p->by_index && i < p->buckets; i++)
		for (struct xfrm_rule *rule; (rule = LIST_FIRST(&p->by_index[i]));) {
			LIST_REMOVE(rule, by_index);
			free(rule);
		}
	feed_rounds_free(&p->dumps);
	free(p->by_index);
	free(p->by_peer);
	free(p);
}

/* --- what is kept -------------------------------------------------------------------------------------------- */

static uint8_t
protocol_bit(uint8_t protocol)
{
	return protocol == IPPROTO_ESP ? XFRM_RULE_ESP : protocol == IPPROTO_AH ? XFRM_RULE_AH : XFRM_RULE_COMP;
}

static void
rule_fill(struct xfrm_rule *rule, const struct xfrm_policy *policy)
{
	const struct xfrm_tmpl *best = &policy->tmpl[0];

	rule->index = policy->index;
	rule->if_id = policy->if_id;
	rule->mark = policy->mark;
	rule->mark_mask = policy->mark_mask;
	rule->local_ts = policy->src;
	rule->remote_ts = policy->dst;
	for (uint32_t i = 0; i < policy->tmpls; i++) {
		rule->protocols |= protocol_bit(policy->tmpl[i].protocol);
		if (policy->tmpl[i].encap)
			rule->encaps |= (uint8_t)(1u << policy->tmpl[i].encap);
		if (best->dst.len == 0 && policy->tmpl[i].dst.len)
			best = &policy->tmpl[i];
	}
	rule->reqid = best->reqid;
	rule->local = best->src;
	rule->remote = best->dst;
	if (best->encap == IPM_ENCAP_TRANSPORT) {
		if (rule->local.len == 0 && policy->src.type == IPM_SEL_SINGLE)
			rule->local = policy->src.first;
		if (rule->remote.len == 0 && policy->dst.type == IPM_SEL_SINGLE)
			rule->remote = policy->dst.first;
	}
}

const struct xfrm_rule *
xfrm_policies_put(struct xfrm_policies *p, const struct xfrm_policy *policy)
{
	if (policy->direction != XFRM_OUT || policy->block || policy->tmpls == 0)
		return NULL;
	struct xfrm_rule *rule = rule_find(p, policy->index);
	if (rule) {
		rule_unlink(rule);
	} else if (!(rule = malloc(sizeof(*rule)))) {
		return NULL; /* the next dump has it again */
	}
	*rule = (struct xfrm_rule){ 0 };
	rule_fill(rule, policy);
	feed_confirm(&p->dumps, &rule->seen);
	LIST_INSERT_HEAD(index_list(p, rule->index), rule, by_index);
	LIST_INSERT_HEAD(peer_list(p, rule->reqid, &rule->local, &rule->remote), rule, by_peer);
	return rule;
}

bool
xfrm_policies_remove(struct xfrm_policies *p, uint32_t index, struct xfrm_rule *was)
{
	struct xfrm_rule *rule = rule_find(p, index);

	feed_ended_add(&p->dumps, &index, sizeof(index));
	if (!rule)
		return false;
	*was = *rule;
	rule_unlink(rule);
	free(rule);
	return true;
}

bool
xfrm_policies_outdated(const struct xfrm_policies *p, uint32_t index)
{
	return feed_ended_has(&p->dumps, &index, sizeof(index));
}

void
xfrm_policies_begin(struct xfrm_policies *p)
{
	feed_round_begin(&p->dumps);
}

static void
rules_remove(struct xfrm_policies *p, bool confirmed_too, void (*gone)(void *arg, const struct xfrm_rule *rule),
	     void *arg)
{
	for (uint32_t i = 0; i < p->buckets; i++)
		for (struct xfrm_rule *rule = LIST_FIRST(&p->by_index[i]), *next; rule; rule = next) {
			next = LIST_NEXT(rule, by_index);
			if (!confirmed_too && feed_confirmed(&p->dumps, &rule->seen))
				continue;
			rule_unlink(rule);
			gone(arg, rule);
			free(rule);
		}
}

void
xfrm_policies_end(struct xfrm_policies *p, void (*gone)(void *arg, const struct xfrm_rule *rule), void *arg)
{
	feed_round_end(&p->dumps);
	rules_remove(p, false, gone, arg);
}

bool
xfrm_policies_flush(struct xfrm_policies *p, void (*gone)(void *arg, const struct xfrm_rule *rule), void *arg)
{
	rules_remove(p, true, gone, arg);
	return p->dumps.coming_in;
}

/* --- who wants this SA --------------------------------------------------------------------------------------- */

static bool
names_both(const struct xfrm_rule *rule)
{
	return rule->local.len && rule->remote.len;
}

/* As the kernel finds an SA for an outgoing packet: template and SA have the same reqid, which may be 0. */
static bool
rule_fits(const struct xfrm_rule *rule, uint32_t reqid, const struct ipm_addr *local, const struct ipm_addr *remote)
{
	return rule->reqid == reqid && (rule->local.len == 0 || ipm_addr_same(&rule->local, local)) &&
	       (rule->remote.len == 0 || ipm_addr_same(&rule->remote, remote));
}

/* First the bucket of policies with these addresses, then the bucket of those without addresses, by reqid alone. */
const struct xfrm_rule *
xfrm_policies_next(const struct xfrm_policies *p, uint32_t reqid, const struct ipm_addr *local,
		   const struct ipm_addr *remote, const struct xfrm_rule *after)
{
	static const struct ipm_addr any;
	bool both = !after || names_both(after);
	const struct xfrm_rule *rule =
		after ? LIST_NEXT(after, by_peer) : LIST_FIRST(peer_list(p, reqid, local, remote));

	for (;; both = false, rule = LIST_FIRST(peer_list(p, reqid, &any, &any))) {
		for (; rule; rule = LIST_NEXT(rule, by_peer))
			if (names_both(rule) == both && rule_fits(rule, reqid, local, remote))
				return rule;
		if (!both)
			return NULL;
	}
}

bool
xfrm_rule_same(const struct xfrm_rule *a, const struct xfrm_rule *b)
{
	return a->reqid == b->reqid && a->if_id == b->if_id && a->mark == b->mark && a->mark_mask == b->mark_mask &&
	       memcmp(&a->local, &b->local, sizeof(a->local)) == 0 &&
	       memcmp(&a->remote, &b->remote, sizeof(a->remote)) == 0;
}

const struct xfrm_rule *
xfrm_policies_same(const struct xfrm_policies *p, const struct xfrm_rule *like, const struct xfrm_rule *after)
{
	const struct xfrm_rule *rule =
		after ? LIST_NEXT(after, by_peer) : LIST_FIRST(peer_list(p, like->reqid, &like->local, &like->remote));
	while (rule && !xfrm_rule_same(rule, like))
		rule = LIST_NEXT(rule, by_peer);
	return rule;
}
