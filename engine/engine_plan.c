/* SPDX-License-Identifier: ISC */
#include "engine_plan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esp.h"

#define SALT 4 /* an AEAD's salt follows its key */
#define HMAC 32

static const struct suite {
	uint16_t encr, bits, integ;
	uint16_t encr_len, integ_len; /* key sizes in octets */
} suites[] = {
	[ENGINE_AES128GCM16] = { IPM_ENCR_AES_GCM_16, 128, 0, 16 + SALT, 0 },
	[ENGINE_AES256GCM16] = { IPM_ENCR_AES_GCM_16, 256, 0, 32 + SALT, 0 },
	[ENGINE_CHACHA20POLY1305] = { IPM_ENCR_CHACHA20_POLY1305, 0, 0, 32 + SALT, 0 },
	[ENGINE_AES128_SHA256] = { IPM_ENCR_AES_CBC, 128, IPM_INTEG_HMAC_SHA2_256_128, 16, HMAC },
	[ENGINE_AES256_SHA256] = { IPM_ENCR_AES_CBC, 256, IPM_INTEG_HMAC_SHA2_256_128, 32, HMAC },
	[ENGINE_NULL_SHA256] = { IPM_ENCR_NULL, 0, IPM_INTEG_HMAC_SHA2_256_128, 0, HMAC },
};

struct planning {
	const struct engine_conf *conf;
	const char *path;
	struct engine_plan *plan;
	struct ipm_error *err;
};

__attribute__((format(printf, 3, 4))) static int
refuse(const struct planning *p, uint32_t line, const char *format, ...)
{
	char why[192];
	va_list ap;
	va_start(ap, format);
	vsnprintf(why, sizeof(why), format, ap);
	va_end(ap);
	if (line)
		snprintf(p->err->text, sizeof(p->err->text), "%s:%u: %s", p->path, line, why);
	else
		snprintf(p->err->text, sizeof(p->err->text), "%s: %s", p->path, why);
	return -EINVAL;
}

static struct plan_address
address_of(const struct ipm_addr *addr, uint32_t port)
{
	struct plan_address a = { 0 };
	if (addr->len == 4) {
		struct sockaddr_in *in = (struct sockaddr_in *)&a.to;
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
		memcpy(&in->sin_addr, addr->bytes, 4);
		a.len = sizeof(*in);
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a.to;
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		memcpy(&in6->sin6_addr, addr->bytes, 16);
		a.len = sizeof(*in6);
	}
	return a;
}

/* --- subnets ------------------------------------------------------------------------------------------------------ */

/* Set all bits of the address after the first @p prefix bits to @p fill. */
static void
host_bits(struct ipm_addr *addr, unsigned prefix, bool fill)
{
	for (unsigned bit = prefix; bit < addr->len * 8u; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);
		addr->bytes[bit / 8] = fill ? addr->bytes[bit / 8] | mask : (uint8_t)(addr->bytes[bit / 8] & ~mask);
	}
}

static bool
subnet_parse(const char *text, size_t len, struct ipm_sel_side *out)
{
	char copy[64], *slash, *end;
	struct ipm_addr addr = { 0 };

	if (len == 0 || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	slash = strchr(copy, '/');
	if (slash)
		*slash = '\0';
	if (inet_pton(AF_INET, copy, addr.bytes) == 1)
		addr.len = 4;
	else if (inet_pton(AF_INET6, copy, addr.bytes) == 1)
		addr.len = 16;
	else
		return false;
	unsigned long prefix = addr.len * 8u;
	if (slash) {
		prefix = strtoul(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end || prefix > addr.len * 8u)
			return false;
	}
	*out = (struct ipm_sel_side){ .type = prefix == addr.len * 8u ? IPM_SEL_SINGLE : IPM_SEL_SUBNET,
				      .prefix = (uint8_t)prefix,
				      .port_last = 65535,
				      .first = addr,
				      .last = addr };
	host_bits(&out->first, (unsigned)prefix, false);
	host_bits(&out->last, (unsigned)prefix, true);
	return ipm_addr_same(&out->first, &addr); /* bits after the prefix are probably a mistake */
}

/* Parse subnets separated by commas. An empty list means the gateway's own address. */
static int
sides_parse(const struct planning *p, const struct conf_tunnel *t, const char *key, const char *text,
	    const struct ipm_addr *own, struct ipm_sel_side *side, uint32_t *n)
{
	*n = 0;
	if (!text[0]) {
		side[(*n)++] = (struct ipm_sel_side){ .type = IPM_SEL_SINGLE,
						      .prefix = (uint8_t)(own->len * 8u),
						      .port_last = 65535,
						      .first = *own,
						      .last = *own };
		return 0;
	}
	for (const char *at = text;; at++) {
		at += strspn(at, " ");
		size_t len = strcspn(at, " ,");
		if (*n == PLAN_SIDES)
			return refuse(p, t->line, "tunnel '%s': %s has more than %d subnets", t->name, key, PLAN_SIDES);
		if (!subnet_parse(at, len, &side[(*n)++]))
			return refuse(p, t->line, "tunnel '%s': in %s, '%.*s' is no subnet, as in 192.0.2.0/24",
				      t->name, key, (int)len, at);
		at += len;
		at += strspn(at, " ");
		if (!*at)
			return 0;
		if (*at != ',')
			return refuse(p, t->line, "tunnel '%s': in %s, subnets have commas between them", t->name, key);
	}
}

bool
plan_side_has(const struct ipm_sel_side *side, uint32_t n, const uint8_t *address, uint8_t len)
{
	for (uint32_t i = 0; i < n; i++)
		if (side[i].first.len == len && memcmp(address, side[i].first.bytes, len) >= 0 &&
		    memcmp(address, side[i].last.bytes, len) <= 0)
			return true;
	return false;
}

/* --- tunnels ------------------------------------------------------------------------------------------------------ */

static int
endpoint_find(const struct engine_conf *conf, const char *name)
{
	for (uint32_t i = 0; i < conf->endpoints; i++)
		if (strcmp(conf->endpoint[i].name, name) == 0)
			return (int)i;
	return -1;
}

static bool
limit_is_softer(uint32_t soft, uint32_t hard)
{
	return hard == 0 || (soft > 0 && soft < hard) || soft == 0;
}

/* A soft limit must be lower: it makes room to install a successor before the hard limit ends the SA. */
static int
limits_check(const struct planning *p, const struct conf_tunnel *t)
{
	if (!limit_is_softer(t->soft_seconds, t->hard_seconds) ||
	    !limit_is_softer(t->soft_kilobytes, t->hard_kilobytes) ||
	    !limit_is_softer(t->soft_packets, t->hard_packets))
		return refuse(p, t->line, "tunnel '%s': a soft limit must be below the hard one", t->name);
	return 0;
}

static int
tunnel_plan(const struct planning *p, uint32_t at)
{
	const struct engine_conf *conf = p->conf;
	const struct conf_tunnel *t = &conf->tunnel[at];
	struct plan_tunnel *out = &p->plan->tunnel[at];
	const struct suite *suite = &suites[t->suite];
	int endpoint = endpoint_find(conf, t->endpoint);

	out->conf = t;
	if (endpoint < 0)
		return refuse(p, t->line,
			      t->endpoint[0] ? "tunnel '%s': there is no endpoint '%s'"
					     : "tunnel '%s': no endpoint is given%s",
			      t->name, t->endpoint);
	const struct ipm_addr *own = &conf->endpoint[endpoint].address;
	out->endpoint = (uint32_t)endpoint;
	if (t->peer.len != own->len)
		return refuse(p, t->line,
			      t->peer.len ? "tunnel '%s': peer and endpoint are not of the same IP version"
					  : "tunnel '%s': it has no peer",
			      t->name);
	out->peer = address_of(&t->peer, t->peer_port);
	if (t->esn && t->replay_window == 0)
		return refuse(p, t->line, "tunnel '%s': extended sequence numbers need a replay-window", t->name);
	if (limits_check(p, t) < 0)
		return -EINVAL;
	if (t->mode == ENGINE_TRANSPORT && (t->local_ts[0] || t->remote_ts[0]))
		return refuse(p, t->line, "tunnel '%s': transport mode has no subnets", t->name);
	if (sides_parse(p, t, "local-ts", t->local_ts, own, out->local, &out->locals) < 0 ||
	    sides_parse(p, t, "remote-ts", t->remote_ts, &t->peer, out->remote, &out->remotes) < 0)
		return -EINVAL;
	out->proposal = (struct ipm_proposal){ .encr = suite->encr,
					       .encr_bits = suite->bits,
					       .integ = suite->integ,
					       .integ_bits = suite->integ ? HMAC * 8 : 0,
					       .esn = t->esn };
	out->encr_len = suite->encr_len;
	if (!t->keys[0])
		return refuse(p, t->line, "tunnel '%s': it has no keys", t->name);
	return engine_keys_load(t->keys, (size_t)suite->encr_len + suite->integ_len, &out->keys, p->err);
}

static int
compare_spi(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/* Inbound packets are looked up by SPI only, whichever endpoint they arrive at. So each inbound SPI must be unique. */
static int
spis_once(const struct planning *p)
{
	size_t n = 0, total = 0;
	for (uint32_t i = 0; i < p->conf->tunnels; i++)
		total += p->plan->tunnel[i].keys.ins;
	uint32_t *spi = calloc(total + 1, sizeof(*spi));
	int rc = 0;

	if (!spi)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->conf->tunnels; i++)
		for (uint32_t k = 0; k < p->plan->tunnel[i].keys.ins; k++)
			spi[n++] = p->plan->tunnel[i].keys.in[k].spi;
	qsort(spi, n, sizeof(*spi), compare_spi);
	for (size_t i = 1; i < n && rc == 0; i++)
		if (spi[i] == spi[i - 1])
			rc = refuse(p, 0, "two tunnels have the inbound SPI 0x%x", spi[i]);
	free(spi);
	return rc;
}

static int
generator_plan(const struct planning *p, uint32_t at)
{
	const struct conf_generator *g = &p->conf->generator[at];
	p->plan->generator[at].conf = g;
	for (uint32_t i = 0; i < p->conf->tunnels; i++)
		if (strcmp(p->conf->tunnel[i].name, g->tunnel) == 0) {
			const struct plan_tunnel *t = &p->plan->tunnel[i];
			p->plan->generator[at].tunnel = i;
			if (t->local[0].first.len != t->remote[0].first.len)
				return refuse(p, g->line,
					      "generator '%s': the first subnets of tunnel '%s' are not of the same IP "
					      "version",
					      g->name, g->tunnel);
			return 0;
		}
	return refuse(p, g->line,
		      g->tunnel[0] ? "generator '%s': there is no tunnel '%s'" : "generator '%s': no tunnel is given%s",
		      g->name, g->tunnel);
}

int
engine_plan_make(const struct engine_conf *conf, const char *path, struct engine_plan *out, struct ipm_error *err)
{
	struct planning p = { .conf = conf, .path = path, .plan = out, .err = err };
	int rc = 0;

	err->text[0] = '\0';
	*out = (struct engine_plan){ .conf = conf };
	out->endpoint = calloc(conf->endpoints + 1, sizeof(*out->endpoint));
	out->tunnel = calloc(conf->tunnels + 1, sizeof(*out->tunnel));
	out->generator = calloc(conf->generators + 1, sizeof(*out->generator));
	if (!out->endpoint || !out->tunnel || !out->generator)
		rc = -ENOMEM;
	else if (conf->endpoints == 0)
		rc = refuse(&p, 0, "there is no endpoint, so the engine has nothing to do");
	if (rc == 0)
		engine_keys_reserve(conf->tunnels);
	for (uint32_t i = 0; rc == 0 && i < conf->endpoints; i++) {
		const struct conf_endpoint *e = &conf->endpoint[i];
		out->endpoint[i] = address_of(&e->address, e->port);
		if (e->address.len == 0)
			rc = refuse(&p, e->line, "endpoint '%s': it has no address", e->name);
	}
	for (uint32_t i = 0; rc == 0 && i < conf->tunnels; i++)
		rc = tunnel_plan(&p, i);
	if (rc == 0)
		rc = spis_once(&p);
	for (uint32_t i = 0; rc == 0 && i < conf->generators; i++)
		rc = generator_plan(&p, i);
	if (rc == -ENOMEM && !err->text[0])
		refuse(&p, 0, "out of memory");
	if (rc < 0)
		engine_plan_free(out);
	return rc;
}

void
engine_plan_free(struct engine_plan *plan)
{
	for (uint32_t i = 0; plan->tunnel && i < plan->conf->tunnels; i++)
		engine_keys_free(&plan->tunnel[i].keys);
	free(plan->endpoint);
	free(plan->tunnel);
	free(plan->generator);
	*plan = (struct engine_plan){ 0 };
}
