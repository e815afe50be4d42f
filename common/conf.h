/* SPDX-License-Identifier: ISC */
/**
 * @file conf.h  The configuration file, one for all programs (ipsecmon.conf(5)).
 *
 * Errors:    conf_load() returns NULL and leaves "FILE:LINE: what is wrong" in @p error. An unknown key, a
 *            wrong type, a value out of range are errors, never ignored.
 * Ownership: the result is the caller's; conf_free().
 */
#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipm_types.h"

#define CONF_XFRM_MAX     8 /* sections feed xfrm: network namespaces that are read */
#define CONF_IKEWATCH_MAX 8 /* sections feed ikewatch, likewise */

/* The suites of a tunnel, as strongSwan names them, in the order of enum conf_suite. */
#define CONF_SUITES "aes128gcm16|aes256gcm16|chacha20poly1305|aes128-sha256|aes256-sha256|null-sha256"
enum conf_suite {
	CONF_AES128GCM16,
	CONF_AES256GCM16,
	CONF_CHACHA20POLY1305,
	CONF_AES128_SHA256,
	CONF_AES256_SHA256,
	CONF_NULL_SHA256,
};
#define CONF_MODES "tunnel|transport"
enum conf_mode { CONF_TUNNEL, CONF_TRANSPORT };

struct conf {
	char *run_dir;      /* where segments and sockets live */
	char *state_dir;    /* what outlives a reboot */
	char *group;        /* who may read the segment and use the control socket; "": the owner only */
	bool allow_destroy; /* may SAs be closed on request? */
	struct {
		uint32_t ike_sas, tunnels, sas;
		uint32_t history, failures; /* entries of each ring */
	} capacity;
	struct {
		bool enabled;
		char *socket, *error_socket;
		uint32_t poll_interval, hold_time; /* seconds */
	} vici;
	struct conf_xfrm {
		char *netns;            /* "": the program's own; a name in /run/netns, or an absolute path */
		uint32_t poll_interval; /* seconds */
	} xfrm[CONF_XFRM_MAX];
	uint32_t xfrms; /* of which so many are on; no two for one netns */
	struct conf_ikewatch {
		char *netns; /* as above */
	} ikewatch[CONF_IKEWATCH_MAX];
	uint32_t ikewatches; /* likewise */
	struct {
		char *socket;
		uint32_t notify_rate; /* notifications in a second */
		bool old_failures;    /* serve failures from before snmpd started, too */
	} agentx;
	/* ipsecmon-engine. Of sections that may be given any number of times: their name, and the line they begin at.
	 */
	struct {
		char *name; /* of the gateway */
		uint32_t workers;
		uint32_t first_index; /* of its segment: another than ipsecmond's, which is 1 */
	} engine;
	struct conf_endpoint {
		char *name;
		uint32_t line;
		struct ipm_addr address; /* len 0: not given; likewise below */
		uint32_t port;
	} * endpoint;
	struct conf_tunnel {
		char *name;
		uint32_t line;
		char *endpoint, *keys, *local_ts, *remote_ts;
		struct ipm_addr peer;
		uint32_t peer_port, suite, mode; /* enum conf_suite, conf_mode */
		bool esn;
		uint32_t replay_window; /* packets */
		uint32_t soft_seconds, hard_seconds, soft_kilobytes, hard_kilobytes, soft_packets, hard_packets;
		uint32_t overlap; /* seconds */
	} * tunnel;
	struct conf_generator {
		char *name;
		uint32_t line;
		char *tunnel;
		uint32_t rate;    /* packets a second */
		uint32_t size;    /* octets */
		uint32_t packets; /* 0: no end */
		uint32_t delay;   /* seconds before the first */
		/* One packet in so many; 0: none. */
		uint32_t tamper, replay, late, drop, wrong_spi, truncate;
	} * generator;
	uint32_t endpoints, tunnels, generators;
};

#define CONF_SEGMENT "gateway.model"   /* ipsecmond's segment in run_dir */
#define CONF_ENGINE  "engine.model"    /* ipsecmon-engine's */
#define CONF_CONTROL "control"         /* its control socket in run_dir */
#define CONF_STATE   "ipsecmond.state" /* what it was set to, in state_dir */

/**
 * Read @p path; NULL: the default file, which may be missing (then everything is at its default).
 */
struct conf *conf_load(const char *path, char *error, size_t error_size);
void conf_free(struct conf *conf);

/** run_dir or state_dir "/" name, to be freed by the caller. */
char *conf_run_path(const struct conf *conf, const char *name);
char *conf_state_path(const struct conf *conf, const char *name);

#endif
