/* SPDX-License-Identifier: ISC */
/**
 * @file engine_conf.h  The settings of ipsecmon-engine in ipsecmon.conf(5).
 *
 * Errors and ownership are those of conf.h.
 */
#ifndef ENGINE_CONF_H
#define ENGINE_CONF_H

#include "conf.h"

/* The suites of a tunnel, as strongSwan names them, in the order of enum engine_suite. */
#define ENGINE_SUITES "aes128gcm16|aes256gcm16|chacha20poly1305|aes128-sha256|aes256-sha256|null-sha256"
enum engine_suite {
	ENGINE_AES128GCM16,
	ENGINE_AES256GCM16,
	ENGINE_CHACHA20POLY1305,
	ENGINE_AES128_SHA256,
	ENGINE_AES256_SHA256,
	ENGINE_NULL_SHA256,
};
#define ENGINE_MODES "tunnel|transport"
enum engine_mode { ENGINE_TUNNEL, ENGINE_TRANSPORT };

/* The member line is the section's first line in the file. */
struct engine_conf {
	struct conf_engine {
		uint32_t line;
		char *name; /* of the gateway */
		uint32_t workers;
		uint32_t first_index; /* where its segment's indexes begin; ipsecmond's begin at 1 */
	} engine;
	struct conf_endpoint {
		uint32_t line;
		char *name;
		struct ipm_addr address; /* len 0: not given; peer likewise */
		uint32_t port;
	} * endpoint;
	struct conf_tunnel {
		uint32_t line;
		char *name;
		char *endpoint, *keys, *local_ts, *remote_ts;
		struct ipm_addr peer;
		uint32_t peer_port, suite, mode; /* enum engine_suite, engine_mode */
		bool esn;
		uint32_t replay_window; /* packets */
		uint32_t soft_seconds, hard_seconds, soft_kilobytes, hard_kilobytes, soft_packets, hard_packets;
		uint32_t overlap; /* seconds */
	} * tunnel;
	struct conf_generator {
		uint32_t line;
		char *name;
		char *tunnel;
		uint32_t rate;    /* packets a second */
		uint32_t size;    /* octets */
		uint32_t packets; /* 0: no end */
		uint32_t delay;   /* seconds before the first */
		/* Damage every n-th packet; 0: none. */
		uint32_t tamper, replay, late, drop, wrong_spi, truncate;
	} * generator;
	uint32_t endpoints, tunnels, generators;
};

/** conf_load() for the engine. On success @p own has its settings; free them with engine_conf_clear(). */
struct conf *engine_conf_load(const char *path, struct engine_conf *own, char *error, size_t error_size);
void engine_conf_clear(struct engine_conf *own);

#endif
