/* SPDX-License-Identifier: ISC */
/**
 * @file conf.h  The configuration file of all programs (ipsecmon.conf(5)), and the settings of ipsecmond, the agents
 * and ipsecmon. engine/engine_conf.h has the settings of ipsecmon-engine, which only that program checks.
 *
 * Errors:    conf_load() returns NULL and leaves "FILE:LINE: what is wrong" in @p error. Unknown keys, wrong types and
 *            values out of range are errors.
 * Ownership: the result is the caller's; conf_free().
 */
#ifndef CONF_H
#define CONF_H

#include "conf_parse.h"

#define CONF_XFRM_MAX     8 /* network namespaces to read */
#define CONF_IKEWATCH_MAX 8 /* network namespaces to watch */

/* The member line is the section's first line in the file; 0: the section is not there. */
struct conf {
	char *run_dir;        /* where segments and sockets live */
	char *state_dir;      /* for files that survive a reboot */
	char *group;          /* its members may read the segment and use the control socket; "": the owner only */
	bool allow_destroy;   /* may SAs be closed on request? */
	uint32_t first_index; /* of ipsecmond's segment */
	uint32_t users;       /* enum users_shown: how names of users leave the gateway */
	struct conf_capacity {
		uint32_t line;
		uint32_t ike_sas, tunnels, sas;
		uint32_t history, failures; /* entries of each ring */
	} capacity;
	struct conf_vici {
		uint32_t line;
		bool enabled;
		char *socket, *error_socket;
		uint32_t poll_interval, hold_time; /* seconds */
	} vici;
	struct conf_xfrm {
		uint32_t line;
		char *netns;            /* a name in /run/netns, or an absolute path; "": the program's own */
		uint32_t poll_interval; /* seconds */
	} * xfrm;
	struct conf_ikewatch {
		uint32_t line;
		char *netns; /* as above */
	} * ikewatch;
	struct conf_connection {
		uint32_t line;
		char *name;       /* of a connection of the IKE daemon */
		uint32_t session; /* 0: automatic, 1: remote access, 2: LAN-to-LAN */
	} * connection;
	uint32_t connections;
	uint32_t xfrms, ikewatches; /* lengths; no two of a kind for one namespace */
	struct conf_agentx {
		uint32_t line;
		char *socket;
		uint32_t notify_rate; /* notifications in a second */
		bool old_failures;    /* also serve failures from before snmpd started */
		uint32_t peer_value;  /* 0: identity, 1: address */
		uint32_t peer_name;   /* enum mib_peer_name */
	} agentx;
};

#define CONF_SEGMENT "gateway.model"     /* ipsecmond's segment in run_dir */
#define CONF_ENGINE  "engine.model"      /* ipsecmon-engine's */
#define CONF_CONTROL "control"           /* its control socket in run_dir */
#define CONF_STATE   "ipsecmond.state"   /* settings made by SNMP, in state_dir */
#define CONF_INDEXES "ipsecmond.indexes" /* the next indexes, in state_dir */

/**
 * Read @p path; NULL: the default file. If that is missing, all settings have their defaults.
 */
struct conf *conf_load(const char *path, char *error, size_t error_size);

/** Also read the settings that only this program has; @p own NULL: none. */
struct conf *conf_load_with(const char *path, const struct conf_part *own, char *error, size_t error_size);
void conf_free(struct conf *conf);

/** The setting "session" of this connection. */
uint32_t conf_session(const struct conf *conf, const char *connection);

/** The path of a file in run_dir or state_dir. The caller frees it. */
char *conf_run_path(const struct conf *conf, const char *name);
char *conf_state_path(const struct conf *conf, const char *name);

#endif
