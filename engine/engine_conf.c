/* SPDX-License-Identifier: ISC */
#include "engine_conf.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define KEYS(keys)   (keys), COUNT(keys)
#define FIELD(name)  offsetof(struct engine_conf, name)

#define NAME_LEN     (IPM_NAME_MAX - 1)
#define PATH_LEN     107
#define NO_LIMIT     UINT32_MAX
#define PORT         4500 /* RFC 3948 */

/* clang-format off */
#define ENGINE(field, type)    CONF_AT(conf_engine, field, type)
#define ENDPOINT(field, type)  CONF_AT(conf_endpoint, field, type)
#define TUNNEL(field, type)    CONF_AT(conf_tunnel, field, type)
#define GENERATOR(field, type) CONF_AT(conf_generator, field, type)

static const struct conf_key engine_keys[] = {
	/* name             type          min max               number text      destination */
	{ "name",           CONF_TEXT,    0, NAME_LEN,              0, "engine", ENGINE(name, char *) },
	{ "workers",        CONF_NUMBER,  1, 64,                    2, NULL,     ENGINE(workers, uint32_t) },
	{ "first-index",    CONF_NUMBER,  1, 2000000001,   1000000001, NULL,     ENGINE(first_index, uint32_t) },
};

static const struct conf_key endpoint_keys[] = {
	{ "address",        CONF_ADDRESS, 0, 0,                     0, NULL,     ENDPOINT(address, struct ipm_addr) },
	{ "port",           CONF_NUMBER,  1, 65535,              PORT, NULL,     ENDPOINT(port, uint32_t) },
};

static const struct conf_key tunnel_keys[] = {
	{ "endpoint",       CONF_TEXT,    0, NAME_LEN,              0, "",       TUNNEL(endpoint, char *) },
	{ "peer",           CONF_ADDRESS, 0, 0,                     0, NULL,     TUNNEL(peer, struct ipm_addr) },
	{ "peer-port",      CONF_NUMBER,  1, 65535,              PORT, NULL,     TUNNEL(peer_port, uint32_t) },
	{ "keys",           CONF_PATH,    0, PATH_LEN,              0, "",       TUNNEL(keys, char *) },
	{ "suite",          CONF_CHOICE,  0, 0,    ENGINE_AES256GCM16, ENGINE_SUITES, TUNNEL(suite, uint32_t) },
	{ "mode",           CONF_CHOICE,  0, 0,         ENGINE_TUNNEL, ENGINE_MODES,  TUNNEL(mode, uint32_t) },
	{ "esn",            CONF_BOOL,    0, 0,                  true, NULL,     TUNNEL(esn, bool) },
	{ "replay-window",  CONF_NUMBER,  0, 4096,                 64, NULL,     TUNNEL(replay_window, uint32_t) },
	{ "local-ts",       CONF_TEXT,    0, NAME_LEN,              0, "",       TUNNEL(local_ts, char *) },
	{ "remote-ts",      CONF_TEXT,    0, NAME_LEN,              0, "",       TUNNEL(remote_ts, char *) },
	{ "soft-seconds",   CONF_NUMBER,  0, NO_LIMIT,              0, NULL,     TUNNEL(soft_seconds, uint32_t) },
	{ "hard-seconds",   CONF_NUMBER,  0, NO_LIMIT,              0, NULL,     TUNNEL(hard_seconds, uint32_t) },
	{ "soft-kilobytes", CONF_NUMBER,  0, NO_LIMIT,              0, NULL,     TUNNEL(soft_kilobytes, uint32_t) },
	{ "hard-kilobytes", CONF_NUMBER,  0, NO_LIMIT,              0, NULL,     TUNNEL(hard_kilobytes, uint32_t) },
	{ "soft-packets",   CONF_NUMBER,  0, NO_LIMIT,              0, NULL,     TUNNEL(soft_packets, uint32_t) },
	{ "hard-packets",   CONF_NUMBER,  0, NO_LIMIT,              0, NULL,     TUNNEL(hard_packets, uint32_t) },
	{ "overlap",        CONF_NUMBER,  0, 86400,                10, NULL,     TUNNEL(overlap, uint32_t) },
};

static const struct conf_key generator_keys[] = {
	{ "tunnel",         CONF_TEXT,    0, NAME_LEN,              0, "",       GENERATOR(tunnel, char *) },
	{ "rate",           CONF_NUMBER,  1, 10000000,            100, NULL,     GENERATOR(rate, uint32_t) },
	{ "size",           CONF_NUMBER,  64, 9000,              1000, NULL,     GENERATOR(size, uint32_t) },
	{ "packets",        CONF_NUMBER,  0, NO_LIMIT,              0, NULL,     GENERATOR(packets, uint32_t) },
	{ "delay",          CONF_NUMBER,  0, 3600,                  1, NULL,     GENERATOR(delay, uint32_t) },
	{ "tamper",         CONF_NUMBER,  0, NO_LIMIT,              0, NULL,     GENERATOR(tamper, uint32_t) },
	{ "replay",         CONF_NUMBER,  0, NO_LIMIT,              0, NULL,     GENERATOR(replay, uint32_t) },
	{ "late",           CONF_NUMBER,  0, NO_LIMIT,              0, NULL,     GENERATOR(late, uint32_t) },
	{ "drop",           CONF_NUMBER,  0, NO_LIMIT,              0, NULL,     GENERATOR(drop, uint32_t) },
	{ "wrong-spi",      CONF_NUMBER,  0, NO_LIMIT,              0, NULL,     GENERATOR(wrong_spi, uint32_t) },
	{ "truncate",       CONF_NUMBER,  0, NO_LIMIT,              0, NULL,     GENERATOR(truncate, uint32_t) },
};
/* clang-format on */

#define LIST(list) FIELD(list), CONF_MANY, sizeof(struct conf_##list), FIELD(list##s)

static const struct conf_section sections[] = {
	{ "engine", false, KEYS(engine_keys), FIELD(engine), 1, 0, 0 },
	{ "endpoint", true, KEYS(endpoint_keys), LIST(endpoint) },
	{ "tunnel", true, KEYS(tunnel_keys), LIST(tunnel) },
	{ "generator", true, KEYS(generator_keys), LIST(generator) },
};

struct conf *
engine_conf_load(const char *path, struct engine_conf *own, char *error, size_t error_size)
{
	*own = (struct engine_conf){ 0 };
	struct conf *conf =
		conf_load_with(path, &(struct conf_part){ sections, COUNT(sections), own }, error, error_size);
	if (!conf)
		engine_conf_clear(own);
	return conf;
}

void
engine_conf_clear(struct engine_conf *own)
{
	conf_clear(&(struct conf_part){ sections, COUNT(sections), own });
	*own = (struct engine_conf){ 0 };
}
