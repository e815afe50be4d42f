/* SPDX-License-Identifier: ISC */
/* SAs: configuration, lifetimes, counts. */
#include "esp_int.h"

#include <errno.h>
#include <openssl/crypto.h>

const char *
esp_drop_text(enum esp_drop why)
{
	switch (why) {
#define ESP_DROP_CASE(name, model, text) \
	case ESP_DROP_##name:            \
		return text;
		ESP_DROPS(ESP_DROP_CASE)
#undef ESP_DROP_CASE
	case ESP_OK:
	case ESP_DROP_COUNT:
		break;
	}
	return "none";
}

enum ipm_drop
esp_drop_model(enum esp_drop why)
{
	static const uint8_t model[ESP_DROP_COUNT] = { [ESP_OK] = IPM_DROP_OTHER,
#define ESP_DROP_MODEL(name, model, text) [ESP_DROP_##name] = IPM_DROP_##model,
						       ESP_DROPS(ESP_DROP_MODEL)
#undef ESP_DROP_MODEL
	};
	return why < ESP_DROP_COUNT ? model[why] : IPM_DROP_OTHER;
}

enum esp_drop
esp_count(struct esp_sa *sa, enum esp_drop why, size_t payload_len)
{
	if (!ESP_COUNTING)
		return why;
	if (why == ESP_OK) {
		esp_spend(sa, payload_len);
		if (sa->lane.count)
			ipm_lane_count(sa->lane, 1, payload_len);
	} else {
		esp_add(&sa->drops[why], 1);
		if (sa->lane.drops)
			ipm_lane_drop(sa->lane, esp_drop_model(why), 1);
	}
	return why;
}

static struct esp_limits
limits(struct esp_limits l)
{
	return (struct esp_limits){
		.octets = l.octets ? l.octets : UINT64_MAX,
		.pkts = l.pkts ? l.pkts : UINT64_MAX,
		.ns = l.ns ? l.ns : UINT64_MAX,
	};
}

static int
conf_check(const struct esp_conf *c)
{
	if (c->direction != IPM_IN && c->direction != IPM_OUT)
		return -EINVAL;
	if (c->mode != IPM_ENCAP_TUNNEL && c->mode != IPM_ENCAP_TRANSPORT)
		return -EINVAL;
	if (c->spi < 256) /* 0 is never sent; IANA reserves the rest (RFC 4303 2.1) */
		return -EINVAL;
	if ((c->udp_src == 0) != (c->udp_dst == 0))
		return -EINVAL;
	if (c->src.len != c->dst.len || (c->src.len != 0 && c->src.len != 4 && c->src.len != 16))
		return -EINVAL;
	if (c->replay_window > ESP_WINDOW_MAX)
		return -EINVAL;
	if (!c->proposal.esn && c->seq > UINT32_MAX)
		return -EINVAL;
	/* Without a window, the high half of a sequence number cannot be determined. */
	if (c->proposal.esn && c->direction == IPM_IN && c->replay_window == 0)
		return -EINVAL;
	return 0;
}

int
esp_sa_new(const struct esp_conf *conf, struct esp_sa **out)
{
	*out = NULL;
	int err = conf_check(conf);
	if (err < 0)
		return err;
	struct esp_sa *sa = OPENSSL_zalloc(sizeof(*sa));
	if (!sa)
		return -ENOMEM;
	sa->lane = conf->lane;
	sa->seq = conf->seq;
	sa->hard = limits(conf->hard);
	sa->soft = limits(conf->soft);
	sa->installed_ns = conf->installed_ns;
	sa->spi = conf->spi;
	sa->direction = (uint8_t)conf->direction;
	sa->mode = (uint8_t)conf->mode;
	sa->esn = conf->proposal.esn != 0;
	sa->udp_src = conf->udp_src;
	sa->udp_dst = conf->udp_dst;
	sa->src = conf->src;
	sa->dst = conf->dst;
	esp_replay_init(&sa->replay, conf->replay_window, conf->seq);
	err = esp_crypt_init(sa, conf);
	if (err < 0)
		esp_sa_free(sa);
	else
		*out = sa;
	return err;
}

void
esp_sa_free(struct esp_sa *sa)
{
	if (!sa)
		return;
	esp_crypt_clear(sa);
	OPENSSL_clear_free(sa, sizeof(*sa));
}

static bool
limit_is_reached(const struct esp_sa *sa, const struct esp_limits *limit, uint64_t now_ns)
{
	/* The clock may be earlier than the installation time: treat the SA as new. */
	uint64_t age_ns = now_ns > sa->installed_ns ? now_ns - sa->installed_ns : 0;

	return sa->octets >= limit->octets || sa->pkts >= limit->pkts || age_ns >= limit->ns;
}

enum esp_life
esp_sa_life(const struct esp_sa *sa, uint64_t now_ns)
{
	if (limit_is_reached(sa, &sa->hard, now_ns))
		return ESP_LIFE_HARD;
	return limit_is_reached(sa, &sa->soft, now_ns) ? ESP_LIFE_SOFT : ESP_LIFE_FRESH;
}

uint64_t
esp_sa_drops(const struct esp_sa *sa, enum esp_drop why)
{
	return why < ESP_DROP_COUNT ? atomic_load_explicit(&sa->drops[why], memory_order_relaxed) : 0;
}

uint64_t
esp_sa_seq(const struct esp_sa *sa)
{
	return sa->direction == IPM_OUT ? sa->seq : sa->replay.top;
}

uint64_t
esp_sa_pkts(const struct esp_sa *sa)
{
	return sa->pkts;
}

uint64_t
esp_sa_octets(const struct esp_sa *sa)
{
	return sa->octets;
}

size_t
esp_head_size(const struct esp_sa *sa)
{
	return ESP_HEADER_SIZE + sa->iv_size;
}

size_t
esp_sealed_size(const struct esp_sa *sa, size_t len)
{
	size_t text_len = (len + ESP_TRAILER_SIZE + sa->align - 1) & ~(size_t)(sa->align - 1);

	return esp_head_size(sa) + text_len + ESP_ICV_SIZE;
}
